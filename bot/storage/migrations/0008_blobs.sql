-- Files that are no pictures of jobs (uploads, masks), by the sha256 of their content.
CREATE TABLE blobs (
    digest TEXT PRIMARY KEY,
    bytes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who brought a file or had something made from it, and when last. One file may be many people's.
CREATE TABLE blob_uses (
    digest   TEXT NOT NULL REFERENCES blobs (digest) ON DELETE CASCADE,
    guild_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    used_at  REAL NOT NULL,
    PRIMARY KEY (digest, guild_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_uses_of_user ON blob_uses (user_id);

CREATE TRIGGER blobs_added AFTER INSERT ON blobs
BEGIN UPDATE kept SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER blobs_removed AFTER DELETE ON blobs
BEGIN UPDATE kept SET bytes = bytes - OLD.bytes; END;
