"""/show job: a result by its id, with buttons that work, for who may see it."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def brought(person: Scene, job: str) -> Message:
    """The private result that comes."""
    known = {each["id"] for each in person.private()}
    await (await person.slash("show", job=job)).ack()
    [found] = await person.sandbox.wait_for(
        lambda: [
            each
            for each in person.private()
            if each["id"] not in known and messages.is_result(each)
        ]
    )
    return found


async def test_own_and_public_results_come_with_their_buttons(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine("an owl")
    job = messages.job_of(grid)
    for person, typed in ((mia, job), (noah, f" `{uuid.UUID(job)}` ".upper())):
        found = await brought(person, typed)
        assert messages.same_pixels(
            messages.picture(easel.sandbox, found), messages.picture(easel.sandbox, grid)
        )
        assert list(messages.buttons(found)) == list(messages.buttons(grid))
    await (await noah.click(found, "U2")).ack()
    single = await noah.new_result({grid["id"], found["id"]})
    assert "Image #2" in single["content"]
    assert [each["id"] for each in mia.results() if not each["flags"] & messages.EPHEMERAL] == [
        grid["id"], single["id"],
    ]  # fmt: skip


async def test_nobody_brings_what_is_hidden_or_elsewhere(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    [hidden] = await mia.sandbox.wait_for(lambda: mia.results(mia.dm))
    job = messages.job_of(hidden)
    assert "not here" in await noah.refused(await noah.slash("show", job=job))
    assert messages.job_of(await brought(mia, job)) == job
    grid = await mia.imagine("an owl")
    database = easel.core.parts.jobs._database
    await database.transaction(lambda c: c.execute("UPDATE jobs SET guild_id = 1"))
    for person in (mia, noah):
        asked = await person.slash("show", job=messages.job_of(grid))
        assert "not here" in await person.refused(asked)


@pytest.mark.parametrize("typed", ["fox", "0" * 31, "z" * 32, "../../etc", "%' OR 1=1"])
async def test_what_is_no_id_is_said(
    easel: Easel, sandbox: Sandbox, mia: Scene, typed: str
) -> None:
    assert "32 letters" in await mia.refused(await mia.slash("show", job=typed))


async def test_what_is_made_for_a_look_is_not_kept(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("an owl")
    await easel.settled()
    for _ in range(2):
        await brought(mia, messages.job_of(grid))
    folder = easel.settings.data_dir / "images"
    while await asyncio.to_thread(lambda: [*folder.rglob("upload.*")]):
        await books.rest()
    assert len(easel.core.parts.files.uploads) == 0
