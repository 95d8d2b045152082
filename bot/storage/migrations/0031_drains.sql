-- That nothing new is begun until an update, since when, by whom and by which version; no row where
-- that is not so. It goes with the update, or once a process that had drained was ended in order.
CREATE TABLE drains (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    version  TEXT NOT NULL,
    actor_id INTEGER NOT NULL,
    since    REAL NOT NULL
) STRICT;
