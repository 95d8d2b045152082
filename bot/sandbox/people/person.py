"""A person at the keyboard: everything somebody can do in Discord.

Tests and the page use the same methods. Knows how things are found by the names that people call
them by; what the application makes of it comes back as messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.people.client import Client
from bot.sandbox.people.customer import Customer
from bot.sandbox.people.invocation import ACK_TIMEOUT, Invocation
from bot.sandbox.people.options import build
from bot.sandbox.people.targets import button_of, component_of
from bot.sandbox.rules import localisation
from bot.sandbox.rules.errors import Refused
from bot.sandbox.world import permissions
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.files import Files
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.interaction import Interaction
from bot.sandbox.world.interactions import Interactions
from bot.sandbox.world.message import Upload
from bot.sandbox.world.messages import Messages
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import World

Payload = dict[str, Any]
_MESSAGE_DELETED = 72
"""The audit log's number for a message that a moderator deleted."""


class People:
    """Makes persons; holds what they all use."""

    def __init__(
        self,
        world: World,
        bus: Bus,
        files: Files,
        renderer: Renderer,
        messages: Messages,
        interactions: Interactions,
    ) -> None:
        self.world = world
        self.bus = bus
        self.files = files
        self.renderer = renderer
        self.messages = messages
        self.interactions = interactions

    def person(self, who: object) -> Person:
        """By name or id; KeyError when there is nobody of that name."""
        return Person(self, self.world.find_user(who).id)


class Person:
    """Somebody who uses Discord. Raises Refused for what their client would not let them do.

    Channels go by name, id or JSON ("dm" for direct messages with the bot), messages by id or JSON.
    """

    def __init__(self, people: People, user_id: str) -> None:
        self.id = user_id
        self.client = Client(people, user_id)
        """The same actions for a caller that has the definitions at hand, as the page has."""
        self.customer = Customer(people.world, user_id)
        """The same person in the shop."""
        self._all = people
        self._world = people.world

    @property
    def user(self) -> Payload:
        """Discord's user object."""
        return self._world.users[self.id].json()

    @property
    def name(self) -> str:
        return self._world.users[self.id].global_name

    @property
    def dm(self) -> str:
        """The id of this person's direct messages with the bot, usable wherever a channel is."""
        return self._world.dm_of(self.id).id

    @property
    def mention(self) -> str:
        """What stands in a text to mention this person."""
        return f"<@{self.id}>"

    # Seeing

    def messages(self, channel: object) -> list[Payload]:
        """What this person sees in a channel, oldest first, ephemerals meant for them included."""
        where = self._channel(channel)
        stored = self._world.messages[where.id].values()
        shown = [each for each in stored if self._world.rights.sees(self.id, each)]
        return [self._all.renderer.for_person(each, self.id) for each in shown]

    def message(self, message: object) -> Payload | None:
        """One message as it is now, None when it is gone."""
        found = self.client.find(message)
        return None if found is None else self._all.renderer.for_person(found, self.id)

    def commands(self, channel: object) -> list[Payload]:
        """The application commands this person may use there."""
        return self.client.commands(self._channel(channel))

    def _channel(self, where: object) -> Channel:
        channel = self._world.find_channel(self.dm if where == "dm" else where)
        if not self._may(channel) & permissions.VIEW_CHANNEL:
            raise Refused(f"{self.name} cannot see that channel")
        return channel

    def _may(self, where: Channel) -> int:
        return self._world.rights.may(self.id, where)

    # Commands

    async def slash(
        self,
        command: str,
        /,
        *,
        channel: object = "imagine",
        dm: bool = False,
        options: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Invocation:
        """Use a command: its name, and subcommand words after a space ("quota set").

        Option values go by keyword, or in `options` where a name is taken.
        """
        where = self._channel("dm" if dm else channel)
        words = command.split()
        definition = self._definition(words[0], 1, where)
        given = build(definition, words[1:], {**(options or {}), **values})
        return self.client.use_command(where, definition, given)

    async def autocomplete(
        self,
        command: str,
        /,
        *,
        focused: str,
        channel: object = "imagine",
        dm: bool = False,
        options: Mapping[str, Any] | None = None,
        timeout: float = ACK_TIMEOUT,
        **values: Any,
    ) -> list[Payload]:
        """The choices offered while typing option `focused`.

        Raises NotResponding when the application does not answer in time.
        """
        where = self._channel("dm" if dm else channel)
        words = command.split()
        definition = self._definition(words[0], 1, where)
        given = build(definition, words[1:], {**(options or {}), **values}, focused)
        return await self.client.complete(where, definition, given, timeout)

    async def context(
        self, command: str, target: object, *, channel: object = "imagine"
    ) -> Invocation:
        """Use a context menu command on a message, or on a Person."""
        if isinstance(target, Person):
            where = self._channel(channel)
            definition = self._definition(command, 2, where)
            return self.client.use_context(where, definition, target.id)
        found = self.client.need(target)
        where = self._world.channels[found.channel_id]
        return self.client.use_context(where, self._definition(command, 3, where), found.id)

    def _definition(self, name: str, kind: int, where: Channel) -> Payload:
        offered = self.client.commands(where)
        for each in offered:
            if each["name"] == name.removeprefix("/") and each["type"] == kind:
                return each
        shown = ", ".join(sorted(each["name"] for each in offered)) or "none"
        raise Refused(f"{self.name} has no command {name!r} here; there are: {shown}")

    # Components and modals

    async def click(self, message: object, button: str) -> Invocation:
        """Press a button, found by custom_id, label or emoji."""
        found = self.client.need(message)
        return self.client.use_component(found, button_of(found, button), [])

    async def select(self, message: object, custom_id: str, values: object) -> Invocation:
        """Choose in a select menu."""
        found = self.client.need(message)
        menu = component_of(found, custom_id)
        chosen = values if isinstance(values, (list, tuple)) else [values]
        return self.client.use_component(found, menu, list(chosen))

    async def submit(
        self, form: Invocation | Payload, values: Mapping[str, Any] | None = None
    ) -> Invocation:
        """Send a modal, given by its invocation or by the modal itself; values by custom_id."""
        opener = form.interaction if isinstance(form, Invocation) else self._opener(form)
        return self.client.use_modal(opener, dict(values or {}))

    def _opener(self, modal: Payload) -> Interaction:
        for each in self._all.interactions.of(self.id):
            if each.modal is modal or each.modal == modal:
                return each
        raise Refused("that form is not open")

    # Messages, reactions, files

    async def say(self, channel: object, text: str) -> Payload:
        """Write a message."""
        where = self._channel(channel)
        if not self._may(where) & permissions.to_write_in(where):
            raise Refused(f"{self.name} may not write there")
        if not text.strip():
            raise Refused("a message needs some text")
        if len(text) > 2000:
            raise Refused("your message is too long: at most 2000 characters")
        self.client.enter(where)
        author = self._world.users[self.id]
        message = self._all.messages.write(where, author, {"content": text})
        return self._all.renderer.for_person(message, self.id)

    async def delete(self, message: object) -> None:
        """Delete an own message, or as a moderator anybody's.

        The bot is told that it is gone; of a moderator it reads in the audit log, if it may.
        """
        found = self.client.need(message)
        where = self._world.channels[found.channel_id]
        own = found.author.id == self.id
        if not own and not self._may(where) & permissions.MANAGE_MESSAGES:
            raise Refused(f"{self.name} may not delete that message")
        self._all.messages.delete(found)
        if not own:
            entry = {
                "id": self._world.ids.next(),
                "guild_id": found.guild_id,
                "user_id": self.id,
                "target_id": found.author.id,
                "action_type": _MESSAGE_DELETED,
                "options": {"channel_id": where.id, "count": "1"},
            }
            news = News("GUILD_AUDIT_LOG_ENTRY_CREATE", entry, where.id, found.guild_id)
            self._all.bus.publish(news)

    async def react(self, message: object, emoji: str) -> None:
        """Add a reaction."""
        found = self.client.need(message)
        where = self._world.channels[found.channel_id]
        if found.audience is not None or not self._may(where) & permissions.ADD_REACTIONS:
            raise Refused(f"{self.name} may not react there")
        self.client.enter(where)
        self._all.messages.react(found, self.id, emoji)

    async def unreact(self, message: object, emoji: str) -> None:
        """Take a reaction back."""
        self._all.messages.unreact(self.client.need(message), self.id, emoji)

    async def upload(self, filename: str, data: bytes, content_type: str | None = None) -> Payload:
        """A file ready to be used as an option value or in a modal."""
        limit = self._world.users[self.id].upload_limit
        if len(data) > limit:
            raise Refused(f"your file is too large: at most {limit // (1024 * 1024)} MiB")
        files = self._all.files
        place = f"ephemeral-attachments/{BOT_ID}"
        entry = files.add(self._world.ids.next(), place, Upload(filename, content_type, data))
        entry.ephemeral = True
        return self._all.renderer.attachment(entry)

    def speak(self, locale: str) -> None:
        """From now on this person's client is in another language, by Discord's name of it."""
        if locale not in localisation.LOCALES:
            raise Refused(f"Discord has no language {locale!r}")
        self._world.users[self.id].locale = locale
        self._all.bus.publish(News("SANDBOX_LANGUAGE", self.id))

    def keep_server_in(self, locale: str) -> None:
        """Set the language of the first server, as those may who manage it."""
        guild = self._world.guild
        if not permissions.in_guild(guild, self.id) & permissions.MANAGE_GUILD:
            raise Refused(f"{self.name} may not change this server")
        if locale not in localisation.LOCALES:
            raise Refused(f"Discord has no language {locale!r}")
        self._world.keep_in(guild, locale)

    def close_dms(self) -> None:
        """From now on the bot gets 50007 for direct messages."""
        self._world.users[self.id].dms_open = False

    def open_dms(self) -> None:
        """Take direct messages again."""
        self._world.users[self.id].dms_open = True
