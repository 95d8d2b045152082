-- Of a job for which memory did not suffice: a smaller size that can be tried, in pixels.
ALTER TABLE jobs ADD COLUMN smaller_width INTEGER;
ALTER TABLE jobs ADD COLUMN smaller_height INTEGER;
