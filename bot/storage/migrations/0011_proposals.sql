-- What somebody was told the price of, and may have drawn once. `plan` is empty once it is answered.
CREATE TABLE proposals (
    id         TEXT PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    plan       TEXT NOT NULL,
    created_at REAL NOT NULL,
    answer     TEXT CHECK (answer IN ('drawn', 'left'))
) STRICT;

CREATE INDEX proposals_of_account ON proposals (guild_id, user_id, created_at);
CREATE INDEX proposals_by_age ON proposals (created_at);

-- The first of the jobs that are shown by one message; null for a job with a message of its own, and
-- for all of them once that message has ended.
ALTER TABLE jobs ADD COLUMN batch_id TEXT REFERENCES jobs (id);
CREATE INDEX jobs_of_batch ON jobs (batch_id) WHERE batch_id IS NOT NULL;
