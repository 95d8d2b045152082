-- Times are UTC seconds since the epoch; credits are whole numbers.
-- Checks name what may be in pairs: of a list of three or more SQLite makes a table at every row.

CREATE TABLE jobs (
    id            TEXT PRIMARY KEY,
    guild_id      INTEGER NOT NULL,
    channel_id    INTEGER NOT NULL,
    user_id       INTEGER NOT NULL,
    parent_id     TEXT REFERENCES jobs (id),
    parent_message INTEGER NOT NULL DEFAULT 0,
    action        TEXT NOT NULL,
    source_job    TEXT,
    source_tile   INTEGER,
    request       TEXT NOT NULL,
    state         TEXT NOT NULL
        CHECK (state IN ('waiting', 'running') OR state IN ('succeeded', 'failed')
            OR state = 'cancelled'),
    attempt       INTEGER NOT NULL DEFAULT 0,
    strikes       INTEGER NOT NULL DEFAULT 0,
    cost          INTEGER NOT NULL CHECK (cost >= 0),
    running_limit INTEGER NOT NULL,
    notice_id     INTEGER NOT NULL DEFAULT 0,
    failure       TEXT,
    reference     TEXT,
    created_at    REAL NOT NULL,
    started_at    REAL,
    finished_at   REAL,
    seconds       REAL
) STRICT;

CREATE INDEX jobs_by_state ON jobs (state, created_at);
CREATE INDEX jobs_of_account ON jobs (guild_id, user_id, state);
CREATE INDEX jobs_of_parent ON jobs (parent_id);
CREATE INDEX jobs_noticed ON jobs (notice_id) WHERE notice_id <> 0;
-- A picture is taken out of its grid once.
CREATE UNIQUE INDEX jobs_upscale ON jobs (source_job, source_tile) WHERE action = 'upscale';

CREATE TABLE images (
    job_id     TEXT NOT NULL REFERENCES jobs (id),
    idx        INTEGER NOT NULL CHECK (idx BETWEEN 1 AND 64),
    sha256     TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    created_at REAL NOT NULL,
    evicted_at REAL,
    PRIMARY KEY (job_id, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX images_kept ON images (created_at, bytes) WHERE evicted_at IS NULL;

-- Append-only. A balance is a sum over the buckets that count now: '' stays, any other lapses with
-- the period it is named after. A hold is negative; its release gives it back, its capture is 0.
CREATE TABLE ledger (
    id         INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    bucket     TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('grant', 'hold', 'capture', 'release')),
    amount     INTEGER NOT NULL,
    job_id     TEXT REFERENCES jobs (id),
    actor_id   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    created_at REAL NOT NULL,
    CHECK ((kind = 'grant') = (job_id IS NULL)),
    CHECK (kind <> 'hold' OR amount < 0),
    CHECK (kind <> 'capture' OR amount = 0),
    CHECK (kind <> 'release' OR amount > 0)
) STRICT;

CREATE INDEX ledger_account ON ledger (guild_id, user_id, bucket);
CREATE INDEX ledger_job ON ledger (job_id) WHERE job_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_one_hold ON ledger (job_id, bucket) WHERE kind = 'hold';
CREATE UNIQUE INDEX ledger_one_end ON ledger (job_id, bucket) WHERE kind IN ('capture', 'release');

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TABLE profiles (
    user_id    INTEGER PRIMARY KEY,
    grids      INTEGER NOT NULL DEFAULT 0,
    pictures   INTEGER NOT NULL DEFAULT 0,
    seconds    REAL NOT NULL DEFAULT 0,
    first_seen REAL NOT NULL,
    last_seen  REAL NOT NULL
) STRICT;

CREATE TABLE quota_settings (
    guild_id  INTEGER NOT NULL,
    scope     TEXT NOT NULL CHECK (scope IN ('server', 'role', 'user')),
    target_id INTEGER NOT NULL,
    credits   INTEGER CHECK (credits >= 0),
    period    TEXT CHECK (period IN ('day', 'month')),
    running   INTEGER CHECK (running >= 1),
    waiting   INTEGER CHECK (waiting >= 1),
    PRIMARY KEY (guild_id, scope, target_id),
    CHECK ((credits IS NULL) = (period IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    actor_id   INTEGER NOT NULL,
    deed       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;

CREATE INDEX audit_guild ON audit (guild_id, created_at);

-- One row for each result that is to be posted; it stays as the record of where it went.
CREATE TABLE outbox (
    job_id     TEXT PRIMARY KEY REFERENCES jobs (id),
    channel_id INTEGER NOT NULL,
    nonce      TEXT NOT NULL,
    sending_at REAL,
    message_id INTEGER NOT NULL DEFAULT 0,
    tries      INTEGER NOT NULL DEFAULT 0,
    given_up   TEXT
) STRICT;

CREATE INDEX outbox_open ON outbox (job_id) WHERE message_id = 0 AND given_up IS NULL;
CREATE INDEX outbox_message ON outbox (message_id);
