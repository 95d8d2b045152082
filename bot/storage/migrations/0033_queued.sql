-- How many jobs wait: one row, true after every statement. Every submit asks for it, and would count
-- all of them.
CREATE TABLE queued (jobs INTEGER NOT NULL) STRICT;
INSERT INTO queued (jobs) SELECT COUNT(*) FROM jobs WHERE state = 'waiting';

CREATE TRIGGER jobs_queued AFTER INSERT ON jobs WHEN NEW.state = 'waiting'
BEGIN UPDATE queued SET jobs = jobs + 1; END;
CREATE TRIGGER jobs_queued_again AFTER UPDATE OF state ON jobs
WHEN NEW.state = 'waiting' AND OLD.state <> 'waiting'
BEGIN UPDATE queued SET jobs = jobs + 1; END;
CREATE TRIGGER jobs_left_queue AFTER UPDATE OF state ON jobs
WHEN OLD.state = 'waiting' AND NEW.state <> 'waiting'
BEGIN UPDATE queued SET jobs = jobs - 1; END;
CREATE TRIGGER jobs_gone_from_queue AFTER DELETE ON jobs WHEN OLD.state = 'waiting'
BEGIN UPDATE queued SET jobs = jobs - 1; END;

-- Jobs that have not ended are found by one index, those that have by another, so that a submit writes
-- to a small one alone, and nobody's own page of a large one.
DROP INDEX jobs_by_state;
DROP INDEX jobs_of_account;
DROP INDEX jobs_charged;
DROP INDEX jobs_of_parent;
CREATE INDEX jobs_unfinished ON jobs (guild_id, user_id, cost, state)
    WHERE state IN ('waiting', 'running');
CREATE INDEX jobs_of_account ON jobs (guild_id, user_id, created_at, cost, state)
    WHERE state NOT IN ('waiting', 'running');
CREATE INDEX jobs_of_parent ON jobs (parent_id) WHERE parent_id IS NOT NULL;

-- All of them, by both indexes.
CREATE VIEW jobs_of_people AS
SELECT rowid AS number, * FROM jobs WHERE state IN ('waiting', 'running')
UNION ALL SELECT rowid, * FROM jobs WHERE state NOT IN ('waiting', 'running');

-- What moderators allowed and nobody used yet.
CREATE INDEX appeals_allowed ON appeals (user_id, guild_id)
    WHERE answer = 'approved' AND used_by IS NULL;
