"""A bot takes over from the version before: what that one posted is pressed, and it answers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Sandbox, StoredMessage
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.messages import Message
from tests.kit.scene import Scene
from tests.storage import version_2
from tests.storage.version_2 import DIRECT_GRID, GRID, REROLLED, RUNNING, UPSCALED, VARIED, WAITING

POSTED = "2026-06-01T07:00:00+00:00"
OLD = version_2.messages()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Much is posted at once here, and what limits that is shown elsewhere."""
    async with Sandbox(port=0, rate_limits=False) as one:
        yield one


@contextlib.asynccontextmanager
async def taken_over(
    sandbox: Sandbox, folder: Path, executor: Executor
) -> AsyncIterator[tuple[Easel, Scene]]:
    """A bot on the database of the version before, whose messages stand in their channels."""
    version_2.restore(folder / "easel.sqlite3", folder / "images")
    for told in version_2.messages().values():
        put(sandbox, told)
    async with running(sandbox, settings_for(sandbox, folder), executor) as easel:
        yield easel, Scene(sandbox, "Mia")


def put(sandbox: Sandbox, told: Message) -> None:
    """As a message that the bot sent long ago."""
    channel, bot = sandbox.world.channels[str(told["channel"])], sandbox.world.bot
    message = StoredMessage(str(told["message"]), channel.id, channel.guild_id, bot, 0, POSTED)
    message.content, message.components = told["content"], told["components"]
    parts = [part for row in message.components for part in (row, *row["components"])]
    for number, part in enumerate(parts, 1):
        part["id"] = number
    sandbox.world.messages[channel.id][message.id] = message


def shown(mia: Scene, name: str) -> Message:
    """A message of the version before, as it is now."""
    told = OLD[name]
    found = mia.person.messages(str(told["channel"]))
    return next(each for each in found if each["id"] == str(told["message"]))


async def press(easel: Easel, mia: Scene, name: str, button: str) -> tuple[sqlite3.Row, Message]:
    """Press a button of an old message: the job that it makes, and its result."""
    folder, message = easel.settings.data_dir, shown(mia, name)
    newest = "SELECT * FROM jobs ORDER BY rowid DESC LIMIT 1"
    before = books.rows(folder, newest)[0]["id"]
    await (await mia.click(message, button)).ack()
    [job] = await easel.sandbox.wait_for(
        lambda: [row for row in books.rows(folder, newest) if row["id"] != before]
    )
    [result] = await easel.sandbox.wait_for(
        lambda: [
            each
            for each in mia.results(message["channel_id"])
            if messages.job_of(each) == job["id"]
        ]
    )
    assert result["message_reference"]["message_id"] == message["id"]
    assert button in messages.used(shown(mia, name))
    return job, result


# Message, button, and what comes of it: the job above it, its action, its source and its tile.
PRESSES = [
    ("grid", "U1", GRID, "upscale", GRID, 1),
    ("grid", "V4", GRID, "vary", GRID, 4),
    ("variation", "🔄", VARIED, "reroll", GRID, 1),
    ("upscale", "Vary", UPSCALED, "vary", UPSCALED, 1),
    ("reroll", "U2", REROLLED, "upscale", REROLLED, 2),
    ("direct", "V1", DIRECT_GRID, "vary", DIRECT_GRID, 1),
]
UNDER_GRID = ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4", "⋯"]
UNDER_ONE = [
    "Upscale (Subtle)", "Upscale (Creative)", "Vary (Subtle)", "Vary (Strong)", "Vary (Region)",
    "Zoom Out 2×", "Zoom Out 1.5×", "Custom Zoom", "Make Square", "⬅️", "➡️", "⬆️", "⬇️", "❤️", "⋯",
]  # fmt: skip


async def test_buttons_of_the_version_before_do_what_they_say(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with taken_over(sandbox, tmp_path, FakeExecutor(automatic=True)) as (easel, mia):
        for name, button, parent, action, source, tile in PRESSES:
            job, result = await press(easel, mia, name, button)
            assert (job["parent_id"], job["action"]) == (parent, action)
            assert (job["source_job"], job["source_tile"]) == (source, tile)
            under = UNDER_ONE if action == "upscale" else UNDER_GRID
            assert list(messages.buttons(result)) == under
        # It was taken out before, and stands there still.
        said = await mia.refused(await mia.click(shown(mia, "grid"), "U2"))
        assert said.startswith("Image #2 is here already: ")
        assert said.endswith(f"/{OLD['upscale']['message']}")
    # A button that is not made any more stays where it was used, beside those of today.
    assert messages.used(shown(mia, "upscale")) == {"Vary"}
    assert list(messages.buttons(shown(mia, "upscale"))) == [*UNDER_ONE[:2], "Vary", *UNDER_ONE[2:]]
    # Pressed before: V1 and U2, 🔄; the rest just now.
    assert messages.used(shown(mia, "grid")) == {"U1", "U2", "🔄", "V1", "V4"}


async def test_what_the_version_before_left_undrawn_is_cancelled(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    held = "SELECT COUNT(*) FROM ledger WHERE kind = 'release' AND job_id = ?"
    async with taken_over(sandbox, tmp_path, FakeExecutor(workers=0)) as (_, mia):
        for name, job in (("running", RUNNING), ("waiting", WAITING)):
            await (await mia.click(shown(mia, name), "Cancel")).ack()
            await sandbox.wait_for(lambda name=name: "(Stopped)" in shown(mia, name)["content"])
            assert shown(mia, name)["components"] == []
            [row] = books.rows(tmp_path, "SELECT state FROM jobs WHERE id = ?", job)
            assert row["state"] == "cancelled"
            assert books.rows(tmp_path, held, job)[0][0] == 1


async def test_a_form_of_the_version_before_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    mia, plain = Scene(sandbox, "Mia"), settings_for(sandbox, tmp_path / "before")
    with_form = replace(plain, extensions=("tests.kit.forms",))
    async with running(sandbox, with_form, FakeExecutor(workers=0)):
        form = await mia.slash("form")
        await form.ack()
    async with taken_over(sandbox, tmp_path, FakeExecutor(workers=0)):
        said = await mia.refused(await mia.person.submit(form, {"word": "fox"}))
        assert "press its button anew" in said
