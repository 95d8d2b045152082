-- The channel in which a server's moderators are told what waits for them.
CREATE TABLE desks (
    guild_id   INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL
) STRICT;

-- What waits for a server's moderators, as a message on their desk: this table is the queue. `subject`
-- is the job that was reported. What was said of it since `shown` is a later `revision`. A card that
-- was answered goes once its message says so. `channel_id` is where it was posted, or is being posted
-- since `sending_at`; 0 while it was not tried.
CREATE TABLE desk_cards (
    id          INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('report', 'appeal')),
    subject     TEXT NOT NULL,
    revision    INTEGER NOT NULL DEFAULT 1,
    shown       INTEGER NOT NULL DEFAULT 0,
    channel_id  INTEGER NOT NULL DEFAULT 0,
    message_id  INTEGER NOT NULL DEFAULT 0,
    nonce       TEXT NOT NULL,
    sending_at  REAL,
    next_try_at REAL NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (subject, kind)
) STRICT;

CREATE INDEX desk_cards_due ON desk_cards (next_try_at, id) WHERE shown < revision;
CREATE INDEX desk_cards_of_guild ON desk_cards (guild_id);

CREATE TRIGGER reports_on_desk AFTER INSERT ON reports WHEN NEW.answer IS NULL
BEGIN
    INSERT INTO desk_cards (guild_id, kind, subject, nonce)
    SELECT guild_id, 'report', NEW.job_id, lower(hex(randomblob(12))) FROM desks
    WHERE guild_id = NEW.guild_id
    ON CONFLICT DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER reports_answered AFTER UPDATE OF answer ON reports
BEGIN
    UPDATE desk_cards SET revision = revision + 1 WHERE subject = NEW.job_id AND kind = 'report';
END;
CREATE TRIGGER reports_gone AFTER DELETE ON reports
BEGIN
    UPDATE desk_cards SET revision = revision + 1 WHERE subject = OLD.job_id AND kind = 'report';
END;
-- Words that are to be forgotten are so on the desk, too.
CREATE TRIGGER jobs_reworded AFTER UPDATE OF request ON jobs
BEGIN
    UPDATE desk_cards SET revision = revision + 1 WHERE subject = NEW.id;
END;
