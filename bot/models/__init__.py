"""Models: their cards, the folder they lie in, and the small one that lies in the box."""
