"""All of somebody's pictures on a server, deleted by its admins."""

from __future__ import annotations

import pytest

from bot.domain.action import Action
from bot.domain.errors import NotAllowed, NotFound, StoreUnavailable
from bot.domain.job import Job, JobStatus
from bot.service.purging import Purging
from bot.storage.purges import Count
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, ELSEWHERE, MODERATOR_ASKS, House
from tests.kit.values import ANNA, GUILD

DAY_S = 86_400


def purging(house: House) -> Purging:
    return house.service.purging


async def kept(house: House, *jobs: Job) -> list[int]:
    """Files of each."""
    return [
        sum([await house.parts.files.exists(job.tile(n)) for n in range(1, job.request.count + 1)])
        for job in jobs
    ]


async def going(house: House) -> set[int]:
    rows = await house.database.read(lambda c: c.execute("SELECT * FROM removals").fetchall())
    return {row["message_id"] for row in rows}


async def test_everything_of_theirs_goes_here_and_nothing_else(house: House) -> None:
    mine = await house.draw("a fox")
    hidden = await house.draw("a fox --stealth")
    taken = await house.press(Action.UPSCALE, mine.tile(2), BERT_ASKS)
    varied = await house.end(await house.press(Action.VARY, mine.tile(2), BERT_ASKS))
    other = await house.draw("an owl", BERT_ASKS)
    far = await house.draw("a fox", origin=ELSEWHERE)
    for message, job in enumerate((mine, hidden, taken, other), 501):
        await house.posted(job, message)
    assert await purging(house).count(ADMIN_ASKS, GUILD, ANNA, 0) == Count(8, 0)
    assert await purging(house).purge(ADMIN_ASKS, GUILD, ANNA, 0) == Count(8, 0)
    assert await kept(house, mine, hidden, taken, varied.job, other, far) == [0, 0, 0, 4, 4, 4]
    assert await going(house) == {501, 502, 503}
    with pytest.raises(NotFound, match="no pictures of this member"):
        await purging(house).purge(ADMIN_ASKS, GUILD, ANNA, 0)
    [entry] = await house.parts.audit.newest(GUILD)
    assert (entry.deed, entry.detail) == (
        "purge", {"user": ANNA, "days": 0, "pictures": 8, "unfinished": 0},
    )  # fmt: skip


async def test_of_the_last_days_only(house: House) -> None:
    old = await house.draw("a fox")
    house.clock.now += 3 * DAY_S
    new = await house.draw("an owl")
    assert await purging(house).count(ADMIN_ASKS, GUILD, ANNA, 2) == Count(4, 0)
    await purging(house).purge(ADMIN_ASKS, GUILD, ANNA, 2)
    assert await kept(house, old, new) == [4, 0]


async def test_what_is_under_way_ends_free_of_charge(house: House) -> None:
    house.executor.automatic = False
    before = await house.credits()
    jobs = [await house.imagine(f"a fox {n}") for n in range(3)]
    await house.executor.started(1)
    assert await purging(house).purge(ADMIN_ASKS, GUILD, ANNA, 0) == Count(0, 3)
    for job in jobs:
        assert (await house.state(job))[0] is JobStatus.CANCELLED
    assert await house.credits() == before


async def test_only_admins(house: House) -> None:
    job = await house.draw("a fox")
    for asker, guild in ((MODERATOR_ASKS, GUILD), (ANNA_ASKS, GUILD), (ADMIN_ASKS, 0)):
        for work in (purging(house).count, purging(house).purge):
            with pytest.raises(NotAllowed):
                await work(asker, guild, ANNA, 0)
    assert await kept(house, job) == [4]


async def test_what_arrives_late_goes_again_and_reports_are_answered(house: House) -> None:
    job = await house.draw("a fox")
    await house.service.reports.add(BERT_ASKS, job.origin, job.id, "")
    delivery = await house.service.outbox.of_job(job.id)
    assert delivery is not None
    await purging(house).purge(ADMIN_ASKS, GUILD, ANNA, 0)
    await house.service.outbox.delivered(delivery, 777)
    assert 777 in await going(house)
    assert await house.service.reports.open(MODERATOR_ASKS, job.origin) == []
    await house.service.reports.add(ADMIN_ASKS, (await house.draw("x", BERT_ASKS)).origin,
                                    (await house.draw("y", BERT_ASKS)).id, "")  # fmt: skip


async def test_a_disk_in_trouble_leaves_the_rest_for_another_try(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [await house.draw(f"a fox {n}") for n in range(2)]
    delete, tries = house.parts.files.delete, 0

    async def broken(tiles: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 2:
            raise OSError("no disk")
        await delete(tiles)  # type: ignore[arg-type]

    monkeypatch.setattr(house.parts.files, "delete", broken)
    with pytest.raises(StoreUnavailable):
        await purging(house).purge(ADMIN_ASKS, GUILD, ANNA, 0)
    assert sorted(await kept(house, *jobs)) == [0, 4]
    assert await purging(house).purge(ADMIN_ASKS, GUILD, ANNA, 0) == Count(4, 0)
    assert await kept(house, *jobs) == [0, 0]
