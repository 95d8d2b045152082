"""Permission bits and how Discord computes them.

Knows roles and channel overwrites; does not know which request needs which bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.sandbox.world.channel import Channel
    from bot.sandbox.world.guild import Guild

BITS: dict[str, int] = {
    "CREATE_INSTANT_INVITE": 1 << 0,
    "ADMINISTRATOR": 1 << 3,
    "MANAGE_CHANNELS": 1 << 4,
    "MANAGE_GUILD": 1 << 5,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_AUDIT_LOG": 1 << 7,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_EXTERNAL_EMOJIS": 1 << 18,
    "MANAGE_ROLES": 1 << 28,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "MANAGE_THREADS": 1 << 34,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
}
ADMINISTRATOR = BITS["ADMINISTRATOR"]
MANAGE_GUILD = BITS["MANAGE_GUILD"]
ADD_REACTIONS = BITS["ADD_REACTIONS"]
VIEW_AUDIT_LOG = BITS["VIEW_AUDIT_LOG"]
VIEW_CHANNEL = BITS["VIEW_CHANNEL"]
SEND_MESSAGES = BITS["SEND_MESSAGES"]
MANAGE_MESSAGES = BITS["MANAGE_MESSAGES"]
EMBED_LINKS = BITS["EMBED_LINKS"]
ATTACH_FILES = BITS["ATTACH_FILES"]
READ_MESSAGE_HISTORY = BITS["READ_MESSAGE_HISTORY"]
MENTION_EVERYONE = BITS["MENTION_EVERYONE"]
USE_EXTERNAL_EMOJIS = BITS["USE_EXTERNAL_EMOJIS"]
USE_APPLICATION_COMMANDS = BITS["USE_APPLICATION_COMMANDS"]
MANAGE_THREADS = BITS["MANAGE_THREADS"]
SEND_MESSAGES_IN_THREADS = BITS["SEND_MESSAGES_IN_THREADS"]

ALL = (1 << 50) - 1
MEMBER = (
    ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_EXTERNAL_EMOJIS
    | USE_APPLICATION_COMMANDS
    | SEND_MESSAGES_IN_THREADS
)
"""What @everyone may do in a new guild."""

DIRECT_MESSAGE = MEMBER & ~SEND_MESSAGES_IN_THREADS
"""What both sides may do in a direct message."""


IN_ANSWERS = ATTACH_FILES | EMBED_LINKS | MENTION_EVERYONE | USE_EXTERNAL_EMOJIS
"""What an application without a bot user may be permitted at all: it can only answer."""


def to_write_in(channel: Channel) -> int:
    """What a message needs there."""
    if channel.is_thread:
        return SEND_MESSAGES_IN_THREADS
    return SEND_MESSAGES


def bits(*names: str | int) -> int:
    """One bit set of names ("ATTACH_FILES") or numbers; KeyError for an unknown name."""
    total = 0
    for name in names:
        total |= name if isinstance(name, int) else BITS[name]
    return total


def in_guild(guild: Guild, user_id: str) -> int:
    """What a member may do in the guild, before any channel is looked at; 0 for strangers."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if guild.owner_id == user_id:
        return ALL
    granted = guild.roles[guild.id].permissions
    for role_id in member.roles:
        granted |= guild.roles[role_id].permissions
    return ALL if granted & ADMINISTRATOR else granted


def of_everyone(guild: Guild, channel: Channel) -> int:
    """What @everyone may do in `channel`."""
    base = guild.roles[guild.id].permissions
    if base & ADMINISTRATOR:
        return ALL
    own = channel.overwrites.get(guild.id)
    return base & ~own.deny | own.allow if own else base


def in_channel(guild: Guild, channel: Channel, user_id: str) -> int:
    """What a member may do in `channel`, overwrites applied in Discord's order."""
    base = in_guild(guild, user_id)
    if base == ALL or not base:
        return base
    overwrites = channel.overwrites
    everyone = overwrites.get(guild.id)
    if everyone:
        base = base & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in guild.members[user_id].roles:
        if role_id in overwrites:
            allow |= overwrites[role_id].allow
            deny |= overwrites[role_id].deny
    base = base & ~deny | allow
    own = overwrites.get(user_id)
    if own:
        base = base & ~own.deny | own.allow
    if not base & VIEW_CHANNEL:
        return 0
    return base
