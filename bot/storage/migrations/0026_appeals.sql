-- Refusals that somebody may ask moderators to look at again, where a server has a desk; `said` is
-- what they said of it, null while they did not. `id` is the job's of a picture that was stopped.
-- An answer that is `approved` lets pass what was refused, once: `used_by` is the job that did.
-- `told` says that they know the answer, `letter_at` when it is to be tried by direct message.
CREATE TABLE appeals (
    id          TEXT PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('words', 'picture', 'timeout', 'ban')),
    texts       TEXT NOT NULL,
    why         TEXT NOT NULL,
    refused_at  REAL NOT NULL,
    said        TEXT,
    said_at     REAL,
    answer      TEXT CHECK (answer IN ('approved', 'denied')),
    answered_at REAL,
    used_by     TEXT,
    told        INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
    letter_at   REAL,
    CHECK ((said IS NULL) = (said_at IS NULL)),
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CHECK (answer IS NULL OR said IS NOT NULL)
) STRICT;

CREATE INDEX appeals_of_user ON appeals (user_id, guild_id);
CREATE INDEX appeals_of_guild ON appeals (guild_id);
CREATE INDEX appeals_not_made ON appeals (refused_at) WHERE said IS NULL;
CREATE INDEX appeals_used ON appeals (used_by) WHERE used_by IS NOT NULL;
CREATE INDEX appeals_letters ON appeals (letter_at) WHERE letter_at IS NOT NULL;

CREATE TRIGGER appeals_answered AFTER UPDATE OF answer ON appeals
BEGIN
    UPDATE desk_cards SET revision = revision + 1 WHERE subject = NEW.id AND kind = 'appeal';
END;
CREATE TRIGGER appeals_gone AFTER DELETE ON appeals
BEGIN
    UPDATE desk_cards SET revision = revision + 1 WHERE subject = OLD.id AND kind = 'appeal';
END;
