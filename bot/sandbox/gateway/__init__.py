"""Discord's gateway: sockets of bots, sessions, events."""
