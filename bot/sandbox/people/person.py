"""A person at the keyboard: everything somebody can do in the Discord client.

Tests and the page use the same methods. Knows what a client lets a person do and refuses the
rest with a sentence; what the bot makes of it comes back as messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.people.forms import ModalForm
from bot.sandbox.people.invocation import ACK_TIMEOUT, Invocation
from bot.sandbox.people.options import Form, Resolved, build, visible
from bot.sandbox.rules import components
from bot.sandbox.rules.errors import Refused
from bot.sandbox.world import permissions
from bot.sandbox.world.bus import Bus
from bot.sandbox.world.entities import Channel, StoredMessage, Upload
from bot.sandbox.world.files import Files
from bot.sandbox.world.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
)
from bot.sandbox.world.messages import Messages
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import BOT_ID, World

Payload = dict[str, Any]


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
    def __init__(self, people: People, user_id: str) -> None:
        self.id = user_id
        self._all = people
        self._world = people.world

    @property
    def user(self) -> Payload:
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
        return f"<@{self.id}>"

    # Seeing

    def messages(self, channel: object) -> list[Payload]:
        """What this person sees in a channel, oldest first, ephemerals meant for them included."""
        where = self._channel(channel)
        stored = self._world.messages[where.id].values()
        shown = [each for each in stored if self._world.sees(self.id, each)]
        return [self._all.renderer.for_person(each, self.id) for each in shown]

    def message(self, message: object) -> Payload | None:
        """One message as it is now, None when it is gone."""
        found = self._find(message)
        return None if found is None else self._all.renderer.for_person(found, self.id)

    def commands(self, channel: object) -> list[Payload]:
        """The application commands this person may use there."""
        return visible(self._world, self.id, self._channel(channel))

    def _channel(self, where: object) -> Channel:
        channel = self._world.find_channel(self.dm if where == "dm" else where)
        if not self._world.may(self.id, channel) & permissions.VIEW_CHANNEL:
            raise Refused(f"{self.name} cannot see that channel")
        return channel

    def _find(self, message: object) -> StoredMessage | None:
        key = str(message["id"] if isinstance(message, dict) else message)
        found = self._world.message(key)
        return found if found is not None and self._world.sees(self.id, found) else None

    def _need(self, message: object) -> StoredMessage:
        found = self._find(message)
        if found is None:
            raise Refused("that message is gone or not to be seen")
        return found

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

        Option values go by keyword, or in `options` where a name is taken. Raises Refused for
        what the client would not send.
        """
        where = self._channel("dm" if dm else channel)
        words = command.split()
        definition = self._definition(words[0], 1, where)
        given = build(definition, words[1:], {**(options or {}), **values})
        return self.use_command(where, definition, given)

    def use_command(self, where: Channel, definition: Payload, given: list[Payload]) -> Invocation:
        form = self._form(where)
        filled = form.fill(definition, given)
        data: Payload = {"id": definition["id"], "name": definition["name"], "type": 1}
        if filled:
            data["options"] = filled
        data |= self._scope(definition, form.resolved)
        words = [definition["name"]]
        while filled and filled[0]["type"] in (1, 2):
            words.append(filled[0]["name"])
            filled = filled[0]["options"]
        return self._open(COMMAND, where, data, name=" ".join(words))

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
        return await self.complete(where, definition, given, timeout)

    async def complete(
        self,
        where: Channel,
        definition: Payload,
        given: list[Payload],
        timeout: float = ACK_TIMEOUT,
    ) -> list[Payload]:
        form = self._form(where)
        filled = form.fill(definition, given, partial=True)
        data: Payload = {"id": definition["id"], "name": definition["name"], "type": 1}
        data |= {"options": filled} | self._scope(definition, form.resolved)
        made = self._open(AUTOCOMPLETE, where, data)
        return (await made.ack(timeout))["data"]["choices"]

    async def context(
        self, command: str, target: object, *, channel: object = "imagine"
    ) -> Invocation:
        """Use a context menu command on a message, or on a Person."""
        if isinstance(target, Person):
            where = self._channel(channel)
            definition = self._definition(command, 2, where)
            return self.use_context(where, definition, target.id)
        found = self._need(target)
        where = self._world.channels[found.channel_id]
        return self.use_context(where, self._definition(command, 3, where), found.id)

    def use_context(self, where: Channel, definition: Payload, target_id: str) -> Invocation:
        kind = definition["type"]
        resolved = Resolved(self._world, self._all.renderer, where)
        if kind == 3:
            resolved.message(self._all.renderer.message(self._need(target_id)))
        else:
            resolved.user(target_id)
        data: Payload = {"id": definition["id"], "name": definition["name"], "type": kind}
        data |= {"target_id": target_id} | self._scope(definition, resolved)
        return self._open(COMMAND, where, data, name=definition["name"])

    def definition(self, command_id: str, where: Channel) -> Payload:
        for each in visible(self._world, self.id, where):
            if each["id"] == command_id:
                return each
        raise Refused("that command is not available here")

    def _definition(self, name: str, kind: int, where: Channel) -> Payload:
        offered = visible(self._world, self.id, where)
        for each in offered:
            if each["name"] == name.removeprefix("/") and each["type"] == kind:
                return each
        shown = ", ".join(sorted(each["name"] for each in offered)) or "none"
        raise Refused(f"{self.name} has no command {name!r} here; there are: {shown}")

    def _form(self, where: Channel) -> Form:
        all_ = self._all
        return Form(self._world, all_.renderer, all_.files, where, self.id)

    def _scope(self, definition: Payload, resolved: Resolved) -> Payload:
        shape: Payload = {"resolved": resolved.data} if resolved.data else {}
        if definition.get("guild_id"):
            shape["guild_id"] = definition["guild_id"]
        return shape

    def _open(self, kind: int, where: Channel, data: Payload, **rest: Any) -> Invocation:
        made = self._all.interactions.open(kind, self.id, where, data, **rest)
        return Invocation(made, self._all.bus, self._all.renderer)

    # Components and modals

    async def click(self, message: object, button: str) -> Invocation:
        """Press a button, found by custom_id, label or emoji."""
        found = self._need(message)
        return self.use_component(found, _button(found, button), [])

    async def select(self, message: object, custom_id: str, values: object) -> Invocation:
        """Choose in a select menu."""
        found = self._need(message)
        menu = _by_custom_id(found, custom_id)
        chosen = values if isinstance(values, (list, tuple)) else [values]
        return self.use_component(found, menu, list(chosen))

    def use_component(
        self, found: StoredMessage, component: Payload, values: list[Any]
    ) -> Invocation:
        if component.get("disabled"):
            raise Refused("that component is disabled")
        where = self._world.channels[found.channel_id]
        kind = component["type"]
        data: Payload = {"component_type": kind, "custom_id": component["custom_id"]}
        data["id"] = component["id"]
        if kind in components.SELECTS:
            form = ModalForm(Resolved(self._world, self._all.renderer, where), {})
            data["values"] = form.choose(component, component["custom_id"], values)
            if form.resolved.data:
                data["resolved"] = form.resolved.data
        return self._open(COMPONENT, where, data, message=found)

    async def submit(
        self, form: Invocation | Payload, values: Mapping[str, Any] | None = None
    ) -> Invocation:
        """Send a modal, given by its invocation or by the modal itself; values by custom_id."""
        opener = form.interaction if isinstance(form, Invocation) else self._opener(form)
        return self.use_modal(opener, dict(values or {}))

    def _opener(self, modal: Payload) -> Interaction:
        for each in self._all.interactions.of(self.id):
            if each.modal is modal or each.modal == modal:
                return each
        raise Refused("that form is not open")

    def use_modal(self, opener: Interaction, values: Payload) -> Invocation:
        modal = opener.modal
        if modal is None or opener.user_id != self.id:
            raise Refused("that form is not open")
        renderer, files = self._all.renderer, self._all.files
        uploads = {
            key: renderer.attachment(entry)
            for key, entry in files.entries.items()
            if entry.ephemeral
        }
        filler = ModalForm(Resolved(self._world, renderer, opener.channel), uploads)
        data: Payload = {"custom_id": modal["custom_id"], "components": filler.fill(modal, values)}
        if filler.resolved.data:
            data["resolved"] = filler.resolved.data
        return self._open(MODAL_SUBMIT, opener.channel, data, message=opener.message, parent=opener)

    # Messages, reactions, files

    async def say(self, channel: object, text: str) -> Payload:
        """Write a message."""
        where = self._channel(channel)
        if not self._world.may(self.id, where) & permissions.SEND_MESSAGES:
            raise Refused(f"{self.name} may not write there")
        if not text.strip():
            raise Refused("a message needs some text")
        if len(text) > 2000:
            raise Refused("your message is too long: at most 2000 characters")
        author = self._world.users[self.id]
        message = self._all.messages.write(where, author, {"content": text})
        return self._all.renderer.for_person(message, self.id)

    async def react(self, message: object, emoji: str) -> None:
        found = self._need(message)
        where = self._world.channels[found.channel_id]
        may = self._world.may(self.id, where)
        if found.audience is not None or not may & permissions.ADD_REACTIONS:
            raise Refused(f"{self.name} may not react there")
        self._all.messages.react(found, self.id, emoji)

    async def unreact(self, message: object, emoji: str) -> None:
        self._all.messages.unreact(self._need(message), self.id, emoji)

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

    def close_dms(self) -> None:
        """From now on the bot gets 50007 for direct messages."""
        self._world.users[self.id].dms_open = False

    def open_dms(self) -> None:
        self._world.users[self.id].dms_open = True


def component_of(found: StoredMessage, custom_id: str) -> Payload:
    return _by_custom_id(found, custom_id)


def _by_custom_id(found: StoredMessage, custom_id: str) -> Payload:
    for each in components.walk(found.components):
        if each.get("custom_id") == custom_id:
            return each
    raise Refused(f"the message has no component {custom_id!r}")


def _button(found: StoredMessage, wanted: str) -> Payload:
    buttons = [each for each in components.walk(found.components) if each["type"] == 2]
    for key in ("custom_id", "label"):
        for each in buttons:
            if each.get(key) == wanted:
                return _pressable(each)
    for each in buttons:
        if (each.get("emoji") or {}).get("name") == wanted:
            return _pressable(each)
    labels = [each.get("label") or (each.get("emoji") or {}).get("name") for each in buttons]
    raise Refused(
        f"the message has no button {wanted!r}; it has {', '.join(map(str, labels)) or 'none'}"
    )


def _pressable(button: Payload) -> Payload:
    if not button.get("custom_id"):
        raise Refused("that button is a link")
    return button
