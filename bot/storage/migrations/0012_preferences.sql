-- What people and servers want where a prompt says nothing, as JSON with a version. A person's holds
-- on every server.
CREATE TABLE preferences (
    scope    TEXT NOT NULL CHECK (scope IN ('user', 'server')),
    owner_id INTEGER NOT NULL,
    chosen   TEXT NOT NULL,
    PRIMARY KEY (scope, owner_id)
) STRICT, WITHOUT ROWID;
