-- Servers that the bot is on, since when it knows that, and whether it has said there what it is.
-- The row of server 0 says that the servers were looked through before.
CREATE TABLE greetings (
    guild_id INTEGER PRIMARY KEY,
    came_at  REAL NOT NULL,
    said     INTEGER NOT NULL CHECK (said IN (0, 1))
) STRICT;
