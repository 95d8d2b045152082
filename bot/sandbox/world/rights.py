"""Who may do what, and who sees what.

Knows memberships, private threads and what the bot is told of itself; the arithmetic of roles and
overwrites is in `permissions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.world import permissions
from bot.sandbox.world.channel import PRIVATE_THREAD, Channel
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.guild import Guild
from bot.sandbox.world.message import StoredMessage

if TYPE_CHECKING:
    from bot.sandbox.world.world import World


class Rights:
    """Answers questions about the world as it is; changes nothing."""

    def __init__(self, world: World) -> None:
        self._world = world

    def has_bot(self, guild_id: str | None) -> bool:
        """Whether the bot user itself is a member of a guild; no guild: direct messages."""
        if guild_id is None:
            return True
        return guild_id in self._world.guilds and BOT_ID in self._world.guilds[guild_id].members

    def shares_guild(self, user_id: str) -> bool:
        """Whether the bot and a person meet in some guild, as direct messages need."""
        met = (guild.members for guild in self._world.guilds.values() if BOT_ID in guild.members)
        return any(user_id in members for members in met)

    def may(self, user_id: str, channel: Channel) -> int:
        """The permission bits of a user in a channel, 0 when they cannot see it."""
        granted = self.granted(user_id, channel)
        private = channel.type == PRIVATE_THREAD and user_id not in channel.members
        return 0 if private and not granted & permissions.MANAGE_THREADS else granted

    def granted(self, user_id: str, channel: Channel) -> int:
        """What roles and overwrites give, whoever was invited to a private thread.

        This is what Discord tells of a user in an interaction.
        """
        if channel.recipient is not None:
            known = user_id in (channel.recipient.id, BOT_ID)
            return permissions.DIRECT_MESSAGE if known else 0
        ruling, guild = self._ruling(channel)
        return permissions.in_channel(guild, ruling, user_id)

    def app_permissions(self, channel: Channel) -> int:
        """What an interaction tells the application of its own rights."""
        if channel.recipient is not None:
            return permissions.IN_ANSWERS
        ruling, guild = self._ruling(channel)
        if BOT_ID not in guild.members:
            return permissions.of_everyone(guild, ruling) & permissions.IN_ANSWERS
        return self.granted(BOT_ID, channel)

    def _ruling(self, channel: Channel) -> tuple[Channel, Guild]:
        """The channel whose overwrites count, a thread's parent, and the guild."""
        above = self._world.channels[channel.parent_id] if channel.parent_id else channel
        return above, self._world.guilds[channel.guild_id or ""]

    def sees(self, user_id: str, message: StoredMessage) -> bool:
        """Whether a person sees a message: the channel, and ephemerals only if meant for them."""
        if message.audience is not None:
            return message.audience == user_id
        channel = self._world.channels.get(message.channel_id)
        return channel is not None and bool(self.may(user_id, channel) & permissions.VIEW_CHANNEL)
