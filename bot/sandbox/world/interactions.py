"""Interactions: their tokens, their deadlines and what the application answers.

Knows the 3 seconds, the 15 minutes and the single acknowledgement; does not know who may start
an interaction, nor how it reaches the bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.rules import components, mentions, modals, validation
from bot.sandbox.rules.errors import ApiError, NotResponding, Problems
from bot.sandbox.rules.flags import EPHEMERAL, LOADING
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.entities import Channel, StoredMessage, Upload
from bot.sandbox.world.messages import Draft, Messages
from bot.sandbox.world.world import BOT_ID, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
TOKEN_SECONDS = 15 * 60
_TICK = 0.05

Payload = dict[str, Any]


@dataclass
class Interaction:
    """One thing a person did that the application must answer."""

    id: str
    token: str
    type: int
    user_id: str
    channel: Channel
    data: Payload
    created_at: float
    message: StoredMessage | None = None
    """The message whose component was used, also for a modal opened from there."""
    parent: Interaction | None = None
    """For a modal submit: the interaction that was answered with the modal."""
    name: str = ""
    callback: Payload | None = None
    failed: str | None = None
    original: StoredMessage | None = None
    replies: list[StoredMessage] = field(default_factory=list)

    @property
    def modal(self) -> Payload | None:
        """The modal the application answered with, if it did."""
        if self.callback is None or self.callback["type"] != MODAL:
            return None
        return self.callback["data"]

    def metadata(self) -> Payload:
        """interaction_metadata for messages that come of this, users as ids."""
        guild_id = self.channel.guild_id
        shape: Payload = {
            "id": self.id,
            "type": self.type,
            "user": self.user_id,
            "authorizing_integration_owners": {"0": guild_id or "0"},
        }
        if self.type == COMMAND:
            shape |= {"name": self.name, "command_type": self.data.get("type", 1)}
            if self.data.get("type") == 3:
                shape["target_message_id"] = self.data["target_id"]
        elif self.type == COMPONENT and self.message is not None:
            shape["interacted_message_id"] = self.message.id
        elif self.parent is not None:
            shape["triggering_interaction_metadata"] = self.parent.metadata()
        return shape


class Interactions:
    """Opens interactions and takes the application's answers."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        bus: Bus,
        *,
        ack_seconds: float,
        listening: Callable[[], bool],
    ) -> None:
        self._world = world
        self._messages = messages
        self._bus = bus
        self._ack_seconds = ack_seconds
        self._listening = listening
        self._by_token: dict[str, Interaction] = {}
        self._by_id: dict[str, Interaction] = {}
        self._watches: set[asyncio.Task[None]] = set()

    def open(
        self,
        kind: int,
        user_id: str,
        channel: Channel,
        data: Payload,
        *,
        message: StoredMessage | None = None,
        parent: Interaction | None = None,
        name: str = "",
    ) -> Interaction:
        """Start an interaction and tell the bot of it."""
        token = secrets.token_urlsafe(96)
        made = Interaction(
            self._world.ids.next(),
            token,
            kind,
            user_id,
            channel,
            data,
            self._world.clock(),
            message,
            parent,
            name,
        )
        self._by_token[token] = self._by_id[made.id] = made
        self._bus.publish(News("INTERACTION_CREATE", made, channel.id, channel.guild_id))
        if self._listening():
            watch = asyncio.get_running_loop().create_task(self._watch(made))
            self._watches.add(watch)
            watch.add_done_callback(self._watches.discard)
        else:
            self._fail(made)
        return made

    def get(self, interaction_id: str) -> Interaction | None:
        return self._by_id.get(interaction_id)

    def of(self, user_id: str) -> list[Interaction]:
        """A person's interactions, newest first."""
        mine = [each for each in self._by_id.values() if each.user_id == user_id]
        return mine[::-1]

    async def close(self) -> None:
        for watch in list(self._watches):
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def _watch(self, it: Interaction) -> None:
        deadline = it.created_at + self._ack_seconds
        while it.callback is None and (left := deadline - self._world.clock()) > 0:
            # The clock may be moved by hand, so no single sleep can be trusted.
            with contextlib.suppress(TimeoutError):
                await self._bus.until(lambda: it.callback is not None, min(left, _TICK))
        if it.callback is None:
            self._fail(it)

    def _fail(self, it: Interaction) -> None:
        it.failed = str(NotResponding())
        self._bus.touch()

    def _late(self, it: Interaction) -> bool:
        return it.failed is not None or self._world.clock() > it.created_at + self._ack_seconds

    # The first answer

    def respond(
        self, interaction_id: str, token: str, body: Payload, uploads: dict[int, Upload]
    ) -> Payload:
        """Take the callback and return it.

        Raises ApiError 10062 (unknown or late), 40060 (second answer), 50035.
        """
        it = self._by_id.get(interaction_id)
        if it is None or it.token != token:
            raise ApiError(10062)
        if it.callback is not None:
            raise ApiError(40060)
        if self._late(it):
            raise ApiError(10062)
        kind = self._check_kind(it, body)
        data = body.get("data") or {}
        try:
            self._take(it, kind, data, uploads)
        except ApiError as error:
            if error.errors is not None and "data" not in error.errors:
                error.errors = {"data": error.errors}
            raise
        it.callback = {"type": kind, "data": data}
        self._bus.touch()
        return it.callback

    def _take(self, it: Interaction, kind: int, data: Payload, uploads: dict[int, Upload]) -> None:
        if kind in (REPLY, DEFER):
            it.original = self._first_message(it, kind, data, uploads)
        elif kind == UPDATE:
            it.original = self._update(it, data, uploads)
        elif kind == DEFER_UPDATE:
            it.original = it.message
        elif kind == MODAL:
            problems = Problems()
            modals.check_modal(data, problems)
            problems.finish()
            components.number(data["components"])
        else:
            _check_choices(data)

    def _check_kind(self, it: Interaction, body: Payload) -> int:
        kind = body.get("type")
        allowed = {
            COMMAND: (REPLY, DEFER, MODAL),
            COMPONENT: (REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL),
            AUTOCOMPLETE: (CHOICES,),
            MODAL_SUBMIT: (REPLY, DEFER),
        }[it.type]
        if it.type == MODAL_SUBMIT and it.message is not None:
            allowed = (REPLY, DEFER, DEFER_UPDATE, UPDATE)
        problems = Problems()
        problems.choice("type", kind, allowed)
        problems.finish()
        assert isinstance(kind, int)
        return kind

    def _first_message(
        self, it: Interaction, kind: int, data: Payload, uploads: dict[int, Upload]
    ) -> StoredMessage:
        if it.original is not None:
            raise ApiError(40060)
        message = self._blank(it)
        if it.message is not None:
            message.type = 19
            message.reference = _reference(it.message)
        else:
            message.type = 20 if it.data.get("type", 1) == 1 else 23
        if kind == REPLY:
            if (data.get("flags") or 0) & EPHEMERAL:
                message.audience = it.user_id
            draft = self._draft(it, data, uploads, validation.CALLBACK_FLAGS)
            return self._messages.create(it.channel, message, draft)
        flags = data.get("flags") or 0
        if flags & ~EPHEMERAL:
            problems = Problems()
            text = "A deferred answer takes the EPHEMERAL flag only"
            problems.add("data.flags", "MESSAGE_FLAGS_INVALID", text)
            problems.finish()
        message.flags = LOADING | flags
        message.audience = it.user_id if flags else None
        return self._messages.post(it.channel, message)

    def _update(self, it: Interaction, data: Payload, uploads: dict[int, Upload]) -> StoredMessage:
        shown = self._present(it.message)
        draft = self._draft(it, data, uploads, validation.CALLBACK_FLAGS)
        return self._messages.edit(shown, draft)

    def _blank(self, it: Interaction) -> StoredMessage:
        message = self._messages.blank(it.channel, self._world.bot)
        message.webhook_id = BOT_ID
        message.metadata = it.metadata()
        return message

    def _draft(
        self, it: Interaction, data: Payload, uploads: dict[int, Upload], flags: int
    ) -> Draft:
        limit = self.file_limit(it, announced=False)
        return Draft(data, uploads, limit, flags, mentions.USERS_ONLY)

    def file_limit(self, it: Interaction, *, announced: bool = True) -> int:
        """Bytes a file may have; `announced` is what the interaction claims."""
        guild = self._world.guild_of(it.channel)
        own = self._world.users[it.user_id].upload_limit
        if guild is None:
            return own
        if guild.upload_limit is not None and not announced:
            return guild.upload_limit
        return max(own, guild.promised_limit)

    # Later answers, by token

    def by_token(self, application_id: str, token: str) -> Interaction:
        """The interaction a webhook route means. Raises ApiError 10015 or 50027."""
        it = self._by_token.get(token)
        if application_id != BOT_ID:
            raise ApiError(10015)
        if it is None or self._world.clock() >= it.created_at + TOKEN_SECONDS:
            raise ApiError(50027)
        if it.callback is None:
            raise ApiError(10015)
        return it

    def follow_up(
        self, it: Interaction, payload: Payload, uploads: dict[int, Upload]
    ) -> StoredMessage:
        """Another message; while the first is still "thinking", that one is filled instead."""
        draft = self._draft(it, payload, uploads, validation.CALLBACK_FLAGS)
        first = it.original
        thinking = first is not None and first.loading and self._alive(first)
        if first is not None and thinking and it.callback and it.callback["type"] == DEFER:
            return self._messages.edit(first, draft)
        message = self._blank(it)
        if first is not None and self._alive(first):
            message.type, message.reference = 19, _reference(first)
            if message.metadata is not None:
                message.metadata["original_response_message_id"] = first.id
        if (payload.get("flags") or 0) & EPHEMERAL:
            message.audience = it.user_id
        it.replies.append(message)
        try:
            return self._messages.create(it.channel, message, draft)
        except ApiError:
            it.replies.remove(message)
            raise

    def message(self, it: Interaction, which: str) -> StoredMessage:
        """The message a webhook route names: "@original" or an id. Raises ApiError 10008."""
        if which == "@original":
            return self._present(it.original)
        for each in (it.original, *it.replies):
            if each is not None and each.id == which:
                return self._present(each)
        raise ApiError(10008)

    def edit(
        self, it: Interaction, which: str, payload: Payload, uploads: dict[int, Upload]
    ) -> StoredMessage:
        flags = validation.EDIT_FLAGS | EPHEMERAL
        return self._messages.edit(
            self.message(it, which), self._draft(it, payload, uploads, flags)
        )

    def delete(self, it: Interaction, which: str) -> None:
        self._messages.delete(self.message(it, which))

    def _alive(self, message: StoredMessage) -> bool:
        return message.id in self._world.messages.get(message.channel_id, {})

    def _present(self, message: StoredMessage | None) -> StoredMessage:
        if message is None or not self._alive(message):
            raise ApiError(10008)
        return message


def _reference(message: StoredMessage) -> Payload:
    shape = {"type": 0, "channel_id": message.channel_id, "message_id": message.id}
    return shape | ({"guild_id": message.guild_id} if message.guild_id else {})


def _check_choices(data: Payload) -> None:
    problems = Problems()
    choices = data.get("choices")
    if problems.length("data.choices", choices, 0, 25):
        for index, choice in enumerate(choices or []):
            problems.length(f"data.choices.{index}.name", choice.get("name"), 1, 100)
            if isinstance(choice.get("value"), str):
                problems.length(f"data.choices.{index}.value", choice["value"], 0, 100)
    problems.finish()
