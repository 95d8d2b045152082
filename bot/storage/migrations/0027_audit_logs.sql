-- The channel in which a server's admins read its audit trail. `posted` is the last entry that was,
-- `upto` the last of those that are being posted by `nonce` since `sending_at`.
CREATE TABLE audit_logs (
    guild_id    INTEGER PRIMARY KEY,
    channel_id  INTEGER NOT NULL,
    posted      INTEGER NOT NULL,
    upto        INTEGER,
    nonce       TEXT,
    sending_at  REAL,
    next_try_at REAL NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    CHECK ((upto IS NULL) = (nonce IS NULL) AND (upto IS NULL) = (sending_at IS NULL))
) STRICT;

CREATE INDEX audit_in_order ON audit (guild_id, id);
