"""REST: channels, messages and reactions, with the bot token.

Knows what the bot must be permitted for each; how a message is written is in messages.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox.rest.body import answer, done, read
from bot.sandbox.rest.door import PREFIX
from bot.sandbox.rules import validation
from bot.sandbox.rules.errors import ApiError, Problems
from bot.sandbox.world import permissions
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.guild import MIB
from bot.sandbox.world.message import StoredMessage, Upload
from bot.sandbox.world.messages import Draft, Messages
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import World

_NONCE_SECONDS = 300


class ChannelRoutes:
    """Routes of channels, messages and reactions, for the bot token."""

    def __init__(self, world: World, messages: Messages, renderer: Renderer) -> None:
        self._world = world
        self._messages = messages
        self._renderer = renderer
        self._nonces: dict[tuple[str, str], tuple[float, StoredMessage]] = {}

    def add_to(self, app: web.Application) -> None:
        routes = app.router
        routes.add_post(PREFIX + "/users/@me/channels", self.open_dm)
        routes.add_get(PREFIX + "/channels/{channel_id}", self.channel)
        routes.add_post(PREFIX + "/channels/{channel_id}/typing", self.typing)
        many = PREFIX + "/channels/{channel_id}/messages"
        routes.add_get(many, self.history)
        routes.add_post(many, self.create)
        one = many + "/{message_id}"
        routes.add_get(one, self.message)
        routes.add_patch(one, self.edit)
        routes.add_delete(one, self.delete)
        emoji = one + "/reactions/{emoji}"
        routes.add_get(emoji, self.reactors)
        routes.add_put(emoji + "/@me", self.react)
        routes.add_delete(emoji + "/@me", self.unreact)
        routes.add_delete(emoji + "/{user_id}", self.unreact)

    # What the bot may

    def _channel(self, request: web.Request) -> tuple[Channel, int]:
        """The channel and the bot's permissions there. Raises ApiError 10003 or 50001."""
        channel = self._world.channels.get(request.match_info["channel_id"])
        if channel is None:
            raise ApiError(10003)
        may = self._world.rights.may(BOT_ID, channel)
        if not may & permissions.VIEW_CHANNEL:
            raise ApiError(50001)
        return channel, may

    def _message(self, request: web.Request) -> tuple[StoredMessage, int]:
        """The message and the bot's permissions; ephemeral ones are out of reach."""
        channel, may = self._channel(request)
        found = self._world.messages[channel.id].get(request.match_info["message_id"])
        if found is None or found.audience is not None:
            raise ApiError(10008)
        return found, may

    # Channels

    async def open_dm(self, request: web.Request) -> web.Response:
        payload, _ = await read(request)
        user_id = str(payload.get("recipient_id"))
        if user_id not in self._world.users:
            raise ApiError(10013)
        if user_id == BOT_ID:
            raise ApiError(50007)
        return answer(self._world.dm_of(user_id).json())

    async def channel(self, request: web.Request) -> web.Response:
        return answer(self._renderer.channel(self._channel(request)[0]))

    async def typing(self, request: web.Request) -> web.Response:
        channel, may = self._channel(request)
        if not may & permissions.to_write_in(channel):
            raise ApiError(50013)
        return done()

    # Messages

    async def history(self, request: web.Request) -> web.Response:
        channel, may = self._channel(request)
        limit = _limit(request.query.get("limit", "50"))
        if not may & permissions.READ_MESSAGE_HISTORY:
            return answer([])
        stored = self._world.messages[channel.id].values()
        shown = [each for each in stored if each.audience is None]
        chosen = _window(shown, request.query, limit)
        return answer([self._renderer.for_bot(each) for each in reversed(chosen)])

    async def message(self, request: web.Request) -> web.Response:
        found, may = self._message(request)
        if not may & permissions.READ_MESSAGE_HISTORY:
            raise ApiError(50001)
        return answer(self._renderer.for_bot(found))

    async def create(self, request: web.Request) -> web.Response:
        channel, may = self._channel(request)
        payload, uploads = await read(request)
        self._check_may_send(channel, may, payload, uploads)
        nonce = payload.get("nonce")
        earlier = self._earlier(channel, nonce) if payload.get("enforce_nonce") else None
        if earlier is not None:
            return answer(self._renderer.message(earlier))
        message = self._messages.blank(channel, self._world.bot)
        if payload.get("message_reference"):
            self._refer(message, payload["message_reference"], channel, may)
        draft = Draft(payload, uploads, self._file_limit(channel), validation.CREATE_FLAGS)
        self._messages.create(channel, message, draft)
        if nonce is not None:
            self._nonces[channel.id, str(nonce)] = (self._world.clock(), message)
        return answer(self._renderer.message(message))

    def _check_may_send(
        self, channel: Channel, may: int, payload: dict[str, Any], uploads: dict[int, Upload]
    ) -> None:
        if channel.recipient is not None:
            if not self._world.rights.shares_guild(channel.recipient.id):
                raise ApiError(50278)
            if not channel.recipient.dms_open:
                raise ApiError(50007)
        needed = permissions.to_write_in(channel)
        if uploads:
            needed |= permissions.ATTACH_FILES
        if payload.get("embeds"):
            needed |= permissions.EMBED_LINKS
        if may & needed != needed:
            raise ApiError(50013)
        self._world.threads.before_writing(channel, may)

    def _file_limit(self, channel: Channel) -> int:
        guild = self._world.guild_of(channel)
        return guild.file_limit if guild is not None else 10 * MIB

    def _earlier(self, channel: Channel, nonce: object) -> StoredMessage | None:
        """The message that was made with this nonce in the last minutes."""
        made = self._nonces.get((channel.id, str(nonce)))
        if made is None or self._world.clock() > made[0] + _NONCE_SECONDS:
            return None
        return made[1]

    def _refer(
        self, message: StoredMessage, given: dict[str, Any], channel: Channel, may: int
    ) -> None:
        """Make `message` a reply. Raises ApiError 160002 or 50035."""
        if not may & permissions.READ_MESSAGE_HISTORY:
            raise ApiError(160002)
        target = self._world.messages[channel.id].get(str(given.get("message_id")))
        if target is None or target.audience is not None:
            if given.get("fail_if_not_exists", True):
                problems = Problems()
                code = "MESSAGE_REFERENCE_UNKNOWN_MESSAGE"
                problems.add("message_reference", code, "Unknown message")
                problems.finish()
            return
        message.type = 19
        message.reference = {"type": 0, "channel_id": channel.id, "message_id": target.id}
        if channel.guild_id:
            message.reference["guild_id"] = channel.guild_id

    async def edit(self, request: web.Request) -> web.Response:
        found, may = self._message(request)
        payload, uploads = await read(request)
        if found.author.id != BOT_ID:
            raise ApiError(50005)
        if uploads and not may & permissions.ATTACH_FILES:
            raise ApiError(50013)
        channel = self._world.channels[found.channel_id]
        self._world.threads.before_editing(channel, may)
        limit = self._file_limit(channel)
        draft = Draft(payload, uploads, limit, validation.EDIT_FLAGS)
        return answer(self._renderer.message(self._messages.edit(found, draft)))

    async def delete(self, request: web.Request) -> web.Response:
        found, may = self._message(request)
        if found.author.id != BOT_ID:
            self._check_may_moderate(found, may)
        self._world.threads.before_deleting(self._world.channels[found.channel_id], may)
        self._messages.delete(found)
        return done()

    def _check_may_moderate(self, found: StoredMessage, may: int) -> None:
        if found.guild_id is None:
            raise ApiError(50003)
        if not may & permissions.MANAGE_MESSAGES:
            raise ApiError(50013)

    # Reactions

    async def reactors(self, request: web.Request) -> web.Response:
        found, may = self._message(request)
        if not may & permissions.READ_MESSAGE_HISTORY:
            raise ApiError(50001)
        users = found.reactions.get(_emoji(request), [])
        return answer([self._world.users[each].json() for each in users])

    async def react(self, request: web.Request) -> web.Response:
        found, may = self._message(request)
        emoji = _emoji(request)
        needed = permissions.READ_MESSAGE_HISTORY
        if emoji not in found.reactions:
            needed |= permissions.ADD_REACTIONS
        if may & needed != needed:
            raise ApiError(50013)
        self._world.threads.before_reacting(self._world.channels[found.channel_id])
        self._messages.react(found, BOT_ID, emoji)
        return done()

    async def unreact(self, request: web.Request) -> web.Response:
        found, may = self._message(request)
        user_id = request.match_info.get("user_id", BOT_ID)
        if user_id != BOT_ID:
            self._check_may_moderate(found, may)
        self._world.threads.before_reacting(self._world.channels[found.channel_id])
        self._messages.unreact(found, user_id, _emoji(request))
        return done()


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        problems = Problems()
        problems.add("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
        problems.finish()
    return int(text)


def _window(shown: list[StoredMessage], query: Any, limit: int) -> list[StoredMessage]:
    """Messages oldest first: before, after or around an id, else the newest."""
    if "before" in query:
        return [each for each in shown if int(each.id) < int(query["before"])][-limit:]
    if "after" in query:
        return [each for each in shown if int(each.id) > int(query["after"])][:limit]
    if "around" in query:
        middle = int(query["around"])
        older = [each for each in shown if int(each.id) < middle]
        newer = [each for each in shown if int(each.id) >= middle]
        half = limit // 2
        return older[-half:] + newer[: limit - half] if half else newer[:limit]
    return shown[-limit:]


def _emoji(request: web.Request) -> str:
    """The emoji of a reaction route. Raises ApiError 10014 for plain words."""
    text = unquote(request.match_info["emoji"])
    name, _, emoji_id = text.partition(":")
    if emoji_id.isdecimal() and name:
        return text
    if not text or text.isascii() or len(text) > 16:
        raise ApiError(10014)
    return text
