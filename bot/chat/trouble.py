"""What can go wrong on the way to Discord, and what each kind of refusal means for a later try."""

from __future__ import annotations

import enum

import discord
from aiohttp import ClientError

TROUBLE = (discord.HTTPException, discord.RateLimited, ClientError, OSError, TimeoutError)
"""Everything that a call to Discord raises; none of it is the asking person's doing."""

UNKNOWN_INTERACTION = 10062
ALREADY_ANSWERED = 40060
TOO_OLD_TO_EDIT = 30046
CLOSED = 50007, 50278
"""Somebody takes no direct messages, or shares no server any more."""
_TOO_LARGE = frozenset({40005, 50045})
_DEAD_TOKEN = frozenset({10015, 50027})

# The same request would be refused again until somebody changes something. From "JSON Error
# Codes" of Discord's documentation (topics/opcodes-and-status-codes). A status without one of
# these codes says nothing: a proxy in between answers 403 with a page of its own.
_FINAL = frozenset(
    {
        10003,  # unknown channel
        10004,  # unknown guild
        20009,  # explicit content cannot be sent to the recipient
        50001,  # missing access
        50007,  # cannot send messages to this user
        50008,  # cannot send messages in a channel that is not for text
        50013,  # missing permissions
        50024,  # not on this type of channel
        50035,  # invalid form body
        50083,  # archived thread
        50278,  # cannot send messages to this user: no server in common
        160002,  # cannot reply without the right to read the history
        160005,  # locked thread
        200000,  # blocked by the server's automatic moderation
    }
)


class Verdict(enum.Enum):
    """What an error says about the next try.

    AWAY: Discord cannot be reached, so nothing else would arrive either. FINAL: this is refused for
    good. TOO_LARGE: a smaller file may pass. UNCLEAR: later, perhaps.
    """

    AWAY = enum.auto()
    FINAL = enum.auto()
    TOO_LARGE = enum.auto()
    UNCLEAR = enum.auto()


def judge(error: Exception) -> Verdict:
    """A bot token that became invalid (401) is for the operator to mend."""
    if isinstance(error, discord.RateLimited):
        return Verdict.UNCLEAR
    if not isinstance(error, discord.HTTPException):
        return Verdict.AWAY
    if error.status >= 500 or error.status in (401, 408):
        return Verdict.AWAY
    if error.status == 413 or error.code in _TOO_LARGE:
        return Verdict.TOO_LARGE
    return Verdict.FINAL if error.code in _FINAL else Verdict.UNCLEAR


def has_code(error: Exception, *codes: int) -> bool:
    """Whether Discord said so."""
    return isinstance(error, discord.HTTPException) and error.code in codes


def token_is_dead(error: Exception) -> bool:
    """Whether an interaction's token was refused: its 15 minutes are over."""
    return has_code(error, *_DEAD_TOKEN)
