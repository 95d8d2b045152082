-- The looks of a server, by name. `loras` is JSON: pairs of a name and a weight.
CREATE TABLE styles (
    guild_id INTEGER NOT NULL,
    name     TEXT NOT NULL,
    before   TEXT NOT NULL,
    after    TEXT NOT NULL,
    negative TEXT NOT NULL,
    loras    TEXT NOT NULL,
    PRIMARY KEY (guild_id, name)
) STRICT, WITHOUT ROWID;
