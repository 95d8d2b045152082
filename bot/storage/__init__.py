"""SQLite and picture files: SQL in, domain values out. Knows nothing about engines or Discord."""
