"""What can go wrong on the way to Discord, apart from what Discord has against a request."""

from __future__ import annotations

import discord
from aiohttp import ClientError

TROUBLE = (discord.HTTPException, discord.RateLimited, ClientError, OSError, TimeoutError)
"""Everything that a call to Discord raises; none of it is the asking person's doing."""

_DEAD_TOKEN = {10015, 50027}


def token_is_dead(error: Exception) -> bool:
    """Whether an interaction's token was refused: its 15 minutes are over."""
    return isinstance(error, discord.HTTPException) and error.code in _DEAD_TOKEN


def is_final(error: Exception) -> bool:
    """Whether Discord refused for good: the same request will be refused again.

    A bot token that became invalid (401) is for the operator to mend.
    """
    if not isinstance(error, discord.HTTPException):
        return False
    return 400 <= error.status < 500 and error.status not in (401, 408, 429)
