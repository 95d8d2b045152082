"""Writing, changing and removing messages, whoever asks for it.

Knows the rules for a message's body and files; whether the asker may is decided before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.rules import components, mentions, validation
from bot.sandbox.rules.errors import ApiError, Problems
from bot.sandbox.rules.flags import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
)
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.files import Files
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.guild import User
from bot.sandbox.world.message import File, StoredMessage, Upload
from bot.sandbox.world.snowflake import iso
from bot.sandbox.world.world import Ping, World

Payload = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """What a request wants to write: the JSON body, new files by number, and limits."""

    payload: Payload
    uploads: dict[int, Upload] = field(default_factory=dict)
    file_limit: int = 10 * 1024 * 1024
    allowed_flags: int = validation.CREATE_FLAGS
    mention_default: Payload = field(default_factory=lambda: mentions.EVERYTHING)


class Messages:
    """Changes the messages of the world and tells of every change."""

    def __init__(self, world: World, files: Files, bus: Bus) -> None:
        self._world = world
        self._files = files
        self._bus = bus

    def blank(self, channel: Channel, author: User, kind: int = 0) -> StoredMessage:
        """An empty message, not yet posted."""
        now = iso(self._world.clock())
        return StoredMessage(
            self._world.ids.next(), channel.id, channel.guild_id, author, kind, now
        )

    def write(self, channel: Channel, author: User, payload: Payload) -> StoredMessage:
        """Post what `payload` says in the name of `author`. Raises ApiError as `create` does."""
        return self.create(channel, self.blank(channel, author), Draft(payload))

    def create(self, channel: Channel, message: StoredMessage, draft: Draft) -> StoredMessage:
        """Fill `message` from the draft and post it.

        Raises ApiError 50035, 40005, 50006, or 10003 where the channel is no more, and then changes
        nothing.
        """
        if channel.id not in self._world.messages:
            raise ApiError(10003)
        payload = draft.payload
        message.flags |= (payload.get("flags") or 0) & draft.allowed_flags
        validation.check_message(payload, message.flags, draft.allowed_flags)
        files = self._files_after(message, draft)
        message.content = (payload.get("content") or "").strip()
        message.embeds = list(payload.get("embeds") or [])
        message.components = list(payload.get("components") or [])
        message.tts = bool(payload.get("tts"))
        self._check_result(message, files)
        self._store_files(message, files)
        components.number(message.components)
        self._resolve_mentions(message, draft)
        message.nonce = payload.get("nonce")
        return self.post(channel, message)

    def post(self, channel: Channel, message: StoredMessage) -> StoredMessage:
        """Put a finished message into its channel and ping whom it mentions."""
        self._world.messages[channel.id][message.id] = message
        channel.last_message_id = message.id
        self._ping(channel, message)
        self._bus.publish(News("MESSAGE_CREATE", message, channel.id, channel.guild_id))
        return message

    def edit(self, message: StoredMessage, draft: Draft) -> StoredMessage:
        """Change what the draft names and keep the rest.

        Raises ApiError 50035, 40005 or 50006 and then changes nothing.
        """
        payload = draft.payload
        after = _with_body(message, draft)
        files = self._files_after(after, draft)
        self._check_result(after, files)
        self._store_files(after, files)
        components.number(after.components)
        if "content" in payload or "components" in payload or "allowed_mentions" in payload:
            self._resolve_mentions(after, draft)
        if not message.loading:
            after.edited_timestamp = iso(self._world.clock())
        vars(message).update(vars(after))
        self._bus.publish(News("MESSAGE_UPDATE", message, message.channel_id, message.guild_id))
        return message

    def delete(self, message: StoredMessage) -> None:
        """Remove a message with its files."""
        del self._world.messages[message.channel_id][message.id]
        for entry in message.files:
            self._files.remove(entry.id)
        self._bus.publish(News("MESSAGE_DELETE", message, message.channel_id, message.guild_id))

    def react(self, message: StoredMessage, user_id: str, emoji: str) -> None:
        """Add a reaction, once a person and emoji."""
        users = message.reactions.setdefault(emoji, [])
        if user_id not in users:
            users.append(user_id)
            self._reacted("MESSAGE_REACTION_ADD", message, user_id, emoji)

    def unreact(self, message: StoredMessage, user_id: str, emoji: str) -> None:
        """Take a reaction back, if there is one."""
        users = message.reactions.get(emoji, [])
        if user_id in users:
            users.remove(user_id)
            if not users:
                del message.reactions[emoji]
            self._reacted("MESSAGE_REACTION_REMOVE", message, user_id, emoji)

    def _reacted(self, name: str, message: StoredMessage, user_id: str, emoji: str) -> None:
        where = (message.channel_id, message.guild_id)
        self._bus.publish(News(name, message, *where, user_id=user_id, emoji=emoji))

    def _files_after(self, message: StoredMessage, draft: Draft) -> list[File | _New]:
        """The files the message will have, kept ones and new ones, in order."""
        listed = draft.payload.get("attachments")
        sizes = [len(upload.data) for upload in draft.uploads.values()]
        validation.check_sizes(sizes, draft.file_limit)
        waiting = dict(draft.uploads)
        if listed is None:
            kept: list[File | _New] = [] if waiting else list(message.files)
        else:
            kept = _listed_files(listed, message, waiting)
        kept += [_New(upload, {}) for upload in waiting.values()]
        validation.check_count(len(kept))
        return kept

    def _store_files(self, message: StoredMessage, files: list[File | _New]) -> None:
        for gone in {entry.id for entry in message.files} - {
            each.id for each in files if isinstance(each, File)
        }:
            self._files.remove(gone)
        place = f"attachments/{message.channel_id}"
        message.files = [
            self._store(place, each, message) if isinstance(each, _New) else each for each in files
        ]

    def _store(self, place: str, new: _New, message: StoredMessage) -> File:
        name = new.filename
        upload = Upload(name, new.upload.content_type, new.upload.data)
        entry = self._files.add(self._world.ids.next(), place, upload)
        entry.description = new.item.get("description") or None
        entry.spoiler = bool(new.item.get("is_spoiler")) or name.startswith("SPOILER_")
        entry.ephemeral = message.audience is not None
        return entry

    def _check_result(self, message: StoredMessage, files: list[File | _New]) -> None:
        self._check_skus(message)
        if message.flags & COMPONENTS_V2:
            problems = Problems()
            if message.content or message.embeds:
                text = "content and embeds must be emptied when IS_COMPONENTS_V2 is set"
                code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
                problems.add("content", code, text)
            _check_media(message, files, problems)
            problems.finish()
            if not message.components:
                raise ApiError(50006)
        elif not (message.content or message.embeds or files):
            raise ApiError(50006)

    def _check_skus(self, message: StoredMessage) -> None:
        """Premium buttons sell only what can be bought."""
        problems, skus = Problems(), self._world.shop.skus
        for part in components.walk(message.components):
            sku = skus.get(str(part["sku_id"])) if part.get("sku_id") else None
            if part.get("sku_id") and not (sku and sku.available):
                problems.add("components", "BUTTON_COMPONENT_INVALID_SKU", "Unknown SKU")
        problems.finish()

    def _resolve_mentions(self, message: StoredMessage, draft: Draft) -> None:
        given = draft.payload.get("allowed_mentions")
        allowed = draft.mention_default if given is None else given
        text = f"{message.content}\n{components.text_of(message.components)}"
        replied = None
        if message.type == 19 and message.reference:
            answered = self._world.message(str(message.reference.get("message_id")))
            replied = answered.author.id if answered else None
        found = mentions.resolve(text, allowed, replied)
        message.allowed_mentions = given
        message.mentions = [each for each in found.users if each in self._world.users]
        guild = self._world.guilds.get(message.guild_id or "")
        message.mention_roles = [each for each in found.roles if guild and each in guild.roles]
        message.mention_everyone = found.everyone and guild is not None

    def _ping(self, channel: Channel, message: StoredMessage) -> None:
        if message.flags & (SUPPRESS_NOTIFICATIONS | EPHEMERAL):
            return
        guild = self._world.guild_of(channel)
        pinged = set(message.mentions)
        for member in guild.members.values() if guild else ():
            if message.mention_everyone or set(member.roles) & set(message.mention_roles):
                pinged.add(member.user.id)
        pinged -= {message.author.id, BOT_ID}
        self._world.pings += [Ping(message.id, user_id) for user_id in sorted(pinged)]


def _with_body(message: StoredMessage, draft: Draft) -> StoredMessage:
    """A copy of the message with the text the draft gives it. Raises ApiError 50035."""
    payload = draft.payload
    flags, given = message.flags & ~LOADING, payload.get("flags")
    if given is not None:
        flags = flags & ~SUPPRESS_EMBEDS | given & (SUPPRESS_EMBEDS | COMPONENTS_V2)
    validation.check_message(payload, flags, draft.allowed_flags | message.flags)
    after = StoredMessage(**vars(message))
    after.flags = flags
    if "content" in payload:
        after.content = (payload["content"] or "").strip()
    if "embeds" in payload:
        after.embeds = list(payload["embeds"] or [])
    if "components" in payload:
        after.components = list(payload["components"] or [])
    return after


@dataclass(frozen=True)
class _New:
    """A file still to be stored, with its entry in the body's attachments list."""

    upload: Upload
    item: Payload

    @property
    def filename(self) -> str:
        return self.item.get("filename") or self.upload.filename


def _listed_files(
    listed: list[Payload], message: StoredMessage, waiting: dict[int, Upload]
) -> list[File | _New]:
    """Files that a body names, by id on the message or by number among those that came with it.

    Takes the latter out of `waiting`.
    """
    kept: list[File | _New] = []
    present = {entry.id: entry for entry in message.files}
    problems = Problems()
    for index, item in enumerate(listed):
        key = str(item.get("id"))
        if key in present:
            kept.append(present[key])
        elif key.isdecimal() and int(key) in waiting:
            kept.append(_New(waiting.pop(int(key)), item))
        else:
            text = f"Attachment {key} is neither on the message nor in the request"
            problems.add(f"attachments.{index}.id", "ATTACHMENT_NOT_FOUND", text)
        if item.get("description"):
            problems.length(f"attachments.{index}.description", item["description"], 0, 1024)
    problems.finish()
    return kept


def _check_media(message: StoredMessage, files: list[File | _New], problems: Problems) -> None:
    """Components show only files that the message will have."""
    known = {each.filename for each in files}
    for part in components.walk(message.components):
        for media in components.media_of(part):
            url = str(media.get("url", ""))
            name = url.removeprefix("attachment://")
            if name != url and name not in known:
                text = f"The attachment {name!r} is not on the message"
                problems.add(
                    "components", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", text
                )
