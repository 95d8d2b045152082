"""Models: their cards, and the small one that lies in the box."""
