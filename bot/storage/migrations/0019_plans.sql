-- Who began when: weeks and months of an allowance are counted from `started_at`, a midnight UTC. 0 is
-- the calendar's, as it was for everybody in version 18.
CREATE TABLE accounts (
    guild_id   INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    started_at REAL NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

INSERT INTO accounts (guild_id, user_id, started_at)
SELECT guild_id, user_id, 0 FROM buckets UNION SELECT guild_id, user_id, 0 FROM jobs;

-- What lasting credits come of, where that may give some but once to each account: 'welcome',
-- 'rollover:<period>', 'offer:<id>', 'code:<id>'. The buckets of user 0 are the server's pool.
ALTER TABLE buckets ADD COLUMN origin TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX buckets_origin ON buckets (guild_id, user_id, origin) WHERE origin <> '';
CREATE INDEX buckets_ending ON buckets (expires_at)
    WHERE kind = 'lasting' AND balance > 0 AND expires_at IS NOT NULL;

-- Plans of a server; `gives` is what they decide, as JSON.
CREATE TABLE plans (
    guild_id   INTEGER NOT NULL,
    name       TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 32),
    gives      TEXT NOT NULL CHECK (
        COALESCE(json_extract(gives, '$.running'), 1) >= 1 AND COALESCE(json_extract(gives, '$.waiting'), 1) >= 1
        AND COALESCE(json_extract(gives, '$.credits'), 0) >= 0 AND COALESCE(json_extract(gives, '$.welcome'), 0) >= 0
        AND COALESCE(json_extract(gives, '$.batch'), 1) >= 1 AND COALESCE(json_extract(gives, '$.side'), 0) >= 0),
    created_at REAL NOT NULL,
    PRIMARY KEY (guild_id, name)
) STRICT, WITHOUT ROWID;

-- What a target has: a setting of its own, as JSON, and a plan by name, '' for none.
ALTER TABLE quota_settings RENAME TO quota_settings_18;
CREATE TABLE quota_settings (
    guild_id  INTEGER NOT NULL,
    scope     TEXT NOT NULL CHECK (scope IN ('server', 'role', 'user')),
    target_id INTEGER NOT NULL,
    setting   TEXT NOT NULL DEFAULT '{}' CHECK (
        COALESCE(json_extract(setting, '$.running'), 1) >= 1 AND COALESCE(json_extract(setting, '$.waiting'), 1) >= 1
        AND COALESCE(json_extract(setting, '$.credits'), 0) >= 0),
    plan      TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    PRIMARY KEY (guild_id, scope, target_id)
) STRICT, WITHOUT ROWID;
INSERT INTO quota_settings (guild_id, scope, target_id, setting)
SELECT guild_id, scope, target_id, json_patch('{}', json_object(
    'credits', credits, 'period', period, 'running', running, 'waiting', waiting))
FROM quota_settings_18;
DROP TABLE quota_settings_18;

-- What things cost on a server, as JSON of what differs from the usual.
CREATE TABLE tariffs (
    guild_id INTEGER PRIMARY KEY,
    said     TEXT NOT NULL
) STRICT;

-- Credits for everybody with a role, which each takes by what they do next; `expires_at` is when
-- they end, and with them the offer. Numbers are not given twice, for `origin` of buckets has them.
CREATE TABLE offers (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id   INTEGER NOT NULL,
    role_id    INTEGER NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount > 0),
    expires_at REAL,
    actor_id   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE INDEX offers_guild ON offers (guild_id);

-- Gift codes: `digest` is the SHA-256 of one, in hexadecimal digits. The code may be used until
-- `ends_at`; its credits last so many days, NULL for good.
CREATE TABLE codes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id   INTEGER NOT NULL,
    digest     TEXT NOT NULL UNIQUE,
    amount     INTEGER NOT NULL CHECK (amount > 0),
    uses       INTEGER NOT NULL CHECK (uses > 0),
    used       INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
    ends_at    REAL,
    days       INTEGER,
    actor_id   INTEGER NOT NULL,
    note       TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE INDEX codes_guild ON codes (guild_id);

-- Guesses at codes that were wrong, which slow down who guesses.
CREATE TABLE code_tries (
    user_id    INTEGER NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE INDEX code_tries_user ON code_tries (user_id, created_at);
