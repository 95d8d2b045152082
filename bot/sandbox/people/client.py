"""A person's Discord client: what it lets through, and what it sends to the application.

Knows how an interaction is put together from a command, a component or a form; finding these by
name is the person's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.people.forms import ModalForm
from bot.sandbox.people.invocation import ACK_TIMEOUT, Invocation
from bot.sandbox.people.options import Form, Resolved, visible
from bot.sandbox.rules import components
from bot.sandbox.rules.errors import Refused
from bot.sandbox.world import permissions
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.interaction import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
)
from bot.sandbox.world.message import StoredMessage

if TYPE_CHECKING:
    from bot.sandbox.people.person import People

Payload = dict[str, Any]


class Client:
    """Uses commands, components and forms for one person. Raises Refused where Discord's would."""

    def __init__(self, people: People, user_id: str) -> None:
        self._all = people
        self._world = people.world
        self._user_id = user_id

    # Commands

    def commands(self, where: Channel) -> list[Payload]:
        """The application commands that are offered there."""
        return visible(self._world, self._user_id, where)

    def definition(self, command_id: str, where: Channel) -> Payload:
        """An offered command by its id."""
        for each in self.commands(where):
            if each["id"] == command_id:
                return each
        raise Refused("that command is not available here")

    def use_command(self, where: Channel, definition: Payload, given: list[Payload]) -> Invocation:
        """Send a slash command with the options given."""
        form = self._form(where)
        filled = form.fill(definition, given)
        data: Payload = {"id": definition["id"], "name": definition["name"], "type": 1}
        if filled:
            data["options"] = filled
        data |= _scope(definition, form.resolved)
        words = [definition["name"]]
        while filled and filled[0]["type"] in (1, 2):
            words.append(filled[0]["name"])
            filled = filled[0]["options"]
        return self._open(COMMAND, where, data, name=" ".join(words))

    async def complete(
        self,
        where: Channel,
        definition: Payload,
        given: list[Payload],
        timeout: float = ACK_TIMEOUT,
    ) -> list[Payload]:
        """The choices for the option that is marked as focused."""
        form = self._form(where)
        filled = form.fill(definition, given, partial=True)
        data: Payload = {"id": definition["id"], "name": definition["name"], "type": 1}
        data |= {"options": filled} | _scope(definition, form.resolved)
        made = self._open(AUTOCOMPLETE, where, data)
        return (await made.ack(timeout))["data"]["choices"]

    def use_context(self, where: Channel, definition: Payload, target_id: str) -> Invocation:
        """Send a context menu command on a message or a user, by its id."""
        kind = definition["type"]
        resolved = Resolved(self._world, where, self._user_id)
        if kind == 3:
            resolved.message(self._all.renderer.message(self.need(target_id)))
        else:
            resolved.user(target_id)
        data: Payload = {"id": definition["id"], "name": definition["name"], "type": kind}
        data |= {"target_id": target_id} | _scope(definition, resolved)
        return self._open(COMMAND, where, data, name=definition["name"])

    def _form(self, where: Channel) -> Form:
        return Form(self._world, self._all.renderer, self._all.files, where, self._user_id)

    # Components and forms

    def use_component(
        self, found: StoredMessage, component: Payload, values: list[Any]
    ) -> Invocation:
        """Press a button or choose in a select menu."""
        if component.get("disabled"):
            raise Refused("that component is disabled")
        where = self._world.channels[found.channel_id]
        kind = component["type"]
        data: Payload = {"component_type": kind, "custom_id": component["custom_id"]}
        data["id"] = component["id"]
        if kind in components.SELECTS:
            form = ModalForm(Resolved(self._world, where, self._user_id), {})
            data["values"] = form.choose(component, component["custom_id"], values)
            if form.resolved.data:
                data["resolved"] = form.resolved.data
        return self._open(COMPONENT, where, data, message=found)

    def use_modal(self, opener: Interaction, values: Payload) -> Invocation:
        """Send the form that an interaction was answered with; values by custom_id."""
        modal = opener.modal
        if modal is None or opener.user_id != self._user_id:
            raise Refused("that form is not open")
        renderer, files = self._all.renderer, self._all.files
        uploads = {
            key: renderer.attachment(entry)
            for key, entry in files.entries.items()
            if entry.ephemeral
        }
        filler = ModalForm(Resolved(self._world, opener.channel, self._user_id), uploads)
        data: Payload = {"custom_id": modal["custom_id"], "components": filler.fill(modal, values)}
        if filler.resolved.data:
            data["resolved"] = filler.resolved.data
        return self._open(MODAL_SUBMIT, opener.channel, data, message=opener.message, parent=opener)

    # What all of them need

    def find(self, message: object) -> StoredMessage | None:
        """A message by id or as JSON, None when it is gone or not for this person's eyes."""
        key = str(message["id"] if isinstance(message, dict) else message)
        found = self._world.message(key)
        if found is None or not self._world.rights.sees(self._user_id, found):
            return None
        return found

    def need(self, message: object) -> StoredMessage:
        """`find`, for a message that has to be there."""
        found = self.find(message)
        if found is None:
            raise Refused("that message is gone or not to be seen")
        return found

    def enter(self, where: Channel) -> None:
        """Before anything is done in a thread: clients open an archived one by themselves."""
        may = self._world.rights.may(self._user_id, where)
        if where.locked and not may & permissions.MANAGE_THREADS:
            raise Refused("that thread is locked")
        if where.archived:
            self._world.threads.reopen(where)

    def _open(self, kind: int, where: Channel, data: Payload, **rest: Any) -> Invocation:
        if kind != AUTOCOMPLETE:
            self.enter(where)
        made = self._all.interactions.open(kind, self._user_id, where, data, **rest)
        return Invocation(made, self._all.bus, self._all.renderer)


def _scope(definition: Payload, resolved: Resolved) -> Payload:
    shape: Payload = {"resolved": resolved.data} if resolved.data else {}
    if definition.get("guild_id"):
        shape["guild_id"] = definition["guild_id"]
    return shape
