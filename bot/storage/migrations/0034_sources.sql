-- The reason of an offer is in the ledger, which loses its words when somebody is forgotten; it was also
-- the source of the credits, where it stayed.
UPDATE buckets SET source = 'grant' WHERE origin GLOB 'offer:*';
