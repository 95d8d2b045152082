-- When a user was told which words the model knows; once is enough.
ALTER TABLE profiles ADD COLUMN hinted_at REAL;
