"""Reading a channel as a person does, and the database as an auditor does."""

from __future__ import annotations

import io
import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bot import imaging
from bot.sandbox import Invocation, Person, Sandbox

Message = dict[str, Any]
PRIMARY, SECONDARY = 1, 2
EPHEMERAL = 64
PATIENCE_S = 60.0


def results(person: Person, channel: object = "imagine") -> list[Message]:
    """Messages with a finished picture, oldest first."""
    return [m for m in person.messages(channel) if is_result(m)]


def notices(person: Person, channel: object = "imagine") -> list[Message]:
    """Progress messages and those that tell of an end without pictures."""
    return [
        message
        for message in person.messages(channel)
        if not is_result(message) and not message["flags"] & EPHEMERAL
    ]


def private(person: Person, channel: object = "imagine") -> list[Message]:
    return [m for m in person.messages(channel) if m["flags"] & EPHEMERAL]


def is_result(message: Message) -> bool:
    return any(file["filename"].startswith("easel_") for file in message["attachments"])


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


def text_of(message: Message | None) -> str:
    """Everything a message says, its embeds included; nothing when it is gone."""
    if message is None:
        return ""
    parts = [message.get("content") or ""]
    for embed in message.get("embeds") or []:
        parts += [embed.get("title", ""), embed.get("description", "")]
        for field in embed.get("fields", []):
            parts += [field["name"], field["value"]]
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


async def imagine(sandbox: Sandbox, person: Person, prompt: str, **where: Any) -> Message:
    """Ask for a grid and wait until it is there and its progress message is gone."""
    channel = person.dm if where.get("dm") else where.get("channel", "imagine")
    known = {m["id"] for m in results(person, channel)}
    await (await person.slash("imagine", prompt=prompt, **where)).ack()
    return await new_result(sandbox, person, known, channel)


async def press(sandbox: Sandbox, person: Person, message: Message, button: str) -> Message:
    """Press a button and wait for the result that it brings."""
    channel = message["channel_id"]
    known = {m["id"] for m in results(person, channel)}
    await (await person.click(message, button)).ack()
    return await new_result(sandbox, person, known, channel)


async def new_result(
    sandbox: Sandbox, person: Person, known: set[str], channel: object = "imagine"
) -> Message:
    """The first result that is not among `known`, once no progress is shown any more."""

    def arrived() -> Message | None:
        fresh = [m for m in results(person, channel) if m["id"] not in known]
        return fresh[0] if fresh and not notices(person, channel) else None

    found = await sandbox.wait_for(arrived, PATIENCE_S)
    assert found is not None
    return found


async def refused(sandbox: Sandbox, person: Person, asked: Invocation) -> str:
    """The private answer to a press, wherever it was said."""
    await asked.ack()

    def said() -> list[str]:
        return [text_of(reply) for reply in asked.replies if reply["flags"] & EPHEMERAL]

    [text] = await sandbox.wait_for(said)
    return text


def rows(folder: Path, sql: str, *values: object) -> list[sqlite3.Row]:
    """What the bot's database says."""
    connection = sqlite3.connect(f"file:{folder / 'easel.sqlite3'}?mode=ro", uri=True, timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def states(folder: Path) -> list[str]:
    """The states of all jobs, oldest first."""
    return [row["state"] for row in rows(folder, "SELECT state FROM jobs ORDER BY rowid")]


def spent(folder: Path) -> int:
    """Credits that were captured; fails unless every hold has exactly one end or is open."""
    ledger = rows(folder, "SELECT job_id, kind, amount FROM ledger WHERE kind <> 'grant'")
    total = 0
    for job in {row["job_id"] for row in ledger}:
        held = -sum(
            row["amount"] for row in ledger if (row["job_id"], row["kind"]) == (job, "hold")
        )
        given = sum(
            row["amount"] for row in ledger if (row["job_id"], row["kind"]) == (job, "release")
        )
        captured = any((row["job_id"], row["kind"]) == (job, "capture") for row in ledger)
        assert held == 1
        assert (given == held) != captured or (not given and not captured)
        total += held if captured else 0
    return total


def open_holds(folder: Path) -> int:
    """Holds that were neither captured nor released."""
    [row] = rows(
        folder,
        "SELECT COUNT(*) AS n FROM ledger h WHERE kind = 'hold' AND NOT EXISTS (SELECT 1 FROM"
        " ledger e WHERE e.job_id = h.job_id AND e.kind IN ('capture', 'release'))",
    )
    return row["n"]


async def until_drawing(sandbox: Sandbox, person: Person, channel: object = "imagine") -> Message:
    """The progress message of a "slow" prompt, once the gate holds its drawing up."""

    def held() -> Message | None:
        shown = [each for each in notices(person, channel) if "(33%)" in each["content"]]
        return shown[-1] if shown else None

    found = await sandbox.wait_for(held, PATIENCE_S)
    assert found is not None
    return found


async def until_said(
    sandbox: Sandbox, person: Person, words: str, channel: object = "imagine"
) -> Message:
    """The public message without a picture that says these words."""

    def said() -> list[Message]:
        return [each for each in notices(person, channel) if words in each["content"]]

    return (await sandbox.wait_for(said, PATIENCE_S))[-1]
