-- What drew the pictures, in words for their recipe: library and precision. Empty where that is not
-- known: not drawn yet, or drawn before this was kept.
ALTER TABLE jobs ADD COLUMN engine TEXT NOT NULL DEFAULT '';
