-- The reason of an offer is in the ledger, which loses its words when somebody is forgotten; it was also
-- the source of the credits, where it stayed.
UPDATE buckets SET source = 'grant' WHERE origin GLOB 'offer:*';

-- Of what allowance something rolls over: that under which the account drew last ('900 month'; '' has
-- none), and since when, UTC seconds. NULL is not known, as of all who drew before this version.
ALTER TABLE accounts ADD COLUMN carries TEXT;
ALTER TABLE accounts ADD COLUMN carries_since REAL NOT NULL DEFAULT 0;

-- What a bucket was given: of many entries few are grants.
CREATE INDEX ledger_grants ON ledger (bucket_id) WHERE kind = 'grant';
