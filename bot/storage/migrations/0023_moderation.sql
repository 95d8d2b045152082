-- Words and phrases of a server: blocked, only in channels with an age limit, or allowed whatever is
-- blocked.
CREATE TABLE words (
    guild_id INTEGER NOT NULL,
    word     TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('blocked', 'adult', 'allowed')),
    actor_id INTEGER NOT NULL,
    PRIMARY KEY (guild_id, word)
) STRICT, WITHOUT ROWID;

-- The channels in which a server draws, and the roles that may; without a row all of them.
CREATE TABLE places (
    guild_id INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('channel', 'role')),
    place_id INTEGER NOT NULL,
    PRIMARY KEY (guild_id, kind, place_id)
) STRICT, WITHOUT ROWID;

-- Who may not draw on a server, until when; NULL is for good.
CREATE TABLE bans (
    guild_id   INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    actor_id   INTEGER NOT NULL,
    created_at REAL NOT NULL,
    ends_at    REAL,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

-- When somebody's prompts were refused for a word of late (JSON, UTC seconds), when their time-out
-- ends, and how many they had in a row; guild 0 is direct messages.
CREATE TABLE refusals (
    guild_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    moments  TEXT NOT NULL,
    ends_at  REAL NOT NULL,
    timeouts INTEGER NOT NULL CHECK (timeouts >= 0),
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

-- What a server's admins decided about time-outs; 0 refusals switch them off.
CREATE TABLE timeout_rules (
    guild_id INTEGER PRIMARY KEY,
    refusals INTEGER NOT NULL CHECK (refusals >= 0),
    within_s INTEGER NOT NULL CHECK (within_s > 0),
    lasts_s  INTEGER NOT NULL CHECK (lasts_s > 0)
) STRICT;
