"""The rules for the body of a message, with Discord's own error bodies.

Knows lengths, counts and what excludes what; does not know permissions.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.rules import components, mentions
from bot.sandbox.rules.errors import ApiError, Problems
from bot.sandbox.rules.flags import (
    COMPONENTS_V2,
    EPHEMERAL,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
)

_VOICE_MESSAGE = 1 << 13
CREATE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | _VOICE_MESSAGE | COMPONENTS_V2
CALLBACK_FLAGS = CREATE_FLAGS | EPHEMERAL
EDIT_FLAGS = SUPPRESS_EMBEDS | COMPONENTS_V2
REQUEST_LIMIT = 25 * 1024 * 1024
"""Bytes all files of one request may have."""
_EMBED_TOTAL = 6000

Payload = dict[str, Any]


def check_message(payload: Payload, flags: int, allowed_flags: int) -> None:
    """Check the fields of a message to be created or edited; `flags` as it will have them.

    Raises ApiError 50035 with the path of every problem.
    """
    problems = Problems()
    given = payload.get("flags") or 0
    if not isinstance(given, int) or given & ~allowed_flags:
        text = "Flags can only be SUPPRESS_EMBEDS, EPHEMERAL, IS_COMPONENTS_V2 and the like here"
        problems.add("flags", "MESSAGE_FLAGS_INVALID", text)
    v2 = bool(flags & COMPONENTS_V2)
    _content(payload.get("content"), v2, problems)
    _embeds(payload.get("embeds"), v2, problems)
    if v2 and (payload.get("poll") or payload.get("sticker_ids")):
        problems.add("poll", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", _LEGACY)
    if payload.get("components") is not None:
        components.check_message(payload["components"], v2, problems)
    mentions.check(payload.get("allowed_mentions"), problems)
    nonce = payload.get("nonce")
    if isinstance(nonce, str):
        problems.length("nonce", nonce, 0, 25)
    problems.finish()


_LEGACY = (
    "The 'content', 'embeds', 'poll' and 'stickers' fields cannot be used with IS_COMPONENTS_V2"
)


def _content(content: object, v2: bool, problems: Problems) -> None:
    if content is None:
        return
    if not isinstance(content, str):
        problems.add(
            "content", "STRING_TYPE_CONVERT", f"Could not interpret {content!r} as string."
        )
    elif v2 and content:
        problems.add("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", _LEGACY)
    else:
        problems.length("content", content, 0, 2000)


def _embeds(embeds: object, v2: bool, problems: Problems) -> None:
    if embeds is None:
        return
    if v2 and embeds:
        problems.add("embeds", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", _LEGACY)
        return
    if not problems.length("embeds", embeds, 0, 10):
        return
    assert isinstance(embeds, list)
    total = sum(_embed(f"embeds.{index}", embed, problems) for index, embed in enumerate(embeds))
    if total > _EMBED_TOTAL:
        text = f"Embed size exceeds maximum size of {_EMBED_TOTAL}"
        problems.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", text)


def _embed(path: str, embed: Payload, problems: Problems) -> int:
    """Check one embed and return the length of its text."""
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    texts: list[tuple[str, Any, int]] = [
        ("title", embed.get("title"), 256),
        ("description", embed.get("description"), 4096),
        ("footer.text", footer.get("text"), 2048),
        ("author.name", author.get("name"), 256),
    ]
    fields = embed.get("fields") or []
    problems.length(f"{path}.fields", fields, 0, 25)
    total = 0
    for index, each in enumerate(fields):
        problems.length(f"{path}.fields.{index}.name", each.get("name"), 1, 256)
        problems.length(f"{path}.fields.{index}.value", each.get("value"), 1, 1024)
        total += len(str(each.get("name", ""))) + len(str(each.get("value", "")))
    for key, text, most in texts:
        if text is not None:
            problems.length(f"{path}.{key}", text, 0, most)
            total += len(str(text))
    for key in ("image", "thumbnail"):
        url = (embed.get(key) or {}).get("url")
        if url:
            schemes = ("http", "https", "attachment")
            components.check_url(f"{path}.{key}.url", url, schemes, problems)
    return total


def check_sizes(sizes: list[int], limit: int) -> None:
    """Raise ApiError 40005 for a file over `limit` bytes or a request over REQUEST_LIMIT."""
    if any(size > limit for size in sizes) or sum(sizes) > REQUEST_LIMIT:
        raise ApiError(40005)


def check_count(files: int) -> None:
    """A message has at most ten attachments."""
    if files > 10:
        problems = Problems()
        problems.add("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
        problems.finish()
