-- What became of a server's jobs and credits, counted by UTC day (whole days since the epoch), so
-- that nobody has to look through all of them. Triggers keep it equal to a recount, whatever writes.
--
-- ended    jobs by the state in which they ended
-- drawn    those that a worker drew, '' alone: what is taken out of a grid is not
-- waited   these by the time from asked to drawn, as numbers of `wait_bounds`
-- model    these by model
-- failed   jobs that failed, by code
-- credits  spent by jobs that succeeded; granted, taken back and expired by the ledger
-- refused  what people were refused, by the kind of rule; written by who refuses
CREATE TABLE tallies (
    guild_id INTEGER NOT NULL,
    topic    TEXT NOT NULL CHECK (topic IN ('ended', 'drawn') OR topic IN ('waited', 'model')
        OR topic IN ('failed', 'credits') OR topic = 'refused'),
    day      INTEGER NOT NULL,
    name     TEXT NOT NULL,
    total    INTEGER NOT NULL,
    PRIMARY KEY (guild_id, topic, day, name)
) STRICT, WITHOUT ROWID;

-- Waiting times of a kind begin at so many seconds, each a fifth later than the one before: quarters
-- of an octave, from an eighth of a second to a week. They can be added up, as percentiles cannot.
CREATE TABLE wait_bounds (
    number INTEGER PRIMARY KEY,
    from_s REAL NOT NULL UNIQUE
) STRICT;

INSERT INTO wait_bounds (number, from_s)
WITH RECURSIVE bounds (number, from_s) AS (
    SELECT 0, 0.0 UNION ALL SELECT 1, 0.125
    UNION ALL SELECT number + 1, from_s * 1.189207115002721 FROM bounds
        WHERE number >= 1 AND number < 90
)
SELECT number, from_s FROM bounds;

-- Credits that somebody had spent on a server by the end of a day on which they spent some, and in
-- all: the difference of two rows is what they spent meanwhile, however often.
CREATE TABLE spending (
    guild_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    day      INTEGER NOT NULL,
    total    INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE spenders (
    guild_id INTEGER NOT NULL,
    user_id  INTEGER NOT NULL,
    total    INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

-- Why a job failed, as one stable word; null for one that did not. Sentences were all that was kept.
ALTER TABLE jobs ADD COLUMN failure_code TEXT;
UPDATE jobs SET failure_code = CASE
    WHEN failure IS NULL THEN 'unknown'
    WHEN failure LIKE '%more memory than the machine has%' THEN 'out_of_memory'
    WHEN failure LIKE 'The model cannot draw this request%' THEN 'bad_input'
    WHEN failure LIKE 'The model %was taken away%' THEN 'model_missing'
    WHEN failure LIKE 'The model is not available%' THEN 'model_missing'
    WHEN failure LIKE '%stopped the machine twice%' THEN 'worker_died'
    WHEN failure LIKE 'The pictures could not be stored%' THEN 'storage'
    WHEN failure LIKE 'The model gave a black picture%' THEN 'not_finite'
    WHEN failure LIKE '%was cleared away; 🔄%' THEN 'source_gone'
    ELSE 'error' END
WHERE state = 'failed';

-- Jobs that have ended. An insert counts one of them.
CREATE VIEW ends AS
SELECT id, guild_id, user_id, CAST(finished_at AS INTEGER) / 86400 AS day, state, cost,
    failure_code, attempt > 0 AND state = 'succeeded' AS drawn,
    CASE WHEN attempt > 0 AND state = 'succeeded' THEN (SELECT number FROM wait_bounds
        WHERE from_s <= MAX(0.0, finished_at - created_at) ORDER BY from_s DESC LIMIT 1) END
        AS waited,
    CASE WHEN attempt > 0 AND state = 'succeeded' AND json_valid(request)
        THEN COALESCE(json_extract(request, '$.model'), '') ELSE '' END AS model
FROM jobs WHERE state NOT IN ('waiting', 'running') AND finished_at IS NOT NULL;

CREATE TEMP TABLE counted AS
SELECT guild_id, user_id, day, state, cost, failure_code, drawn, waited, model FROM ends;

INSERT INTO tallies (guild_id, topic, day, name, total)
SELECT guild_id, 'ended', day, state, COUNT(*) FROM counted GROUP BY 1, 3, 4;
INSERT INTO tallies (guild_id, topic, day, name, total)
SELECT guild_id, 'drawn', day, '', COUNT(*) FROM counted WHERE drawn GROUP BY 1, 3;
INSERT INTO tallies (guild_id, topic, day, name, total)
SELECT guild_id, 'waited', day, CAST(waited AS TEXT), COUNT(*) FROM counted WHERE drawn
GROUP BY 1, 3, 4;
INSERT INTO tallies (guild_id, topic, day, name, total)
SELECT guild_id, 'model', day, model, COUNT(*) FROM counted WHERE model <> '' GROUP BY 1, 3, 4;
INSERT INTO tallies (guild_id, topic, day, name, total)
SELECT guild_id, 'failed', day, COALESCE(failure_code, 'unknown'), COUNT(*) FROM counted
WHERE state = 'failed' GROUP BY 1, 3, 4;
INSERT INTO tallies (guild_id, topic, day, name, total)
SELECT guild_id, 'credits', day, 'spent', SUM(cost) FROM counted
WHERE state = 'succeeded' AND cost > 0 GROUP BY 1, 3;
INSERT INTO tallies (guild_id, topic, day, name, total)
SELECT b.guild_id, 'credits', CAST(l.created_at AS INTEGER) / 86400,
    CASE WHEN l.kind = 'expire' THEN 'expired' WHEN l.amount < 0 THEN 'taken' ELSE 'granted' END,
    SUM(ABS(l.amount))
FROM ledger l JOIN buckets b ON b.id = l.bucket_id WHERE l.kind IN ('grant', 'expire')
GROUP BY 1, 3, 4;

INSERT INTO spending (guild_id, user_id, day, total)
SELECT guild_id, user_id, day, SUM(SUM(cost)) OVER (PARTITION BY guild_id, user_id ORDER BY day)
FROM counted WHERE state = 'succeeded' AND cost > 0 GROUP BY guild_id, user_id, day;
INSERT INTO spenders (guild_id, user_id, total)
SELECT guild_id, user_id, MAX(total) FROM spending GROUP BY guild_id, user_id;
DROP TABLE temp.counted;

CREATE INDEX spenders_most ON spenders (guild_id, total DESC, user_id);

CREATE TRIGGER ends_counted INSTEAD OF INSERT ON ends
BEGIN
    INSERT INTO tallies (guild_id, topic, day, name, total)
    SELECT NEW.guild_id, topic, NEW.day, name, times FROM (
        SELECT 'ended' AS topic, NEW.state AS name, 1 AS times
        UNION ALL SELECT 'drawn', '', NEW.drawn
        UNION ALL SELECT 'waited', CAST(NEW.waited AS TEXT), NEW.drawn
        UNION ALL SELECT 'model', NEW.model, NEW.model <> ''
        UNION ALL SELECT 'failed', COALESCE(NEW.failure_code, 'unknown'), NEW.state = 'failed'
        UNION ALL SELECT 'credits', 'spent',
            CASE NEW.state WHEN 'succeeded' THEN NEW.cost ELSE 0 END)
    WHERE times > 0
    ON CONFLICT DO UPDATE SET total = total + excluded.total;

    INSERT INTO spenders (guild_id, user_id, total)
    SELECT NEW.guild_id, NEW.user_id, NEW.cost WHERE NEW.state = 'succeeded' AND NEW.cost > 0
    ON CONFLICT DO UPDATE SET total = total + excluded.total;
    -- A clock that was set back may have left rows of later days, which hold this, too.
    INSERT INTO spending (guild_id, user_id, day, total)
    SELECT NEW.guild_id, NEW.user_id, NEW.day, COALESCE((SELECT total FROM spending
        WHERE guild_id = NEW.guild_id AND user_id = NEW.user_id AND day < NEW.day
        ORDER BY day DESC LIMIT 1), 0)
    WHERE NEW.state = 'succeeded' AND NEW.cost > 0
    ON CONFLICT DO NOTHING;
    UPDATE spending SET total = total + NEW.cost
    WHERE NEW.state = 'succeeded' AND NEW.cost > 0
        AND guild_id = NEW.guild_id AND user_id = NEW.user_id AND day >= NEW.day;
END;

CREATE TRIGGER jobs_ended AFTER UPDATE OF state ON jobs
WHEN OLD.state IN ('waiting', 'running') AND NEW.state NOT IN ('waiting', 'running')
BEGIN INSERT INTO ends SELECT * FROM ends WHERE id = NEW.id; END;
CREATE TRIGGER jobs_inserted_ended AFTER INSERT ON jobs
WHEN NEW.state NOT IN ('waiting', 'running')
BEGIN INSERT INTO ends SELECT * FROM ends WHERE id = NEW.id; END;

CREATE TRIGGER ledger_counted AFTER INSERT ON ledger WHEN NEW.kind IN ('grant', 'expire')
BEGIN
    INSERT INTO tallies (guild_id, topic, day, name, total)
    SELECT guild_id, 'credits', CAST(NEW.created_at AS INTEGER) / 86400,
        CASE WHEN NEW.kind = 'expire' THEN 'expired' WHEN NEW.amount < 0 THEN 'taken'
            ELSE 'granted' END,
        ABS(NEW.amount) FROM buckets WHERE id = NEW.bucket_id
    ON CONFLICT DO UPDATE SET total = total + excluded.total;
END;

-- What the operator or a server's admins have switched: servers that are not served (`blocked`), or
-- whose drawings wait (`paused`), and what everybody is told (`notice`, of guild 0).
CREATE TABLE switches (
    name     TEXT NOT NULL CHECK (name IN ('blocked', 'paused', 'notice')),
    guild_id INTEGER NOT NULL,
    words    TEXT NOT NULL,
    since    REAL NOT NULL,
    PRIMARY KEY (name, guild_id)
) STRICT, WITHOUT ROWID;
