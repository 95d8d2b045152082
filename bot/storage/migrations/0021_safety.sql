-- How likely a picture is unsafe, from 0 to 1, as a classifier said; null where none looked at it.
ALTER TABLE images ADD COLUMN score REAL CHECK (score BETWEEN 0 AND 1);
ALTER TABLE blobs ADD COLUMN score REAL CHECK (score BETWEEN 0 AND 1);

-- Whether a result is a spoiler because of that, whatever its owner wants.
ALTER TABLE results ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0 CHECK (flagged IN (0, 1));

-- Whether the channel where it was asked for had an age limit; whether it failed because nobody may
-- see its pictures.
ALTER TABLE jobs ADD COLUMN age_limited INTEGER NOT NULL DEFAULT 0 CHECK (age_limited IN (0, 1));
ALTER TABLE jobs ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1));

-- What the admins of a server want to be done about unsafe pictures; null where it is the operator's
-- to say.
CREATE TABLE safety_settings (
    guild_id      INTEGER PRIMARY KEY,
    reaction      TEXT CHECK (reaction IN ('spoiler', 'block', 'off')),
    threshold     REAL CHECK (threshold BETWEEN 0 AND 1),
    spares_adults INTEGER CHECK (spares_adults IN (0, 1))
) STRICT;
