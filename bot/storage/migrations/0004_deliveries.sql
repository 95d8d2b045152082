-- What is to be posted, and progress messages that are to be brought to their end; the table is the
-- queue. A result's row stays as the record of where it went; an end's goes when it is done.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    job_id      TEXT NOT NULL REFERENCES jobs (id),
    kind        TEXT NOT NULL CHECK (kind IN ('result', 'end') OR kind IN ('dm', 'show')),
    audience    INTEGER NOT NULL DEFAULT 0,
    channel_id  INTEGER NOT NULL,
    nonce       TEXT NOT NULL,
    sending_at  REAL,
    next_try_at REAL NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT,
    message_id  INTEGER NOT NULL DEFAULT 0,
    given_up    TEXT
) STRICT;

INSERT INTO deliveries
    (job_id, kind, channel_id, nonce, sending_at, tries, last_error, message_id, given_up)
SELECT o.job_id, 'result', o.channel_id, o.nonce, o.sending_at, o.tries, o.given_up, o.message_id,
    CASE WHEN o.given_up IS NOT NULL THEN 'refused' END
FROM outbox o JOIN jobs j ON j.id = o.job_id ORDER BY j.finished_at, o.rowid;

INSERT INTO deliveries (job_id, kind, channel_id, nonce)
SELECT j.id, 'end', j.channel_id, lower(hex(randomblob(12))) FROM jobs j
WHERE j.notice_id <> 0 AND j.state NOT IN ('waiting', 'running') AND NOT EXISTS
    (SELECT 1 FROM outbox o WHERE o.job_id = j.id AND o.message_id = 0 AND o.given_up IS NULL)
ORDER BY j.finished_at, j.rowid;

DROP TABLE outbox;

CREATE UNIQUE INDEX deliveries_of_job ON deliveries (job_id, kind);
CREATE INDEX deliveries_open ON deliveries (channel_id, id)
    WHERE message_id = 0 AND given_up IS NULL;
CREATE INDEX deliveries_given_up ON deliveries (job_id) WHERE given_up IS NOT NULL;
DROP INDEX jobs_noticed;
