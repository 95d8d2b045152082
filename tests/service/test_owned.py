"""What owners do with their results: only they, and what they delete weighs nothing any more."""

from __future__ import annotations

import os

import pytest

from bot.domain.action import Action
from bot.domain.delivery import GivenUp
from bot.domain.errors import NotAllowed, NotFound, StoreUnavailable, TooLarge
from bot.domain.job import JobStatus
from bot.service.pictures import PREVIEWS_AGE_S
from tests.kit.app import (
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    MODERATOR_ASKS,
    House,
)  # fmt: skip


async def test_only_owners_where_they_may_see_it(house: House) -> None:
    job = await house.draw()
    owned = house.service.owned
    for asker in (BERT_ASKS, MODERATOR_ASKS):
        with pytest.raises(NotAllowed, match="for whoever asked for the picture"):
            await owned.of(asker, HERE, job.id)
        with pytest.raises(NotFound):
            await owned.of(asker, ELSEWHERE, job.id)
    with pytest.raises(NotFound):
        await owned.of(ANNA_ASKS, ELSEWHERE, job.id)
    assert (await owned.of(ANNA_ASKS, DIRECT, job.id)).job == job
    with pytest.raises(NotFound):
        await owned.of(ANNA_ASKS, HERE, "f" * 32)
    house.executor.automatic = False
    waiting = await house.imagine()
    with pytest.raises(NotFound, match="no pictures of this"):
        await owned.of(ANNA_ASKS, HERE, waiting.id)


async def test_what_is_deleted_weighs_nothing_and_what_shares_a_file_stays(house: House) -> None:
    grid = await house.draw()
    single = await house.press(Action.UPSCALE, grid.tile(2), BERT_ASKS)
    whole = await house.parts.pictures.kept_bytes()
    one = (await house.parts.pictures.of_job(single.id))[1].bytes
    await house.posted(grid, 7)
    await house.service.owned.delete(ANNA_ASKS, HERE, grid.id)
    gone = await house.parts.removals.due(house.clock())
    assert gone is not None
    assert (gone.message, gone.job) == (7, None)
    assert await house.parts.pictures.kept_bytes() == one < whole
    assert await house.parts.files.read(single.tile(1)) is not None
    assert await house.parts.files.read(grid.tile(2)) is None
    # What was still to be posted is not.
    await house.service.owned.delete(BERT_ASKS, HERE, single.id)
    row = await house.service.outbox.of_job(single.id)
    assert row is not None
    assert row.given_up is GivenUp.WITHDRAWN
    assert await house.parts.pictures.kept_bytes() == 0
    assert await house.owed() == []
    for job in (grid, single):
        with pytest.raises(NotFound):
            await house.service.owned.delete(ANNA_ASKS if job is grid else BERT_ASKS, HERE, job.id)
    left = await house.jobs.get(grid.id)
    assert left is not None
    assert left.deleted
    assert (left.status, left.cost) == (JobStatus.SUCCEEDED, 1)
    assert not left.request.prompt.text.strip("…")
    await house.restart()
    assert (await house.jobs.get(grid.id)) == left


async def test_what_waits_for_a_deleted_picture_fails_free_of_charge(house: House) -> None:
    grid = await house.draw()
    house.executor.automatic = False
    await house.imagine("a slow one")
    await house.executor.started(2)
    varied = await house.press(Action.VARY, grid.tile(1))
    await house.service.owned.delete(ANNA_ASKS, HERE, grid.id)
    house.executor.automatic = True
    await house.executor.runs[1].finish()
    ended = (await house.end(varied)).job
    assert ended.failure is not None
    assert "cleared away" in ended.failure.sentence
    assert len(await house.jobs.of_account(grid.account)) == 0


async def test_a_disk_that_lets_nothing_go_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await house.draw()

    async def refuse(_tiles: object) -> None:
        raise OSError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(house.parts.files, "delete", refuse)
        with pytest.raises(StoreUnavailable):
            await house.service.owned.delete(ANNA_ASKS, HERE, job.id)
    assert (await house.service.owned.of(ANNA_ASKS, HERE, job.id)).job == job
    await house.service.owned.delete(ANNA_ASKS, HERE, job.id)


async def test_what_cannot_be_sent_without_loss_is_not_sent_with_any(house: House) -> None:
    job = await house.draw()
    [first, *others] = await house.service.owned.pngs(ANNA_ASKS, HERE, job.id, 1 << 20)
    assert first.filename.endswith(".png")
    assert len(others) == 3
    with pytest.raises(TooLarge, match="without loss"):
        await house.service.owned.pngs(ANNA_ASKS, HERE, job.id, 100)


async def test_previews_are_swept_with_age(house: House) -> None:
    job = await house.draw()
    previews = house.parts.files.previews
    await previews.keep(job.id, [b"seen"])
    old = house.clock.now - PREVIEWS_AGE_S - 1
    os.utime(previews._path(job.id), (old + 2, old + 2))
    await house.service.pictures.housekeeping()
    assert (await house.service.owned.of(ANNA_ASKS, HERE, job.id)).known
    os.utime(previews._path(job.id), (old, old))
    await house.service.pictures.housekeeping()
    assert not (await house.service.owned.of(ANNA_ASKS, HERE, job.id)).known
    with pytest.raises(NotFound, match="was not kept"):
        await house.service.owned.making(ANNA_ASKS, HERE, job.id)
