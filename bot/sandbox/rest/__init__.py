"""Discord's REST: the door that every request passes, and the routes behind it."""
