"""Messages as a person reads them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from bot import imaging
from bot.sandbox import Sandbox

Message = dict[str, Any]
PRIMARY, SECONDARY = 1, 2
_TEXT = 10
EPHEMERAL, COMPONENTS_V2 = 64, 1 << 15


def is_result(message: Message) -> bool:
    return any(
        file["filename"].removeprefix("SPOILER_").startswith("easel_")
        for file in message["attachments"]
    )


def job_of(message: Message) -> str:
    """The job's id in the attachment's name."""
    found = re.search(r"_([0-9a-f]{32})\.", message["attachments"][0]["filename"])
    assert found
    return found[1]


def buttons(message: Message) -> dict[str, Message]:
    """Buttons by label or emoji, in reading order."""
    return {
        button.get("label") or button["emoji"]["name"]: button
        for row in message["components"]
        for button in row["components"]
    }


def used(message: Message) -> set[str]:
    """Labels of the buttons that changed their style."""
    return {label for label, each in buttons(message).items() if each["style"] == PRIMARY}


def components_of(message: Message) -> list[Message]:
    """Every component of a message, parents before children."""
    return list(walk(message.get("components") or []))


def walk(components: list[Message]) -> Iterator[Message]:
    for each in components:
        yield each
        yield from walk(each.get("components") or [])
        yield from walk([each[name] for name in ("accessory", "component") if each.get(name)])


def text_of(message: Message | None) -> str:
    """Everything a message says, its embeds included; nothing when it is gone."""
    if message is None:
        return ""
    parts = [message.get("content") or ""]
    for embed in message.get("embeds") or []:
        parts += [embed.get("title", ""), embed.get("description", "")]
        for field in embed.get("fields", []):
            parts += [field["name"], field["value"]]
    parts += [each["content"] for each in components_of(message) if each["type"] == _TEXT]
    return "\n".join(parts)


def file_of(sandbox: Sandbox, message: Message) -> bytes:
    return sandbox.files[message["attachments"][0]["id"]]


def picture(sandbox: Sandbox, message: Message) -> Image.Image:
    return Image.open(io.BytesIO(file_of(sandbox, message))).convert("RGB")


def recipe(sandbox: Sandbox, message: Message) -> dict[str, Any]:
    found = imaging.read_recipe(file_of(sandbox, message))
    assert found is not None
    return found


def same_pixels(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and bool(np.array_equal(np.asarray(one), np.asarray(other)))
