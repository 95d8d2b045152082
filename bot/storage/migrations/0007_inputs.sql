-- What a job is made from, in the order of its request: `digest` is the sha256 of the file's content,
-- null where only the tile is known; the tile is null for a file that is no picture of a job.
CREATE TABLE job_inputs (
    job_id   TEXT NOT NULL REFERENCES jobs (id),
    place    INTEGER NOT NULL,
    role     TEXT NOT NULL,
    digest   TEXT,
    tile_job TEXT,
    tile_idx INTEGER,
    PRIMARY KEY (job_id, place),
    CHECK ((tile_job IS NULL) = (tile_idx IS NULL)),
    CHECK (digest IS NOT NULL OR tile_job IS NOT NULL)
) STRICT, WITHOUT ROWID;

INSERT INTO job_inputs (job_id, place, role, digest, tile_job, tile_idx)
SELECT j.id, 0, 'source', i.sha256, j.source_job, j.source_tile
FROM jobs j LEFT JOIN images i ON i.job_id = j.source_job AND i.idx = j.source_tile
WHERE j.source_job IS NOT NULL;
