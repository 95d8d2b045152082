-- Results as people look through them, numbered in the order in which they came to be. `hidden` is
-- what its owner alone may see; `gone` is the message of it that was deleted where it was posted.
CREATE TABLE results (
    number     INTEGER PRIMARY KEY,
    job_id     TEXT NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
    guild_id   INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    hidden     INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    gone       INTEGER NOT NULL DEFAULT 0,
    likes      INTEGER NOT NULL DEFAULT 0 CHECK (likes >= 0)
) STRICT;

CREATE INDEX results_liked ON results (guild_id, likes, number) WHERE hidden = 0;

-- The terms of their prompts, as `bot.domain.terms` has them, so that nothing is left to be folded;
-- and as labels whose each is, where, and what was done: an index of these by the same numbers lets
-- a search in one person's results be one walk over two lists. A row's number is its result's.
CREATE VIRTUAL TABLE prompts USING fts5 (said, labels, tokenize = 'ascii', prefix = '2 3');

CREATE TRIGGER results_removed AFTER DELETE ON results
BEGIN DELETE FROM prompts WHERE rowid = OLD.number; END;

INSERT INTO results (job_id, guild_id, channel_id, hidden)
SELECT id, guild_id, channel_id,
    CASE WHEN json_valid(request) THEN COALESCE(json_extract(request, '$.extra.stealth'), 0) <> 0
    ELSE 0 END
FROM jobs WHERE state = 'succeeded' ORDER BY finished_at, rowid;

INSERT INTO prompts (rowid, said, labels)
SELECT r.number, said(j.request), labels(j.user_id, j.guild_id, j.action, r.hidden)
FROM results r JOIN jobs j ON j.id = r.job_id ORDER BY r.number;

-- Who likes which picture: each person once.
CREATE TABLE likes (
    job_id   TEXT NOT NULL,
    idx      INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    liked_at REAL NOT NULL,
    PRIMARY KEY (job_id, idx, user_id),
    FOREIGN KEY (job_id, idx) REFERENCES images (job_id, idx) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX likes_of_user ON likes (user_id);

CREATE TRIGGER likes_added AFTER INSERT ON likes
BEGIN UPDATE results SET likes = likes + 1 WHERE job_id = NEW.job_id; END;
CREATE TRIGGER likes_removed AFTER DELETE ON likes
BEGIN UPDATE results SET likes = likes - 1 WHERE job_id = OLD.job_id; END;
