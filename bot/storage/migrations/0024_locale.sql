-- In which language who asked reads, as Discord names it: for what is posted for their eyes later.
ALTER TABLE jobs ADD COLUMN locale TEXT NOT NULL DEFAULT '';
