"""The messages that answer an interaction: the first one and those that follow, by its token.

Knows how an answer becomes a message and which messages a token reaches; deadlines and the life of
the token are minded in `interactions`.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.rules import mentions, validation
from bot.sandbox.rules.errors import ApiError, Problems
from bot.sandbox.rules.flags import EPHEMERAL, LOADING
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.interaction import (
    DEFER,
    DEFER_UPDATE,
    REPLY,
    UPDATE,
    Interaction,
    file_limit,
)
from bot.sandbox.world.message import StoredMessage, Upload
from bot.sandbox.world.messages import Draft, Messages
from bot.sandbox.world.world import World

Payload = dict[str, Any]
Uploads = dict[int, Upload]


class Answers:
    """Writes, finds, changes and removes them; errors are those of `Messages` and of threads."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def first(self, it: Interaction, kind: int, data: Payload, uploads: Uploads) -> None:
        """Take a callback of a type that has to do with messages."""
        if kind in (REPLY, DEFER):
            it.original = self._reply(it, kind, data, uploads)
        elif kind == UPDATE:
            draft = self._draft(it, data, uploads, validation.CALLBACK_FLAGS)
            it.original = self._change(it, self._present(it.message), draft)
        elif kind == DEFER_UPDATE:
            it.original = it.message

    def _reply(self, it: Interaction, kind: int, data: Payload, uploads: Uploads) -> StoredMessage:
        if it.original is not None:
            raise ApiError(40060)
        message = self._blank(it)
        if it.message is not None:
            message.type = 19
            message.reference = _reference(it.message)
        else:
            message.type = 20 if it.data.get("type", 1) == 1 else 23
        flags = data.get("flags") or 0
        if kind == DEFER:
            _check_deferred(flags)
            message.flags = LOADING | flags
        message.audience = it.user_id if flags & EPHEMERAL else None
        self._before_writing(it)
        if kind == DEFER:
            return self._messages.post(it.channel, message)
        draft = self._draft(it, data, uploads, validation.CALLBACK_FLAGS)
        return self._messages.create(it.channel, message, draft)

    def follow_up(self, it: Interaction, payload: Payload, uploads: Uploads) -> StoredMessage:
        """Another message; while the first is still "thinking", that one is filled instead."""
        draft = self._draft(it, payload, uploads, validation.CALLBACK_FLAGS)
        first = it.original
        if first is not None and self._thinking(it, first):
            return self._change(it, first, draft)
        self._before_writing(it)
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
        self, it: Interaction, which: str, payload: Payload, uploads: Uploads
    ) -> StoredMessage:
        """Change a message, named as in `message`."""
        flags = validation.EDIT_FLAGS | EPHEMERAL
        draft = self._draft(it, payload, uploads, flags)
        return self._change(it, self.message(it, which), draft)

    def delete(self, it: Interaction, which: str) -> None:
        """Remove a message, named as in `message`."""
        found = self.message(it, which)
        self._world.threads.before_deleting(it.channel, self._may(it))
        self._messages.delete(found)

    def _change(self, it: Interaction, message: StoredMessage, draft: Draft) -> StoredMessage:
        self._world.threads.before_editing(it.channel, self._may(it))
        return self._messages.edit(message, draft)

    def _before_writing(self, it: Interaction) -> None:
        self._world.threads.before_writing(it.channel, self._may(it))

    def _may(self, it: Interaction) -> int:
        return self._world.rights.app_permissions(it.channel)

    def _blank(self, it: Interaction) -> StoredMessage:
        message = self._messages.blank(it.channel, self._world.bot)
        message.webhook_id = BOT_ID
        message.metadata = it.metadata()
        return message

    def _draft(self, it: Interaction, data: Payload, uploads: Uploads, flags: int) -> Draft:
        limit = file_limit(self._world, it, announced=False)
        return Draft(data, uploads, limit, flags, mentions.USERS_ONLY)

    def _thinking(self, it: Interaction, first: StoredMessage) -> bool:
        deferred = it.callback is not None and it.callback["type"] == DEFER
        return deferred and first.loading and self._alive(first)

    def _alive(self, message: StoredMessage) -> bool:
        return message.id in self._world.messages.get(message.channel_id, {})

    def _present(self, message: StoredMessage | None) -> StoredMessage:
        if message is None or not self._alive(message):
            raise ApiError(10008)
        return message


def _reference(message: StoredMessage) -> Payload:
    shape = {"type": 0, "channel_id": message.channel_id, "message_id": message.id}
    return shape | ({"guild_id": message.guild_id} if message.guild_id else {})


def _check_deferred(flags: int) -> None:
    if flags & ~EPHEMERAL:
        problems = Problems()
        text = "A deferred answer takes the EPHEMERAL flag only"
        problems.add("data.flags", "MESSAGE_FLAGS_INVALID", text)
        problems.finish()
