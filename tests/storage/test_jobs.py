"""Jobs in the database: limits, fencing, ends that happen once, what may be evicted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action
from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.errors import OutOfCredits, QueueFull
from bot.domain.inputs import Input
from bot.domain.job import Failure, Job, JobStatus
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.domain.size import Size
from bot.storage.database import Database
from bot.storage.ledger import LedgerRepository
from bot.storage.pictures import Evictable, StoredImage
from bot.storage.profiles import Profile, ProfileRepository
from bot.storage.repositories import Repositories
from tests.kit import books
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job, a_request

PLENTY = Quota(credits=1000, running=3, waiting=10)
FAILURE = Failure("It did not work.", "ABC123")


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Repositories:
    return Repositories.of(database, tmp_path)


async def waiting(parts: Repositories, quota: Quota = PLENTY, **more: object) -> Job:
    job = a_job(**more)  # type: ignore[arg-type]
    await parts.jobs.submit([job], Claim(quota), 1000)
    return job


async def running(parts: Repositories, **more: object) -> tuple[Job, int]:
    job = await waiting(parts, **more)  # type: ignore[arg-type]
    started = await parts.jobs.start(job.id, MORNING)
    assert started is not None
    return job, started.attempt


def an_image(index: int, evicted: bool = False) -> StoredImage:
    return StoredImage(index, f"{index:064x}", 100, evicted)


async def drawn(parts: Repositories, now: float = MORNING, **more: object) -> Job:
    job, attempt = await running(parts, **more)
    for index in range(1, job.request.count + 1):
        assert await parts.pictures.add(job.id, attempt, [an_image(index)], now)
    ended = await parts.jobs.succeed(job.id, attempt, 2.0, "torch", now)
    assert ended is not None
    return ended


async def row(parts: Repositories, job: Job) -> Delivery:
    """Its delivery."""
    delivery = await parts.outbox.of_job(job.id)
    assert delivery is not None
    return delivery


async def state(parts: Repositories, job: Job) -> tuple[JobStatus, int, int]:
    found = await parts.jobs.get(job.id)
    assert found is not None
    return found.status, found.attempt, found.strikes


async def credits(database: Database, user: int = ANNA) -> tuple[int, int]:
    balance = await LedgerRepository(database).balance(Account(GUILD, user), PLENTY, MORNING)
    return balance.spendable, balance.held


async def test_a_job_comes_back_as_it_went_in(parts: Repositories) -> None:
    job = await waiting(parts, request=a_request("👩‍🚀 --no cats — , dogs —ar 3:2"), guild=0)
    assert await parts.jobs.get(job.id) == job
    assert await parts.jobs.get("unknown") is None


async def test_limits_of_a_user(parts: Repositories) -> None:
    quota = Quota(credits=1000, running=2, waiting=3)
    mine = [await waiting(parts, quota) for _ in range(5)]
    with pytest.raises(QueueFull, match="5 of your jobs are waiting and 0 being drawn"):
        await waiting(parts, quota)
    await parts.jobs.start(mine[0].id, MORNING)
    with pytest.raises(QueueFull, match="your limits are 3 and 2"):
        await waiting(parts, quota)
    await parts.jobs.cancel(mine[1].id, MORNING)
    await waiting(parts, quota)
    # Others, and the same user elsewhere, are not concerned.
    await waiting(parts, quota, user=BERT)
    await waiting(parts, quota, guild=GUILD + 1)


async def test_limit_of_all_users(parts: Repositories) -> None:
    for user in range(4):
        await parts.jobs.submit([a_job(user=user)], Claim(PLENTY), 4)
    with pytest.raises(QueueFull, match="for everybody"):
        await parts.jobs.submit([a_job(user=9)], Claim(PLENTY), 4)


async def test_a_stranger_on_many_servers_leaves_room_in_the_queue(parts: Repositories) -> None:
    stranger, limit = 666, 20
    for guild in range(1, 17):
        await parts.jobs.submit([a_job(user=stranger, guild=guild)], Claim(PLENTY), limit)
    with pytest.raises(QueueFull, match="16 of its jobs are yours"):
        await parts.jobs.submit([a_job(user=stranger, guild=17)], Claim(PLENTY), limit)
    await parts.jobs.submit([a_job(user=ANNA)], Claim(PLENTY), limit)
    await parts.jobs.submit([a_job(user=BERT)], Claim(PLENTY), limit)
    with pytest.raises(QueueFull, match="nearly full"):
        await parts.jobs.submit([a_job(user=stranger, guild=999)], Claim(PLENTY), limit)


async def test_admins_of_servers_of_their_own_do_not_shut_the_queue(parts: Repositories) -> None:
    """Each has allowed themselves as much as an admin can, and fills what is to be had."""
    limit, most = 50, Claim(Quota(credits=10**6, running=100, waiting=1000))
    for stranger, taken in ((666, 40), (667, 5), (668, 1)):
        for _ in range(taken):
            await parts.jobs.submit([a_job(user=stranger, guild=stranger)], most, limit)
        with pytest.raises(QueueFull, match=f"{taken} of its jobs are yours"):
            await parts.jobs.submit([a_job(user=stranger, guild=stranger)], most, limit)
    for person in range(4):
        await parts.jobs.submit([a_job(user=person)], Claim(PLENTY), limit)


async def test_no_interleaving_exceeds_a_limit(parts: Repositories) -> None:
    quota = Quota(credits=1000, running=1, waiting=4)
    ended = await asyncio.gather(
        *(parts.jobs.submit([a_job()], Claim(quota), 1000) for _ in range(30)),
        return_exceptions=True,
    )
    assert sum(isinstance(error, QueueFull) for error in ended) == 25
    assert len(await parts.jobs.of_account(Account(GUILD, ANNA))) == 5


async def test_a_refusal_writes_nothing(parts: Repositories, database: Database) -> None:
    job = a_job()
    with pytest.raises(OutOfCredits):
        await parts.jobs.submit([job], Claim(Quota(credits=0)), 1000)
    assert await parts.jobs.get(job.id) is None
    assert await ProfileRepository(database).get(ANNA) == Profile()


async def test_unfinished_are_in_the_order_of_asking(parts: Repositories) -> None:
    asked = [await waiting(parts, now=MORNING + (n // 3)) for n in range(9)]
    await parts.jobs.start(asked[0].id, MORNING)
    await parts.jobs.cancel(asked[4].id, MORNING)
    expected = [job.id for job in asked if job is not asked[4]]
    assert [job.id for job in await parts.jobs.unfinished()] == expected


async def test_start_counts_attempts_and_only_from_waiting(parts: Repositories) -> None:
    job = await waiting(parts)
    begun = replace(job, status=JobStatus.RUNNING, attempt=1, started_at=MORNING)
    assert await parts.jobs.start(job.id, MORNING) == begun
    assert await parts.jobs.start(job.id, MORNING) is None
    assert await parts.jobs.give_back(job.id, 1)
    assert await parts.jobs.start(job.id, MORNING + 1) == replace(
        begun, attempt=2, started_at=MORNING + 1
    )
    assert await parts.jobs.start("unknown", MORNING) is None


async def test_a_late_attempt_is_refused_everywhere(parts: Repositories) -> None:
    job, old = await running(parts)
    await parts.jobs.give_back(job.id, old)
    started = await parts.jobs.start(job.id, MORNING)
    assert started is not None
    new = started.attempt
    assert new == old + 1
    assert await parts.jobs.give_back(job.id, old) is None
    assert await parts.pictures.add(job.id, old, [an_image(1)], MORNING) is False
    assert await parts.jobs.succeed(job.id, old, 1.0, "torch", MORNING) is None
    assert await parts.jobs.fail(job.id, FAILURE, MORNING, old) is None
    assert await parts.jobs.strike(job.id, old, 1, FAILURE, MORNING) is None
    assert await state(parts, job) == (JobStatus.RUNNING, new, 0)
    assert await parts.pictures.of_job(job.id) == {}


async def test_an_attempt_given_back_has_no_say(parts: Repositories) -> None:
    # The row has the same number still, but it is waiting.
    job, attempt = await running(parts)
    await parts.jobs.give_back(job.id, attempt)
    assert await parts.pictures.add(job.id, attempt, [an_image(1)], MORNING) is False
    assert await parts.jobs.succeed(job.id, attempt, 1.0, "torch", MORNING) is None
    assert await parts.jobs.fail(job.id, FAILURE, MORNING, attempt) is None
    assert await state(parts, job) == (JobStatus.WAITING, 1, 0)


async def test_success_needs_every_picture(parts: Repositories, database: Database) -> None:
    job, attempt = await running(parts)
    await parts.pictures.add(job.id, attempt, [an_image(1)], MORNING)
    with pytest.raises(ValueError, match="1 of 4 pictures"):
        await parts.jobs.succeed(job.id, attempt, 1.0, "torch", MORNING)
    assert (await state(parts, job))[0] is JobStatus.RUNNING
    assert await parts.outbox.of_job(job.id) is None
    assert await credits(database) == (999, 1)


async def test_success_captures_counts_and_queues_the_delivery(parts, database) -> None:
    job = await drawn(parts)
    assert (job.status, job.finished_at) == (JobStatus.SUCCEEDED, MORNING)
    assert await credits(database) == (999, 0)
    assert await ProfileRepository(database).get(ANNA) == Profile(1, 4, 2.0)
    assert await books.owed(database) == [(job.id, Kind.RESULT)]
    assert await parts.jobs.succeed(job.id, job.attempt, 2.0, "torch", MORNING) is None
    assert await parts.jobs.cancel(job.id, MORNING) is None
    assert await ProfileRepository(database).get(ANNA) == Profile(1, 4, 2.0)


async def test_failure_releases_once_and_is_kept(parts, database) -> None:
    job, attempt = await running(parts)
    failed = await parts.jobs.fail(job.id, FAILURE, MORNING, attempt)
    assert failed is not None
    assert (failed.status, failed.failure) == (JobStatus.FAILED, FAILURE)
    assert await books.owed(database) == [(job.id, Kind.END)]
    assert await parts.jobs.fail(job.id, FAILURE, MORNING, attempt) is None
    assert await parts.jobs.cancel(job.id, MORNING) is None
    assert await credits(database) == (1000, 0)


async def test_a_strike_below_the_limit_waits_again_and_keeps_its_hold(parts, database) -> None:
    job, attempt = await running(parts)
    struck = await parts.jobs.strike(job.id, attempt, 2, FAILURE, MORNING)
    assert struck is not None
    assert (struck.status, struck.strikes, struck.failure) == (JobStatus.WAITING, 1, None)
    assert await parts.jobs.strike(job.id, attempt, 2, FAILURE, MORNING) is None
    assert await credits(database) == (999, 1)


async def test_the_last_strike_fails_and_releases_in_one_transaction(parts, database) -> None:
    job, attempt = await running(parts)
    await parts.jobs.strike(job.id, attempt, 2, FAILURE, MORNING)
    started = await parts.jobs.start(job.id, MORNING)
    assert started is not None
    attempt = started.attempt
    begun = []
    await database.transaction(lambda c: c.set_trace_callback(begun.append))
    failed = await parts.jobs.strike(job.id, attempt, 2, FAILURE, MORNING)
    await database.transaction(lambda c: c.set_trace_callback(None))
    assert failed is not None
    assert (failed.status, failed.strikes, failed.attempt) == (JobStatus.FAILED, 2, 2)
    assert failed.failure == FAILURE
    assert await credits(database) == (1000, 0)
    assert sum(statement.startswith("BEGIN") for statement in begun) == 2  # and the trace's own


@pytest.mark.parametrize("started", [False, True])
async def test_cancel_releases_once(parts, database, started: bool) -> None:
    job = (await running(parts))[0] if started else await waiting(parts)
    cancelled = await parts.jobs.cancel(job.id, MORNING)
    assert cancelled is not None
    assert cancelled.status is JobStatus.CANCELLED
    assert await parts.jobs.cancel(job.id, MORNING) is None
    assert await parts.jobs.start(job.id, MORNING) is None
    assert await credits(database) == (1000, 0)


async def test_many_ends_at_once_are_one_end(parts, database) -> None:
    job, attempt = await running(parts)
    for index in range(1, 5):
        await parts.pictures.add(job.id, attempt, [an_image(index)], MORNING)
    ends = await asyncio.gather(
        parts.jobs.cancel(job.id, MORNING),
        parts.jobs.succeed(job.id, attempt, 1.0, "torch", MORNING),
        parts.jobs.fail(job.id, FAILURE, MORNING, attempt),
        parts.jobs.cancel(job.id, MORNING),
    )
    assert sum(end is not None for end in ends) == 1
    assert (await credits(database))[1] == 0


async def test_requeue_after_a_restart_is_no_strike(parts: Repositories) -> None:
    job, attempt = await running(parts)
    await parts.pictures.add(job.id, attempt, [an_image(2)], MORNING)
    await parts.jobs.requeue_running()
    assert await state(parts, job) == (JobStatus.WAITING, 1, 0)
    assert list(await parts.pictures.of_job(job.id)) == [2]


def single(grid: Job, index: int, user: int = BERT) -> Job:
    request = grid.request.upscale(grid.tile(index))
    return a_job(request, user=user, status=JobStatus.SUCCEEDED, parent=grid.id)


async def test_extracting_twice_returns_the_first(parts, database) -> None:
    grid = await drawn(parts)
    first, second, other = single(grid, 2), single(grid, 2, ANNA), single(grid, 3)
    results = await asyncio.gather(
        parts.jobs.extract(first, an_image(1)), parts.jobs.extract(second, an_image(1))
    )
    assert [job.id for job in results] == [first.id, first.id]
    assert (await parts.jobs.extract(other, an_image(1))).id == other.id
    assert await parts.jobs.get(second.id) is None
    assert (await parts.jobs.upscale_of(grid.tile(2)) or other).id == first.id
    assert await parts.jobs.upscale_of(grid.tile(4)) is None
    assert len(await books.owed(database)) == 3
    assert await credits(database, BERT) == (1000, 0)


async def test_used_buttons_are_those_that_led_to_something(parts: Repositories) -> None:
    grid = await drawn(parts)
    vary = grid.request.vary(grid.tile(2), 1, 0.5)
    await waiting(parts, request=vary, parent=grid.id)
    gone = await waiting(parts, request=grid.request.vary(grid.tile(4), 1, 0.5), parent=grid.id)
    await parts.jobs.cancel(gone.id, MORNING)
    await waiting(parts, request=grid.request.reroll(5), parent=grid.id)
    await parts.jobs.extract(single(grid, 1), an_image(1))
    expected = {(Action.VARY, 2), (Action.REROLL, 0), (Action.UPSCALE, 1)}
    assert await parts.jobs.used(grid.id) == expected


async def test_inputs_are_rows_of_the_same_transaction(
    parts: Repositories, database: Database
) -> None:
    grid = await drawn(parts)
    mask = Input("mask", "ab" * 32, grid.tile(1), 0.5)
    request = grid.request.vary(grid.tile(2), 1, 0.5)
    request = replace(request, inputs=(*request.inputs, mask))
    job = await waiting(parts, request=request)
    with pytest.raises(QueueFull):
        await waiting(parts, Quota(1000, running=1, waiting=0), request=request)
    rows = await database.read(lambda c: c.execute("SELECT * FROM job_inputs").fetchall())
    assert [tuple(row) for row in rows] == [
        (job.id, 0, "source", None, grid.id, 2),
        (job.id, 1, "mask", "ab" * 32, grid.id, 1),
    ]
    await parts.outbox.delivered(await row(parts, grid), 1)
    assert [each.tile.index for each in await parts.pictures.evictable(100)] == [3, 4]


async def test_what_may_be_evicted_oldest_first(parts: Repositories) -> None:
    old, young = await drawn(parts, MORNING), await drawn(parts, MORNING + 50)
    for job in (old, young):
        await parts.outbox.delivered(await row(parts, job), int(job.id, 16))
    unfinished, attempt = await running(parts)
    await parts.pictures.add(unfinished.id, attempt, [an_image(1)], MORNING - 500)
    undelivered = await drawn(parts, MORNING - 900)
    source = old.tile(2)
    variation = await waiting(parts, request=old.request.vary(source, 1, 0.5))

    def some(job: Job, *indices: int) -> list[Evictable]:
        at = MORNING if job is old else MORNING + 50
        tiles = [job.tile(index) for index in indices]
        return [Evictable(tile, 100, at, original=tile, shared=False) for tile in tiles]

    expected = [*some(old, 1, 3, 4), *some(young, 1, 2, 3, 4)]
    assert await parts.pictures.evictable(100) == expected
    assert await parts.pictures.evictable(2) == expected[:2]
    assert await parts.pictures.evictable(3, expected[1]) == expected[2:5]
    assert await parts.pictures.kept_bytes() == 13 * 100
    await parts.jobs.cancel(variation.id, MORNING)
    await parts.outbox.give_up((await row(parts, undelivered)).id, GivenUp.REFUSED, "gone")
    assert len(await parts.pictures.evictable(100)) == 12

    await parts.pictures.mark_evicted([old.tile(1), old.tile(2)], MORNING + 99)
    assert await parts.pictures.kept_bytes() == 11 * 100
    images = await parts.pictures.of_job(old.id)
    assert [images[index].evicted for index in range(1, 5)] == [True, True, False, False]


async def test_a_smaller_size_is_kept_with_the_failure(parts: Repositories) -> None:
    for smaller in (Size(640, 512), None):
        job, attempt = await running(parts)
        failure = replace(FAILURE, smaller=smaller)
        failed = await parts.jobs.fail(job.id, failure, MORNING, attempt)
        assert failed
        assert failed.failure == failure
        again = await parts.jobs.get(job.id)
        assert again
        assert again.failure == failure
