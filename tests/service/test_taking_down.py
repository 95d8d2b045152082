"""Pressing U in the very moment in which moderators delete the grid: each order of the two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.domain.action import Action, Tile
from bot.domain.delivery import GivenUp
from bot.domain.errors import NotFound
from bot.domain.job import Job
from bot.service.singles import Single
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, HERE, MODERATOR_ASKS, House
from tests.kit.executor import PATIENCE_S
from tests.kit.values import ANNA, GUILD

Deletion = Callable[[House, Job], Awaitable[None]]


async def reported(house: House, grid: Job) -> None:
    """As a moderator does who answers a report."""
    await house.service.reports.add(BERT_ASKS, HERE, grid.id, "")
    await house.service.reports.delete(MODERATOR_ASKS, HERE, grid.id)


async def purged(house: House, grid: Job) -> None:
    """As an admin does who wants all of a member's pictures gone."""
    purging = house.service.purging
    purge = await purging.begin(ADMIN_ASKS, GUILD, ANNA, 0)
    async with asyncio.timeout(PATIENCE_S), purging.ending(purge) as ended:
        await ended.wait()


deleting = pytest.mark.parametrize("delete", [reported, purged])


async def pressed(house: House, grid: Job) -> Single:
    return await house.upscale(grid.tile(1), BERT_ASKS)


async def nothing_is_left(house: House) -> None:
    """No picture of it, and nothing that can be posted, of which nobody is told."""
    assert [*(house.folder / "images").rglob("*.webp")] == []
    while due := await house.service.outbox.due([], 9):  # one of a channel
        for delivery, job in due:
            with pytest.raises(NotFound):
                await house.service.pictures.picture(job, 1 << 20)
            await house.service.outbox.give_up(delivery, GivenUp.GONE, "no file")
    assert await house.owed() == []
    for asker in (ANNA_ASKS, BERT_ASKS):
        assert await house.service.outbox.untold(asker, HERE) == {}
    kept = "SELECT COUNT(*) FROM images WHERE evicted_at IS NULL"
    assert (await house.database.read(lambda c: c.execute(kept).fetchone()))[0] == 0


def before(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, deed: Callable[[], Awaitable[Any]]
) -> None:
    """The next call of a method does this first."""
    real = getattr(owner, name)

    async def called(*given: Any) -> Any:
        monkeypatch.setattr(owner, name, real)
        await deed()
        return await real(*given)

    monkeypatch.setattr(owner, name, called)


@deleting
async def test_after_it_the_press_is_told_so(house: House, delete: Deletion) -> None:
    grid = await house.draw("a fox")
    await house.posted(grid, 501)
    await delete(house, grid)
    for action in (Action.UPSCALE, Action.VARY):
        with pytest.raises(NotFound, match="moderators of this server deleted this picture"):
            await house.press(action, grid.tile(1), BERT_ASKS)
    await nothing_is_left(house)


@deleting
async def test_all_of_it_between_the_file_and_the_row(
    house: House, monkeypatch: pytest.MonkeyPatch, delete: Deletion
) -> None:
    grid = await house.draw("a fox")
    before(monkeypatch, house.jobs, "extract", lambda: delete(house, grid))
    with pytest.raises(NotFound, match="deleted this moment"):
        await pressed(house, grid)
    await nothing_is_left(house)
    assert await house.jobs.upscale_of(grid.tile(1)) is None


@deleting
async def test_the_press_when_the_files_are_gone_and_the_rows_are_not(
    house: House, monkeypatch: pytest.MonkeyPatch, delete: Deletion
) -> None:
    grid = await house.draw("a fox")
    said: list[str] = []

    async def press() -> None:
        for action in (Action.UPSCALE, Action.VARY):
            with pytest.raises(NotFound) as told:
                await house.press(action, grid.tile(1), BERT_ASKS)
            said.append(str(told.value))

    owner = house.parts.reports if delete is reported else house.parts.purges
    before(monkeypatch, owner, "take_down", press)
    await delete(house, grid)
    assert all("deleted this moment" in each for each in said)
    assert len(said) == 2
    await nothing_is_left(house)


@deleting
async def test_the_press_began_before_the_files_went_and_ends_before_the_rows_do(
    house: House, monkeypatch: pytest.MonkeyPatch, delete: Deletion
) -> None:
    grid = await house.draw("a fox")
    linked, going = asyncio.Event(), asyncio.Event()
    link = house.parts.files.link

    async def held(source: Tile, target: Tile) -> bool:
        one = await link(source, target)
        linked.set()
        await going.wait()
        return one

    monkeypatch.setattr(house.parts.files, "link", held)
    press = asyncio.create_task(pressed(house, grid))
    await linked.wait()

    async def ends() -> None:
        going.set()
        await press

    owner = house.parts.reports if delete is reported else house.parts.purges
    before(monkeypatch, owner, "take_down", ends)
    await delete(house, grid)
    single = (await press).job
    assert not await house.parts.files.exists(single.tile(1))
    await nothing_is_left(house)
    for again in (pressed(house, grid), house.press(Action.VARY, single.tile(1), ANNA_ASKS)):
        with pytest.raises(NotFound, match="moderators of this server deleted"):
            await again


@deleting
async def test_what_is_on_its_way_goes_as_soon_as_it_is_there(
    house: House, delete: Deletion
) -> None:
    grid = await house.draw("a fox")
    await house.posted(grid, 501)
    single = (await pressed(house, grid)).job
    delivery = await house.service.outbox.of_job(single.id)
    assert delivery is not None
    assert await house.service.outbox.begin(delivery) is not None
    await delete(house, grid)
    await house.service.outbox.delivered(delivery, 502)
    going = "SELECT message_id FROM removals"
    rows = await house.database.read(lambda c: c.execute(going).fetchall())
    assert {row[0] for row in rows} == {501, 502}
    await nothing_is_left(house)
    assert await house.service.outbox.begin(delivery) is None
