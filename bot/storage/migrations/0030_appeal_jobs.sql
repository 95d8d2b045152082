-- Whose pictures an appeal is about: a job, or several that were asked for together.
CREATE TABLE appeal_jobs (
    appeal_id TEXT NOT NULL REFERENCES appeals (id) ON DELETE CASCADE,
    job_id    TEXT NOT NULL REFERENCES jobs (id),
    PRIMARY KEY (appeal_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX appeal_jobs_of_job ON appeal_jobs (job_id);

INSERT INTO appeal_jobs
SELECT a.id, j.id FROM appeals a JOIN jobs j ON j.id = a.id WHERE a.kind = 'picture';
