-- Who is to be forgotten, a person everywhere or a server; a row is gone once that is done. What they
-- made after `asked_at` stays.
CREATE TABLE erasures (
    scope    TEXT NOT NULL CHECK (scope IN ('user', 'server')),
    owner_id INTEGER NOT NULL,
    asked_at REAL NOT NULL,
    PRIMARY KEY (scope, owner_id)
) STRICT, WITHOUT ROWID;

-- Messages of ours that are to be deleted, or are to show their job as it is now, where one is named.
-- What is in somebody's direct messages names the person instead of the channel.
CREATE TABLE removals (
    id          INTEGER PRIMARY KEY,
    message_id  INTEGER NOT NULL UNIQUE,
    channel_id  INTEGER NOT NULL,
    person_id   INTEGER NOT NULL,
    job_id      TEXT REFERENCES jobs (id),
    next_try_at REAL NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    CHECK ((channel_id = 0) <> (person_id = 0))
) STRICT;

CREATE INDEX removals_due ON removals (next_try_at, id);

-- Pictures that were sent to somebody one by one, so that they can be taken back.
CREATE TABLE letters (
    message_id INTEGER PRIMARY KEY,
    job_id     TEXT NOT NULL REFERENCES jobs (id),
    user_id    INTEGER NOT NULL
) STRICT;

CREATE INDEX letters_of_job ON letters (job_id);

-- Who told the moderators of a server of which result; the reason may be empty. `answer` is theirs.
CREATE TABLE reports (
    id          INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    job_id      TEXT NOT NULL REFERENCES jobs (id),
    reporter_id INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    created_at  REAL NOT NULL,
    answer      TEXT CHECK (answer IN ('dismissed', 'deleted')),
    UNIQUE (job_id, reporter_id)
) STRICT;

CREATE INDEX reports_open ON reports (guild_id, id) WHERE answer IS NULL;
CREATE INDEX reports_of_reporter ON reports (reporter_id, created_at);

-- Servers that the bot is not on any more, since when it knows.
CREATE TABLE departures (
    guild_id INTEGER PRIMARY KEY,
    left_at  REAL NOT NULL
) STRICT;

-- The ledger forgets words, and nothing else.
DROP TRIGGER ledger_no_update;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
WHEN NOT (NEW.reason = '' AND NEW.id = OLD.id AND NEW.bucket_id = OLD.bucket_id
    AND NEW.kind = OLD.kind AND NEW.amount = OLD.amount AND NEW.job_id IS OLD.job_id
    AND NEW.actor_id = OLD.actor_id AND NEW.created_at = OLD.created_at)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
