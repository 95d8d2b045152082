"""What happens in the world, as the gateway tells it.

Knows which event a piece of news is, which intent it needs and its payload; sends nothing.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.gateway.payloads import interaction_create
from bot.sandbox.world import permissions
from bot.sandbox.world.bus import News
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.guild import Guild
from bot.sandbox.world.interaction import Interaction
from bot.sandbox.world.message import StoredMessage
from bot.sandbox.world.shapes import Renderer, emoji_json
from bot.sandbox.world.world import World

GUILDS, MEMBERS, MODERATION, PRESENCES, CONTENT = 1 << 0, 1 << 1, 1 << 2, 1 << 8, 1 << 15
GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 9, 1 << 12
GUILD_REACTIONS, DIRECT_REACTIONS = 1 << 10, 1 << 13
PRIVILEGED = MEMBERS | PRESENCES | CONTENT
ALL_INTENTS = (1 << 26) - 1

Payload = dict[str, Any]


class Events:
    """Makes payloads for the bot; None where the bot is told nothing."""

    def __init__(self, world: World, renderer: Renderer) -> None:
        self._world = world
        self._renderer = renderer

    def payload(self, news: News) -> Any:
        """What the bot is told of `news`, None for nothing."""
        subject = news.subject
        if isinstance(subject, Interaction):
            return interaction_create(subject, self._world, self._renderer)
        if news.name == "GUILD_DELETE":
            return subject
        if not self._world.rights.has_bot(news.guild_id):
            return None
        if isinstance(subject, StoredMessage):
            return self._message(news, subject)
        if isinstance(subject, Guild):
            return self._guild(subject, news.joined)
        if isinstance(subject, Channel):
            return self._channel(subject)
        if news.name == "GUILD_AUDIT_LOG_ENTRY_CREATE":
            return self._audit_entry(news)
        return subject

    def _guild(self, guild: Guild, joined: bool) -> Payload:
        """Of one that the bot has joined Discord leaves `unavailable` out, but during an outage."""
        if not guild.reachable:
            return {"id": guild.id, "unavailable": True}
        shape = self._renderer.guild(guild)
        if joined:
            del shape["unavailable"]
        return shape

    def _channel(self, channel: Channel) -> Payload | None:
        """A thread is told only to a bot that may see it."""
        if channel.is_thread and not self._world.rights.may(BOT_ID, channel):
            return None
        return self._renderer.channel(channel)

    def _audit_entry(self, news: News) -> object:
        guild = self._world.guilds[news.guild_id or ""]
        may = permissions.in_guild(guild, BOT_ID)
        return news.subject if may & permissions.VIEW_AUDIT_LOG else None

    def _message(self, news: News, message: StoredMessage) -> Payload | None:
        channel = self._world.channels.get(message.channel_id)
        if message.audience is not None or channel is None:
            return None
        if not self._world.rights.may(BOT_ID, channel):
            return None
        if news.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            return self._renderer.event(message)
        where: Payload = {"channel_id": message.channel_id}
        if message.guild_id:
            where["guild_id"] = message.guild_id
        if news.name == "MESSAGE_DELETE":
            return where | {"id": message.id}
        return where | self._reaction(news, message)

    def _reaction(self, news: News, message: StoredMessage) -> Payload:
        shape: Payload = {
            "message_id": message.id,
            "user_id": news.user_id,
            "emoji": emoji_json(news.emoji or ""),
            "burst": False,
            "type": 0,
        }
        guild = self._world.guilds.get(message.guild_id or "")
        if news.name == "MESSAGE_REACTION_ADD":
            shape["message_author_id"] = message.author.id
            if guild is not None and news.user_id in guild.members:
                shape["member"] = guild.members[news.user_id].json()
        return shape


def needed_intent(news: News) -> int | None:
    """The intent bit an event needs, 0 for none, None when it is no gateway event."""
    direct = news.guild_id is None
    if news.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"):
        return DIRECT_MESSAGES if direct else GUILD_MESSAGES
    if news.name in ("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"):
        return DIRECT_REACTIONS if direct else GUILD_REACTIONS
    if news.name == "GUILD_AUDIT_LOG_ENTRY_CREATE":
        return MODERATION
    if news.name == "INTERACTION_CREATE" or news.name.startswith("ENTITLEMENT_"):
        return 0
    return None if news.name.startswith("SANDBOX_") else GUILDS
