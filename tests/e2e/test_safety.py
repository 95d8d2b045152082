"""Unsafe pictures, as people meet them: by the real classifier, with a threshold that finds every
picture."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from bot.engine.local import LocalExecutor
from bot.sandbox import Sandbox
from tests.e2e.test_more import opened
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, SharedExecutor, running, settings_for
from tests.kit.launcher import simulated
from tests.kit.messages import Message
from tests.kit.scene import Scene


@pytest.fixture(scope="module")
async def checking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalExecutor]:
    """A worker that checks what it draws."""
    gate = Gate(tmp_path_factory.mktemp("gate") / "closed")
    executor = simulated(gate.path, safety="")
    await executor.start()
    yield executor
    await executor.close()


@contextlib.asynccontextmanager
async def bot(
    sandbox: Sandbox, folder: Path, executor: LocalExecutor, **settings: object
) -> AsyncIterator[Easel]:
    made = settings_for(sandbox, folder, **{"safety_model": "", **settings})
    async with running(sandbox, made, SharedExecutor(executor)) as easel:
        yield easel


async def admin(sandbox: Sandbox, command: str, **options: object) -> str:
    """What Ada is told, privately."""
    press = await Scene(sandbox, "Ada").slash(command, **options)
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & messages.EPHEMERAL
    return messages.text_of(press.original)


async def uploaded(person: Scene) -> str:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), "orange").save(made, "PNG")
    return (await person.person.upload("sent.png", made.getvalue(), "image/png"))["id"]


def files(folder: Path) -> list[Path]:
    """Everything but the database."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if path.suffix in (".webp", ".jpg", ".png")]


def covered(message: Message) -> bool:
    [file] = message["attachments"]
    return file["filename"].startswith("SPOILER_") or bool(file.get("flags", 0) & 8)


async def test_from_the_threshold_on_a_picture_is_a_spoiler_and_stays_one(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor
) -> None:
    async with bot(sandbox, tmp_path, checking):
        mia = Scene(sandbox, "Mia")
        assert not covered(await mia.imagine("a fox"))
        said = await admin(sandbox, "safety set", threshold=0)
        assert "**posted as a spoiler, which stays one** (as the operator" in said
        assert "sure of by **0%** or more" in said
        assert "a net with wide meshes" in said
        grid = await mia.imagine("an owl")
        assert covered(grid)
        single = await mia.press(grid, "U1")
        assert covered(single)
        cover = messages.buttons(await opened(mia, single))["Show it"]
        assert cover["disabled"]
        # /describe covers what it shows as well.
        asked = await mia.slash("describe", image=await uploaded(mia))
        await asked.ack()
        [told] = await sandbox.wait_for(lambda: [one for one in asked.replies if one["embeds"]])
        assert covered(told)
        assert not told["embeds"][0].get("image")


async def test_what_is_blocked_is_told_in_one_sentence_and_costs_nothing(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor
) -> None:
    async with bot(sandbox, tmp_path, checking) as easel:
        mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
        said = await admin(sandbox, "safety set", reaction="block", threshold=0)
        assert "**not shown to anybody, deleted and not charged** (decided here)" in said
        await (await mia.slash("imagine", prompt="a fox")).ack()
        told = await mia.until_said("The picture check stopped this")
        assert "nothing of it is shown; try other words" in told["content"]
        assert told["attachments"] == []
        await easel.settled()
        assert mia.results() == []
        assert books.states(tmp_path) == ["failed"]
        assert (books.spent(tmp_path), books.open_holds(tmp_path)) == (0, 0)
        assert files(tmp_path) == []
        for command in ("history", "gallery", "show"):
            asked = await mia.slash(command)
            await asked.ack()
            await sandbox.wait_for(lambda asked=asked: asked.replies)
            assert not any(each["attachments"] for each in asked.replies)
        # What people send is checked before anything is charged.
        refused = await noah.refused(
            await noah.slash("imagine", prompt="a fox", image1=await uploaded(noah))
        )
        assert "The picture check stopped a picture that you sent" in refused
        refused = await noah.refused(await noah.slash("describe", image=await uploaded(noah)))
        assert "The picture check stopped a picture that you sent" in refused
        assert books.states(tmp_path) == ["failed"]
        assert "as the operator of this bot wants it" in await admin(
            sandbox, "safety set", reaction="operator"
        )
        assert not covered(await mia.imagine("a hare", channel="lobby"))
        log = await admin(sandbox, "quota log")
        assert "Unsafe pictures: not shown to anybody, deleted and not charged, from 0% on" in log
        assert "Unsafe pictures: as the operator of this bot wants it" in log


async def test_a_worker_whose_check_is_broken_shows_nothing_where_that_is_blocked(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor
) -> None:
    gate = Gate(tmp_path / "gate")
    broken = simulated(gate.path, safety=str(tmp_path / "nowhere"))
    await broken.start()
    try:
        async with bot(sandbox, tmp_path / "data", broken):
            mia = Scene(sandbox, "Mia")
            # Nobody knows what is in it.
            assert covered(await mia.imagine("a fox"))
            await admin(sandbox, "safety set", reaction="block")
            await (await mia.slash("imagine", prompt="a fox")).ack()
            await mia.until_said("The pictures could not be checked, and others are not shown")
            assert len(mia.results()) == 1
            assert books.spent(tmp_path / "data") == 1
    finally:
        await broken.close()


async def test_off_is_for_the_operator_to_allow_and_a_lack_is_said(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    async with bot(sandbox, tmp_path / "a", checking, safety="block"):
        press = await Scene(sandbox, "Ada").slash("safety set", reaction="off")
        assert "wants pictures to be checked" in await Scene(sandbox, "Ada").refused(press)
    async with bot(sandbox, tmp_path / "b", checking, safety_may_be_off=True):
        assert "**posted like any other** (decided here)" in await admin(
            sandbox, "safety set", reaction="off", threshold=0
        )
        assert not covered(await Scene(sandbox, "Mia").imagine("a fox"))
    nowhere = str(tmp_path / "nowhere")
    async with bot(sandbox, tmp_path / "c", checking, safety_model=nowhere):
        assert f"Pictures are not checked: SAFETY_MODEL {nowhere} is no folder" in caplog.text
        assert "no picture is looked at" in await admin(sandbox, "safety show")
        assert "**nothing is drawn here**" in await admin(sandbox, "safety set", reaction="block")
        mia = Scene(sandbox, "Mia")
        refused = await mia.refused(await mia.slash("imagine", prompt="a fox"))
        assert "none can be checked just now" in refused


async def test_a_u_elsewhere_is_held_to_what_holds_there(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor
) -> None:
    """An age-restricted channel spares what another one covers, or does not show at all."""
    sandbox.world.find_channel("lobby").nsfw = True
    async with bot(sandbox, tmp_path, checking) as easel:
        await admin(sandbox, "safety set", threshold=0)
        mia, grid, shown = await beside(sandbox, tmp_path, "a fox")
        assert not covered(grid)
        assert covered(await mia.press(shown, "U1"))
        await admin(sandbox, "safety set", reaction="block")
        refused = await mia.refused(await mia.click(shown, "U2"))
        assert "The picture check stopped this" in refused
        await easel.settled()
        [posted] = Scene(sandbox, "Noah").results()
        assert covered(posted)
        assert not covered(await mia.press(grid, "U3"))
        taken = "SELECT source_tile FROM jobs WHERE action = 'upscale' ORDER BY rowid"
        assert [row[0] for row in books.rows(tmp_path, taken)] == [1, 3]
        assert len(files(tmp_path)) == 4 + 2


async def test_a_u_of_words_that_are_not_drawn_there_is_refused(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor
) -> None:
    sandbox.world.find_channel("lobby").nsfw = True
    async with bot(sandbox, tmp_path, checking) as easel:
        await admin(sandbox, "moderation block", word="nude", kind="age-restricted")
        mia, grid, shown = await beside(sandbox, tmp_path, "a nude")
        assert "nude" in await mia.refused(await mia.click(shown, "U1"))
        assert (await mia.press(grid, "U1"))["channel_id"] == grid["channel_id"]
        await easel.settled()
        assert Scene(sandbox, "Noah").results() == []


async def beside(sandbox: Sandbox, folder: Path, prompt: str) -> tuple[Scene, Message, Message]:
    """Mia, her grid in a channel with an age limit, and it again, shown to her in one without."""
    mia = Scene(sandbox, "Mia")
    grid = await mia.imagine(prompt, channel="lobby")
    [job] = books.rows(folder, "SELECT id FROM jobs WHERE action = 'imagine'")
    asked = await mia.slash("show", job=job["id"])
    await asked.ack()
    [shown] = await sandbox.wait_for(lambda: [one for one in asked.replies if one["attachments"]])
    return mia, grid, shown
