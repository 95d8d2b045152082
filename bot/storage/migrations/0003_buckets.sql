-- Every entry of the book is made against a bucket, whose balance is the sum of its entries.
--
-- lasting    credits of one source, spent from what ends soonest; never below zero
-- allowance  what was used of the periodic allowance on one UTC day, which begins at `granted_at`;
--            never above zero. What is left is the limit less this. A forgiven one counts no more.
-- lapsed     what version 2 granted for a period, its source; counts no more
CREATE TABLE buckets (
    id          INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('lasting', 'allowance') OR kind = 'lapsed'),
    source      TEXT NOT NULL,
    granted_at  REAL NOT NULL,
    expires_at  REAL,
    forgiven_at REAL,
    balance     INTEGER NOT NULL DEFAULT 0,
    CHECK (CASE kind WHEN 'allowance' THEN balance <= 0 ELSE balance >= 0 END)
) STRICT;

ALTER TABLE ledger RENAME TO ledger_2;

-- Append-only. A hold is negative; its release gives it back, its capture is 0.
CREATE TABLE ledger (
    id         INTEGER PRIMARY KEY,
    bucket_id  INTEGER NOT NULL REFERENCES buckets (id),
    kind       TEXT NOT NULL
        CHECK (kind IN ('grant', 'hold') OR kind IN ('capture', 'release') OR kind = 'expire'),
    amount     INTEGER NOT NULL,
    job_id     TEXT REFERENCES jobs (id),
    actor_id   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    created_at REAL NOT NULL,
    CHECK ((kind IN ('grant', 'expire')) = (job_id IS NULL)),
    CHECK (kind NOT IN ('hold', 'expire') OR amount < 0),
    CHECK (kind <> 'capture' OR amount = 0),
    CHECK (kind <> 'release' OR amount > 0)
) STRICT;

-- Where each hold of version 2 on a period's credits belongs now. A reset forgave what was before.
CREATE TEMP TABLE used AS
SELECT h.job_id, h.bucket, h.guild_id, h.user_id,
    CAST(h.created_at AS INTEGER) / 86400 * 86400 AS day,
    (SELECT r.created_at FROM ledger_2 r WHERE r.guild_id = h.guild_id AND r.user_id = h.user_id
        AND r.bucket = h.bucket AND r.kind = 'grant' AND r.reason = 'reset' AND r.id > h.id
        ORDER BY r.id DESC LIMIT 1) AS forgiven_at
FROM ledger_2 h WHERE h.kind = 'hold' AND h.bucket <> '';

INSERT INTO buckets (guild_id, user_id, kind, source, granted_at)
SELECT guild_id, user_id, 'lasting', 'grant', MIN(created_at) FROM ledger_2
WHERE bucket = '' GROUP BY guild_id, user_id;
INSERT INTO buckets (guild_id, user_id, kind, source, granted_at)
SELECT guild_id, user_id, 'lapsed', bucket, MIN(created_at) FROM ledger_2
WHERE bucket <> '' AND kind = 'grant' GROUP BY guild_id, user_id, bucket;
INSERT INTO buckets (guild_id, user_id, kind, source, granted_at, forgiven_at)
SELECT DISTINCT guild_id, user_id, 'allowance', '', day, forgiven_at FROM used;

CREATE INDEX temp.used_jobs ON used (job_id, bucket);
CREATE INDEX buckets_2 ON buckets (guild_id, user_id, kind, source, granted_at, forgiven_at);

INSERT INTO ledger (id, bucket_id, kind, amount, job_id, actor_id, reason, created_at)
SELECT l.id, b.id, l.kind, l.amount, l.job_id, l.actor_id, l.reason, l.created_at
FROM ledger_2 l JOIN buckets b ON b.guild_id = l.guild_id AND b.user_id = l.user_id
    AND b.kind = CASE l.bucket WHEN '' THEN 'lasting' ELSE 'lapsed' END
    AND b.source = CASE l.bucket WHEN '' THEN 'grant' ELSE l.bucket END
WHERE l.bucket = '' OR l.kind = 'grant';
INSERT INTO ledger (id, bucket_id, kind, amount, job_id, actor_id, reason, created_at)
SELECT l.id, b.id, l.kind, l.amount, l.job_id, l.actor_id, l.reason, l.created_at
FROM ledger_2 l JOIN used u ON u.job_id = l.job_id AND u.bucket = l.bucket
    JOIN buckets b ON b.guild_id = u.guild_id AND b.user_id = u.user_id AND b.kind = 'allowance'
    AND b.source = '' AND b.granted_at = u.day AND b.forgiven_at IS u.forgiven_at;

CREATE INDEX ledger_bucket ON ledger (bucket_id);
UPDATE buckets SET balance =
    (SELECT SUM(amount) FROM ledger WHERE ledger.bucket_id = buckets.id);

DROP INDEX ledger_bucket;
DROP INDEX buckets_2;
DROP TABLE temp.used;
DROP TABLE ledger_2;

CREATE UNIQUE INDEX ledger_one_hold ON ledger (job_id, bucket_id) WHERE kind = 'hold';
CREATE UNIQUE INDEX ledger_one_end ON ledger (job_id, bucket_id)
    WHERE kind IN ('capture', 'release');

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_balance AFTER INSERT ON ledger WHEN NEW.amount <> 0
BEGIN UPDATE buckets SET balance = balance + NEW.amount WHERE id = NEW.bucket_id; END;

CREATE INDEX buckets_lasting ON buckets (guild_id, user_id, expires_at)
    WHERE kind = 'lasting' AND balance > 0;
CREATE UNIQUE INDEX buckets_allowance ON buckets (guild_id, user_id, granted_at)
    WHERE kind = 'allowance' AND forgiven_at IS NULL;

-- Who drew how much since a moment.
CREATE INDEX jobs_paid ON jobs (guild_id, finished_at, user_id, cost)
    WHERE state = 'succeeded' AND cost > 0;
