-- Members whose pictures admins want gone from a server: those of jobs that were asked for from `since`
-- to `asked_at`. What of them is gone already is seen by the pictures. A row that is done stays until
-- who asked knows it.
CREATE TABLE purges (
    id         INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    actor_id   INTEGER NOT NULL,
    days       INTEGER NOT NULL,
    since      REAL NOT NULL,
    asked_at   REAL NOT NULL,
    pictures   INTEGER NOT NULL,
    unfinished INTEGER NOT NULL,
    done_at    REAL
) STRICT;
