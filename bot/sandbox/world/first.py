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
ADMIN = permissions.ADMINISTRATOR | permissions.MANAGE_GUILD | permissions.MANAGE_MESSAGES
COLOURS = ("#2f9e44", "#c2255c", "#f08c00", "#1971c2", "#5c940d")
"""Given to newcomers in turn."""
