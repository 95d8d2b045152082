"""All of somebody's pictures on a server, deleted by its admins."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from bot.domain.action import Action, Tile
from bot.domain.erasure import Erasure
from bot.domain.errors import NotAllowed, NotFound, StoreUnavailable
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker, Origin
from bot.service.purging import Count, Purge, Purging
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    MODERATOR_ASKS,
    House,
)  # fmt: skip
from tests.kit.executor import PATIENCE_S
from tests.kit.values import ANNA, GUILD

DAY_S = 86_400


def purging(house: House) -> Purging:
    return house.service.purging


async def ended(house: House, purge: Purge) -> None:
    async with asyncio.timeout(PATIENCE_S), purging(house).ending(purge) as over:
        await over.wait()


async def purged(house: House, asker: Asker = ADMIN_ASKS, days: int = 0) -> Count:
    """Have it done, and tell who asked."""
    purge = await purging(house).begin(asker, GUILD, ANNA, days)
    await ended(house, purge)
    await purging(house).told(purge)
    return purge.count


async def untold(house: House, asker: Asker = ADMIN_ASKS, origin: Origin = HERE) -> list[Count]:
    async with purging(house).telling(asker, origin) as purges:
        return [each.count for each in purges]


async def pending(house: House) -> int:
    return len(await house.parts.purges.pending())


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
    assert await purged(house) == Count(8, 0)
    assert await kept(house, mine, hidden, taken, varied.job, other, far) == [0, 0, 0, 4, 4, 4]
    assert await going(house) == {501, 502, 503}
    with pytest.raises(NotFound, match="no pictures of this member"):
        await purged(house)
    [entry] = await house.parts.audit.newest(GUILD)
    assert (entry.deed, entry.detail) == (
        "purge", {"user": ANNA, "days": 0, "pictures": 8, "unfinished": 0},
    )  # fmt: skip


async def test_of_the_last_days_only(house: House) -> None:
    old = await house.draw("a fox")
    house.clock.now += 3 * DAY_S
    new = await house.draw("an owl")
    assert await purging(house).count(ADMIN_ASKS, GUILD, ANNA, 2) == Count(4, 0)
    await purged(house, days=2)
    assert await kept(house, old, new) == [4, 0]


async def test_what_is_under_way_ends_free_of_charge(house: House) -> None:
    house.executor.automatic = False
    before = await house.credits()
    jobs = [await house.imagine(f"a fox {n}") for n in range(3)]
    await house.executor.started(1)
    assert await purged(house) == Count(0, 3)
    for job in jobs:
        assert (await house.state(job))[0] is JobStatus.CANCELLED
    assert await house.credits() == before


async def test_only_admins(house: House) -> None:
    job = await house.draw("a fox")
    for asker, guild in ((MODERATOR_ASKS, GUILD), (ANNA_ASKS, GUILD), (ADMIN_ASKS, 0)):
        for work in (purging(house).count, purging(house).begin):
            with pytest.raises(NotAllowed):
                await work(asker, guild, ANNA, 0)
    assert await kept(house, job) == [4]


async def test_what_arrives_late_goes_again_and_reports_are_answered(house: House) -> None:
    job = await house.draw("a fox")
    await house.service.reports.add(BERT_ASKS, job.origin, job.id, "")
    delivery = await house.service.outbox.of_job(job.id)
    assert delivery is not None
    await purged(house)
    await house.service.outbox.delivered(delivery, 777)
    assert 777 in await going(house)
    assert await house.service.reports.open(MODERATOR_ASKS, job.origin) == []
    await house.service.reports.add(ADMIN_ASKS, (await house.draw("x", BERT_ASKS)).origin,
                                    (await house.draw("y", BERT_ASKS)).id, "")  # fmt: skip


async def test_a_file_that_stays_holds_up_no_other_and_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, *others = [await house.draw(f"a fox {n}") for n in range(3)]
    delete, broken = house.parts.files.delete, True
    tried = asyncio.Event()

    async def failing(tiles: Iterable[Tile]) -> None:
        named = [*tiles]
        if broken and named[0].job == stuck.id:
            tried.set()
            raise OSError("no disk")
        await delete(named)

    monkeypatch.setattr(house.parts.files, "delete", failing)
    purge = await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0)
    await tried.wait()
    while sum(await kept(house, *others)):
        await house.database.read(lambda c: None)
    assert (await kept(house, stuck), await pending(house)) == ([4], 1)
    assert await untold(house) == []
    broken = False
    # Whoever presses again wakes it, and is told of the same one.
    assert await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0) == purge
    await ended(house, purge)
    assert (await kept(house, stuck), await pending(house)) == ([0], 0)
    assert [each.deed for each in await house.parts.audit.newest(GUILD)] == ["purge"]


async def test_what_could_not_be_written_down_is_not_begun(house: House) -> None:
    job = await house.draw("a fox")
    house.database.refuse("full", "PurgeRepository.begin", times=1)
    with pytest.raises(StoreUnavailable):
        await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0)
    await house.restart()
    assert (await kept(house, job), await pending(house)) == ([4], 0)
    assert await house.parts.audit.newest(GUILD) == []


@pytest.mark.parametrize(
    "method", ["PurgeRepository.take_down", "JobRepository.cancel", "PurgeRepository.done"]
)
async def test_a_crash_at_any_step_leaves_the_rest_for_the_next_start(
    house: House, method: str
) -> None:
    before = await house.credits()
    drawn = [await house.draw(f"a fox {n}") for n in range(3)]
    single = await house.press(Action.UPSCALE, drawn[0].tile(2), BERT_ASKS)
    for message, job in enumerate((*drawn, single), 501):
        await house.posted(job, message)
    house.executor.automatic = house._automatic = False
    waiting = await house.imagine("a fox")
    await house.executor.started(4)
    house.database.refuse("locked", method)
    await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0)
    await house.database.until_refused(1)
    await house.restart()
    await house.database.until(lambda: none_pending(house))
    assert await kept(house, *drawn, single) == [0, 0, 0, 0]
    assert await going(house) >= {501, 502, 503, 504}
    assert (await house.state(waiting))[0] is JobStatus.CANCELLED
    assert await house.credits() == (before[0] - 3, 0)
    assert [each.deed for each in await house.parts.audit.newest(GUILD)] == ["purge"]
    # Who asked is told where they ask next, once, there or in direct messages.
    assert await untold(house, BERT_ASKS) == await untold(house, origin=ELSEWHERE) == []
    assert await untold(house) == await untold(house, origin=DIRECT) == [Count(12, 1)]
    async with purging(house).telling(ADMIN_ASKS, HERE) as purges:
        assert await untold(house) == []
        await purging(house).told(*purges)
    assert await untold(house) == []


async def none_pending(house: House) -> bool:
    return not await pending(house)


async def test_while_somebody_waits_for_its_end_nobody_else_tells_it(house: House) -> None:
    await house.draw("a fox")
    purge = await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0)
    async with purging(house).ending(purge) as over:
        await over.wait()
        assert await untold(house) == []
    assert await untold(house) == [Count(4, 0)]
    async with purging(house).ending(purge) as over:
        assert over.is_set()


async def test_what_was_cleared_away_goes_from_its_channel_too(house: House) -> None:
    job, other = await house.draw("a fox"), await house.draw("an owl")
    await house.posted(job, 501)
    await house.posted(other, 502)
    await house.parts.files.delete([job.tile(n) for n in range(1, 5)])
    await house.database.transaction(
        lambda c: c.execute("UPDATE images SET evicted_at = 1 WHERE job_id = ?", (job.id,))
    )
    # That of one is gone already, as somebody saw.
    found = await house.parts.history.of_job(other.id)
    assert found is not None
    await house.parts.history.take_down([found[0]])
    assert await purged(house) == Count(8, 0)
    assert await going(house) == {501, 502}
    assert await kept(house, job, other) == [0, 0]
    with pytest.raises(NotFound):
        await purging(house).count(ADMIN_ASKS, GUILD, ANNA, 0)


async def test_what_is_asked_for_later_stays(house: House) -> None:
    await house.draw("a fox")
    house.database.refuse("locked", "PurgeRepository.take_down")
    await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0)
    await house.database.until_refused(1)
    house.clock.now += 60
    later = await house.draw("an owl")
    await house.restart()
    await house.database.until(lambda: none_pending(house))
    assert await kept(house, later) == [4]


async def test_a_clock_that_was_set_back_saves_nothing(house: House) -> None:
    job = await house.draw("a fox")
    house.clock.now -= 7200
    assert await purged(house) == Count(4, 0)
    assert await kept(house, job) == [0]


async def test_a_server_that_is_forgotten_waits_for_nothing(house: House) -> None:
    await house.draw("a fox")
    house.database.refuse("locked", "PurgeRepository.take_down")
    await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0)
    await house.database.until_refused(1)
    house.database.calm()
    erasing = house.service.privacy.erasing
    await erasing.begin(Erasure("server", GUILD, house.clock.now))
    assert await pending(house) == 0
    house.supervisor.start("erasures", house.service.privacy.keep)
    await house.database.until(lambda: nothing_left(house))


async def nothing_left(house: House) -> bool:
    return not await house.parts.erasures.pending()


async def test_who_is_forgotten_meanwhile_is_purged_all_the_same(house: House) -> None:
    job = await house.draw("a fox")
    house.database.refuse("locked", "PurgeRepository.take_down")
    await purging(house).begin(ADMIN_ASKS, GUILD, ANNA, 0)
    await house.database.until_refused(1)
    house.database.calm()
    await house.service.privacy.erasing.forget(ANNA_ASKS)
    await house.restart()
    house.supervisor.start("erasures", house.service.privacy.keep)
    await house.database.until(lambda: none_pending(house))
    await house.database.until(lambda: nothing_left(house))
    assert await kept(house, job) == [0]
    await house.service.privacy.erasing.forget(ADMIN_ASKS)
    assert await untold(house) == []
