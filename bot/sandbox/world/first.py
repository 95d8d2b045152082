"""Who and what is there when a sandbox begins.

Ids of the first inhabitants are fixed, so that a page that was open before a restart still knows
who it was.
"""

from __future__ import annotations

from bot.sandbox.world import permissions

BOT_ID = "1200000000000000001"
GUILD_ID = "1200000000000000100"
CHANNELS = (
    ("1200000000000000201", "imagine", "Type /imagine and a prompt"),
    ("1200000000000000202", "gallery", "The pictures people liked best"),
    ("1200000000000000203", "lobby", "Say hello"),
)
"""Id, name and topic."""
PEOPLE = (
    ("1200000000000000011", "Ada", "#e8590c", ("Admin",)),
    ("1200000000000000012", "Mia", "#1098ad", ()),
    ("1200000000000000013", "Noah", "#7048e8", ("Patron",)),
)
"""Id, name, colour and names of roles."""
SKUS: tuple[tuple[str, int, str, str, int], ...] = (
    ("1200000000000000301", 3, "115 grids", "$14.99", 1 << 2),
    ("1200000000000000302", 3, "500 grids", "$49.99", 1 << 2),
    ("1200000000000000303", 6, "Patron", "$4.99 a month", 1 << 2 | 1 << 8),
    ("1200000000000000304", 5, "Patron", "$4.99 a month", 1 << 2 | 1 << 8),
    ("1200000000000000305", 5, "Patron server", "$19.99 a month", 1 << 2 | 1 << 7),
    ("1200000000000000306", 2, "Patron for ever", "$99.99", 1 << 2),
    ("1200000000000000307", 3, "25 grids of last year", "$3.99", 0),
)
"""Id, Discord's type, name, price and flags of what the application sells."""
ADMIN = permissions.ADMINISTRATOR | permissions.MANAGE_GUILD | permissions.MANAGE_MESSAGES
COLOURS = ("#2f9e44", "#c2255c", "#f08c00", "#1971c2", "#5c940d")
"""Given to newcomers in turn."""
