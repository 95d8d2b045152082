"""Takes the next job, has it drawn, and settles what came of it."""
