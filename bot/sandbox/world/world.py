"""The world of the sandbox: one bot, one guild to begin with, and a few people.

Plain state; knows no network. The first inhabitants stand in `first`, who may do what in `rights`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.world import permissions
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.channel import DIRECT, TEXT, Channel, Overwrite
from bot.sandbox.world.first import ADMIN, BOT_ID, CHANNELS, COLOURS, GUILD_ID, PEOPLE
from bot.sandbox.world.guild import Guild, Member, Role, User
from bot.sandbox.world.message import StoredMessage
from bot.sandbox.world.rights import Rights
from bot.sandbox.world.shop import Shop
from bot.sandbox.world.snowflake import Clock, Snowflakes, iso
from bot.sandbox.world.threads import Threads


@dataclass(frozen=True)
class Ping:
    """Somebody was notified by a new message."""

    message_id: str
    user_id: str


class World:
    """Everything that exists; change it through its methods so that watchers hear of it."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self.clock = clock
        self.bus = bus
        self.ids = Snowflakes(clock)
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, StoredMessage]] = {}
        self.commands: dict[str | None, dict[str, dict[str, Any]]] = {None: {}}
        self.pings: list[Ping] = []
        self.bot = User(BOT_ID, "Easel", "Easel", bot=True)
        self.users[BOT_ID] = self.bot
        self.threads = Threads(self)
        self.rights = Rights(self)
        self.shop = Shop(clock, self.ids, bus)
        self.guild = self._first_guild()

    def _first_guild(self) -> Guild:
        owner = PEOPLE[0][0]
        guild = self._make_guild("Easel Studio", GUILD_ID, owner)
        self._let_in_bot(guild)
        self._role(guild, "1200000000000000101", "Admin", ADMIN, 0xE8590C)
        self._role(guild, "1200000000000000102", "Patron", 0, 0x7048E8)
        for position, (channel_id, name, topic) in enumerate(CHANNELS):
            self.take_in(Channel(channel_id, TEXT, name, guild.id, topic, position))
        guild.system_channel = CHANNELS[-1][0]
        for user_id, name, colour, roles in PEOPLE:
            self._person(guild, User(user_id, name.lower(), name, color=colour), roles)
        return guild

    def _make_guild(self, name: str, guild_id: str, owner_id: str) -> Guild:
        guild = Guild(guild_id, name, owner_id)
        self.guilds[guild_id] = guild
        guild.roles[guild_id] = Role(guild_id, "@everyone", permissions.MEMBER, 0)
        self.commands.setdefault(guild_id, {})
        return guild

    def _let_in_bot(self, guild: Guild) -> None:
        role_id = str(int(guild.id) + 3)
        own = self._role(guild, role_id, self.bot.username, permissions.MEMBER, 0x5865F2)
        own.managed = True
        guild.members[BOT_ID] = Member(self.bot, [role_id], iso(self.clock()))

    def _role(self, guild: Guild, role_id: str, name: str, granted: int, color: int = 0) -> Role:
        role = Role(role_id, name, granted, len(guild.roles), color)
        guild.roles[role_id] = role
        return role

    def take_in(self, channel: Channel) -> Channel:
        """Make room for a channel that nobody has heard of yet."""
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        return channel

    def _person(self, guild: Guild, user: User, roles: tuple[str, ...]) -> User:
        if user.id not in self.users:
            self.users[user.id] = user
            dm_id = str(int(user.id) + 1000)
            while dm_id in self.channels:
                dm_id = self.ids.next()
            self.take_in(Channel(dm_id, DIRECT, "", recipient=user))
        held = [self.find_role(name, guild).id for name in roles]
        guild.members[user.id] = Member(user, held, iso(self.clock()))
        return user

    # Making and changing things

    def add_guild(
        self, name: str, *, owner: str = "Ada", members: tuple[str, ...] = (), bot: bool = True
    ) -> Guild:
        """A second guild with one channel, #<name in lower case>.

        Without `bot` the application was added with `applications.commands` only: its commands
        work there, its bot user is no member.
        """
        boss = self.find_user(owner)
        guild = self._make_guild(name, self.ids.next(), boss.id)
        if bot:
            self._let_in_bot(guild)
        self.take_in(Channel(self.ids.next(), TEXT, name.lower(), guild.id))
        for person in (owner, *members):
            self._person(guild, self.find_user(person), ())
        self.bus.publish(News("GUILD_CREATE", guild, guild_id=guild.id, joined=True))
        return guild

    def keep_in(self, guild: Guild, locale: str) -> None:
        """The server's language from now on."""
        guild.locale = locale
        self.bus.publish(News("GUILD_UPDATE", guild.json(), guild_id=guild.id))

    def remove_bot(self, guild: Guild) -> None:
        """The owner of a server removes the bot."""
        del guild.members[BOT_ID]
        self.bus.publish(News("GUILD_DELETE", {"id": guild.id}, guild_id=guild.id))

    def return_bot(self, guild: Guild) -> None:
        """The bot is added again."""
        self._let_in_bot(guild)
        self.bus.publish(News("GUILD_CREATE", guild, guild_id=guild.id, joined=True))

    def lose(self, guild: Guild) -> None:
        """Discord cannot reach a server until it is `found` again; the bot stays its member."""
        guild.reachable = False
        lost = {"id": guild.id, "unavailable": True}
        self.bus.publish(News("GUILD_DELETE", lost, guild_id=guild.id))

    def found(self, guild: Guild) -> None:
        guild.reachable = True
        self.bus.publish(News("GUILD_CREATE", guild, guild_id=guild.id))

    def add_user(
        self, name: str, *, roles: tuple[str, ...] | list[str] = (), guild: Guild | None = None
    ) -> User:
        """A person in `guild` (the first one unless given) with the roles of these names."""
        colour = COLOURS[len(self.users) % len(COLOURS)]
        user = User(self.ids.next(), name.lower(), name, color=colour)
        self._person(guild or self.guild, user, tuple(roles))
        self.bus.touch()
        return user

    def join(self, who: object, guild: Guild) -> None:
        """Somebody becomes a member of another guild as well."""
        self._person(guild, self.find_user(who), ())
        self.bus.touch()

    def add_role(self, name: str, granted: int = 0, *, guild: Guild | None = None) -> Role:
        """A role with these permission bits, in the first guild unless another is given."""
        guild = guild or self.guild
        role = self._role(guild, self.ids.next(), name, granted)
        payload = {"guild_id": guild.id, "role": role.json()}
        self.bus.publish(News("GUILD_ROLE_CREATE", payload, guild_id=guild.id))
        return role

    def add_channel(self, name: str, *, guild: Guild | None = None, topic: str = "") -> Channel:
        """A text channel, the last in its guild."""
        guild = guild or self.guild
        position = sum(each.guild_id == guild.id for each in self.channels.values())
        made = Channel(self.ids.next(), TEXT, name, guild.id, topic, position)
        self.take_in(made)
        self.bus.publish(News("CHANNEL_CREATE", made, made.id, guild.id))
        return made

    def remove_channel(self, channel: str) -> None:
        """Delete a channel or thread with all its messages."""
        gone = self.find_channel(channel)
        del self.channels[gone.id]
        self.messages.pop(gone.id)
        name = "THREAD_DELETE" if gone.is_thread else "CHANNEL_DELETE"
        self.bus.publish(News(name, gone, gone.id, gone.guild_id))

    def deny(self, channel: str, subject: str, *names: str | int) -> None:
        """Take permissions ("ATTACH_FILES") from a member or role in a channel."""
        self._overwrite(channel, subject, deny=permissions.bits(*names))

    def allow(self, channel: str, subject: str, *names: str | int) -> None:
        """Give permissions to a member or role in a channel."""
        self._overwrite(channel, subject, allow=permissions.bits(*names))

    def deny_bot(self, channel: str, *names: str | int) -> None:
        """Take permissions from the bot in a channel."""
        self._overwrite(channel, BOT_ID, deny=permissions.bits(*names))

    def allow_bot(self, channel: str, *names: str | int) -> None:
        """Give the bot permissions in a channel (back)."""
        self._overwrite(channel, BOT_ID, allow=permissions.bits(*names))

    def _overwrite(self, channel: str, subject: str, *, allow: int = 0, deny: int = 0) -> None:
        where = self.find_channel(channel)
        guild = self.guilds[where.guild_id or ""]
        is_role = any(subject in (role.id, role.name) for role in guild.roles.values())
        target = self.find_role(subject, guild).id if is_role else self.find_user(subject).id
        entry = where.overwrites.setdefault(target, Overwrite(target, 0 if is_role else 1))
        entry.allow = entry.allow & ~deny | allow
        entry.deny = entry.deny & ~allow | deny
        self.bus.publish(News("CHANNEL_UPDATE", where, where.id, where.guild_id))

    def give_role(self, user: str, role: str, *, guild: Guild | None = None) -> None:
        guild = guild or self.guild
        held = guild.members[self.find_user(user).id].roles
        role_id = self.find_role(role, guild).id
        if role_id not in held:
            held.append(role_id)
        self.bus.touch()

    def take_role(self, user: str, role: str, *, guild: Guild | None = None) -> None:
        guild = guild or self.guild
        held = guild.members[self.find_user(user).id].roles
        role_id = self.find_role(role, guild).id
        if role_id in held:
            held.remove(role_id)
        self.bus.touch()

    # Finding things

    def find_user(self, who: object) -> User:
        """By id, name or display name; KeyError when there is nobody of that name."""
        text = str(getattr(who, "id", who))
        if text in self.users:
            return self.users[text]
        for user in self.users.values():
            if text.lower() == user.username or text == user.global_name:
                return user
        raise KeyError(f"there is no user {text!r}; there are {_names(self.users.values())}")

    def find_role(self, name: str, guild: Guild | None = None) -> Role:
        """By id or name; KeyError when there is none of that name."""
        roles = (guild or self.guild).roles
        for role in roles.values():
            if name in (role.id, role.name):
                return role
        raise KeyError(f"there is no role {name!r}; there are {_names(roles.values())}")

    def find_channel(self, where: object) -> Channel:
        """By id, name ("imagine" or "#imagine"), Discord object or Channel."""
        if isinstance(where, dict):
            where = where["id"]
        text = str(getattr(where, "id", where))
        if text in self.channels:
            return self.channels[text]
        for channel in self.channels.values():
            if channel.name and channel.name == text.removeprefix("#"):
                return channel
        raise KeyError(f"there is no channel {text!r}; there are {_names(self.channels.values())}")

    def dm_of(self, user_id: str) -> Channel:
        """Somebody's direct messages with the bot."""
        return next(
            each
            for each in self.channels.values()
            if each.recipient is not None and each.recipient.id == user_id
        )

    def guild_of(self, channel: Channel) -> Guild | None:
        """The guild of a channel, None for direct messages."""
        return self.guilds[channel.guild_id] if channel.guild_id else None

    def channels_of(self, guild: Guild) -> list[Channel]:
        """Channels and threads, archived ones too."""
        return [each for each in self.channels.values() if each.guild_id == guild.id]

    def message(self, message_id: str) -> StoredMessage | None:
        """A message by its id alone, wherever it is; None when it is gone."""
        for stored in self.messages.values():
            if message_id in stored:
                return stored[message_id]
        return None


def _names(things: Any) -> str:
    named = [getattr(each, "name", None) or getattr(each, "global_name", "") for each in things]
    return ", ".join(sorted(filter(None, named)))
