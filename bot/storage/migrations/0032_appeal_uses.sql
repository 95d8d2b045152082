-- Each picture that an approved appeal is about may pass once: as that of the job that it is `used_by`.
ALTER TABLE appeal_jobs ADD COLUMN used_by TEXT REFERENCES jobs (id);
CREATE INDEX appeal_jobs_used ON appeal_jobs (used_by) WHERE used_by IS NOT NULL;

UPDATE appeal_jobs SET used_by = (SELECT u.id FROM appeals a JOIN jobs u ON u.id = a.used_by
    WHERE a.id = appeal_jobs.appeal_id);
UPDATE appeals SET used_by = NULL WHERE kind = 'picture';
