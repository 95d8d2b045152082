-- Whether a result's picture is covered where it is shown, until somebody wants to see it.
ALTER TABLE results ADD COLUMN spoiler INTEGER NOT NULL DEFAULT 0 CHECK (spoiler IN (0, 1));

-- Sheets of one channel or thread, however much the rest of its server has.
CREATE INDEX results_of_channel ON results (channel_id, number) WHERE hidden = 0;
