-- Who does not know so far that something could not be brought to them: a person, 0 for nobody.
ALTER TABLE deliveries ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_untold ON deliveries (untold) WHERE untold <> 0;
