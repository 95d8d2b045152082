-- A picture that was taken out of its grid is a second name of the same file, where the disk knows
-- such; its bytes are there once.
ALTER TABLE images ADD COLUMN linked_job TEXT;
ALTER TABLE images ADD COLUMN linked_idx INTEGER;

UPDATE images SET (linked_job, linked_idx) =
    (SELECT source_job, source_tile FROM jobs WHERE id = images.job_id)
WHERE job_id IN (SELECT id FROM jobs WHERE action = 'upscale');

CREATE INDEX images_linked ON images (linked_job, linked_idx)
    WHERE linked_job IS NOT NULL AND evicted_at IS NULL;

-- Kept pictures whose file has no other name.
CREATE VIEW images_alone AS
SELECT job_id, idx, bytes FROM images i WHERE evicted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM images o WHERE o.job_id = i.linked_job AND o.idx = i.linked_idx
        AND o.evicted_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM images o WHERE o.linked_job = COALESCE(i.linked_job, i.job_id)
        AND o.linked_idx = COALESCE(i.linked_idx, i.idx) AND o.evicted_at IS NULL
        AND (o.job_id, o.idx) <> (i.job_id, i.idx));

-- What all kept files weigh together: one row, true after every statement.
CREATE TABLE kept (bytes INTEGER NOT NULL) STRICT;

INSERT INTO kept (bytes)
SELECT COALESCE(SUM(bytes), 0) FROM images i WHERE evicted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM images o WHERE o.job_id = i.linked_job AND o.idx = i.linked_idx
        AND o.evicted_at IS NULL);

CREATE TRIGGER images_added AFTER INSERT ON images
BEGIN UPDATE kept SET bytes = bytes + NEW.bytes
    WHERE EXISTS (SELECT 1 FROM images_alone WHERE job_id = NEW.job_id AND idx = NEW.idx); END;
CREATE TRIGGER images_changing BEFORE UPDATE ON images
BEGIN UPDATE kept SET bytes = bytes - OLD.bytes
    WHERE EXISTS (SELECT 1 FROM images_alone WHERE job_id = OLD.job_id AND idx = OLD.idx); END;
CREATE TRIGGER images_changed AFTER UPDATE ON images
BEGIN UPDATE kept SET bytes = bytes + NEW.bytes
    WHERE EXISTS (SELECT 1 FROM images_alone WHERE job_id = NEW.job_id AND idx = NEW.idx); END;
CREATE TRIGGER images_removed BEFORE DELETE ON images
BEGIN UPDATE kept SET bytes = bytes - OLD.bytes
    WHERE EXISTS (SELECT 1 FROM images_alone WHERE job_id = OLD.job_id AND idx = OLD.idx); END;
