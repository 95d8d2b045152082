-- The pictures that an appeal is about: of a job, or of several that were asked for together; each may
-- pass once, as that of the job that it is `used_by`.
CREATE TABLE appeal_jobs (
    appeal_id TEXT NOT NULL REFERENCES appeals (id) ON DELETE CASCADE,
    job_id    TEXT NOT NULL REFERENCES jobs (id),
    used_by   TEXT REFERENCES jobs (id),
    PRIMARY KEY (appeal_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX appeal_jobs_of_job ON appeal_jobs (job_id);
CREATE INDEX appeal_jobs_used ON appeal_jobs (used_by) WHERE used_by IS NOT NULL;

INSERT INTO appeal_jobs
SELECT a.id, j.id, u.id FROM appeals a JOIN jobs j ON j.id = a.id LEFT JOIN jobs u ON u.id = a.used_by
WHERE a.kind = 'picture';
UPDATE appeals SET used_by = NULL WHERE kind = 'picture';
