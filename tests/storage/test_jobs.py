"""Jobs in the database: limits, fencing, ends that happen once, deliveries, what may be evicted."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.action import Action, Tile
from bot.domain.errors import OutOfCredits, QueueFull
from bot.domain.job import Failure, Job, JobStatus
from bot.domain.people import Account
from bot.domain.quota import Quota
from bot.storage.database import Database
from bot.storage.jobs import JobRepository, StoredImage
from bot.storage.ledger import LedgerRepository
from bot.storage.profiles import Profile, ProfileRepository
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, MORNING, a_job, a_request

PLENTY = Quota(credits=1000, running=3, waiting=10)
FAILURE = Failure("It did not work.", "ABC123")


@pytest.fixture
def jobs(database: Database) -> JobRepository:
    return JobRepository(database)


async def waiting(jobs: JobRepository, quota: Quota = PLENTY, **more: object) -> Job:
    job = a_job(**more)  # type: ignore[arg-type]
    await jobs.submit(job, quota, 1000)
    return job


async def running(jobs: JobRepository, **more: object) -> tuple[Job, int]:
    job = await waiting(jobs, **more)  # type: ignore[arg-type]
    attempt = await jobs.start(job.id, MORNING)
    assert attempt is not None
    return job, attempt


def an_image(index: int, evicted: bool = False) -> StoredImage:
    return StoredImage(index, f"{index:064x}", 100, evicted)


async def drawn(jobs: JobRepository, now: float = MORNING, **more: object) -> Job:
    job, attempt = await running(jobs, **more)
    for index in range(1, job.request.count + 1):
        assert await jobs.add_image(job.id, attempt, an_image(index), now)
    ended = await jobs.succeed(job.id, attempt, "n", 2.0, now)
    assert ended is not None
    return ended


async def state(jobs: JobRepository, job: Job) -> tuple[JobStatus, int, int]:
    found = await jobs.get(job.id)
    assert found is not None
    return found.status, found.attempt, found.strikes


async def credits(database: Database, user: int = ANNA) -> tuple[int, int]:
    balance = await LedgerRepository(database).balance(Account(GUILD, user), PLENTY, MORNING)
    return balance.spendable, balance.held


async def test_a_job_comes_back_as_it_went_in(jobs: JobRepository) -> None:
    job = await waiting(jobs, request=a_request("👩‍🚀 --no cats — , dogs —ar 3:2"), guild=0)
    assert await jobs.get(job.id) == job
    assert await jobs.get("unknown") is None


async def test_limits_of_a_user(jobs: JobRepository) -> None:
    quota = Quota(credits=1000, running=2, waiting=3)
    mine = [await waiting(jobs, quota) for _ in range(5)]
    with pytest.raises(QueueFull, match="5 of your jobs are waiting and 0 being drawn"):
        await waiting(jobs, quota)
    await jobs.start(mine[0].id, MORNING)
    with pytest.raises(QueueFull, match="your limits are 3 and 2"):
        await waiting(jobs, quota)
    await jobs.cancel(mine[1].id, MORNING)
    await waiting(jobs, quota)
    # Others, and the same user elsewhere, are not concerned.
    await waiting(jobs, quota, user=BERT)
    await waiting(jobs, quota, guild=GUILD + 1)


async def test_limit_of_all_users(jobs: JobRepository) -> None:
    for user in range(4):
        await jobs.submit(a_job(user=user), PLENTY, 4)
    with pytest.raises(QueueFull, match="for everybody"):
        await jobs.submit(a_job(user=9), PLENTY, 4)


async def test_no_interleaving_exceeds_a_limit(jobs: JobRepository) -> None:
    quota = Quota(credits=1000, running=1, waiting=4)
    ended = await asyncio.gather(
        *(jobs.submit(a_job(), quota, 1000) for _ in range(30)), return_exceptions=True
    )
    assert sum(isinstance(error, QueueFull) for error in ended) == 25
    assert len(await jobs.of_account(Account(GUILD, ANNA))) == 5


async def test_a_refusal_writes_nothing(jobs: JobRepository, database: Database) -> None:
    job = a_job()
    with pytest.raises(OutOfCredits):
        await jobs.submit(job, Quota(credits=0), 1000)
    assert await jobs.get(job.id) is None
    assert await ProfileRepository(database).get(ANNA) == Profile()


async def test_unfinished_are_in_the_order_of_asking(jobs: JobRepository) -> None:
    asked = [await waiting(jobs, now=MORNING + (n // 3)) for n in range(9)]
    await jobs.start(asked[0].id, MORNING)
    await jobs.cancel(asked[4].id, MORNING)
    expected = [job.id for job in asked if job is not asked[4]]
    assert [job.id for job in await jobs.unfinished()] == expected


async def test_start_counts_attempts_and_only_from_waiting(jobs: JobRepository) -> None:
    job = await waiting(jobs)
    assert await jobs.start(job.id, MORNING) == 1
    assert await jobs.start(job.id, MORNING) is None
    assert await jobs.give_back(job.id, 1, strike=False)
    assert await jobs.start(job.id, MORNING) == 2
    assert await jobs.start("unknown", MORNING) is None


async def test_a_late_attempt_is_refused_everywhere(jobs: JobRepository) -> None:
    job, old = await running(jobs)
    await jobs.give_back(job.id, old, strike=True)
    new = await jobs.start(job.id, MORNING)
    assert new == old + 1
    assert await jobs.give_back(job.id, old, strike=True) is None
    assert await jobs.add_image(job.id, old, an_image(1), MORNING) is False
    assert await jobs.succeed(job.id, old, "n", 1.0, MORNING) is None
    assert await jobs.fail(job.id, FAILURE, MORNING, old) is None
    assert await state(jobs, job) == (JobStatus.RUNNING, new, 1)
    assert await jobs.images(job.id) == {}


async def test_an_attempt_given_back_has_no_say(jobs: JobRepository) -> None:
    # The row has the same number still, but it is waiting.
    job, attempt = await running(jobs)
    await jobs.give_back(job.id, attempt, strike=False)
    assert await jobs.add_image(job.id, attempt, an_image(1), MORNING) is False
    assert await jobs.succeed(job.id, attempt, "n", 1.0, MORNING) is None
    assert await jobs.fail(job.id, FAILURE, MORNING, attempt) is None
    assert await state(jobs, job) == (JobStatus.WAITING, 1, 0)


async def test_success_needs_every_picture(jobs: JobRepository, database: Database) -> None:
    job, attempt = await running(jobs)
    await jobs.add_image(job.id, attempt, an_image(1), MORNING)
    with pytest.raises(ValueError, match="1 of 4 pictures"):
        await jobs.succeed(job.id, attempt, "n", 1.0, MORNING)
    assert (await state(jobs, job))[0] is JobStatus.RUNNING
    assert await jobs.delivery(job.id) is None
    assert await credits(database) == (999, 1)


async def test_success_captures_counts_and_queues_the_delivery(jobs, database) -> None:
    job = await drawn(jobs)
    assert (job.status, job.finished_at) == (JobStatus.SUCCEEDED, MORNING)
    assert await credits(database) == (999, 0)
    assert await ProfileRepository(database).get(ANNA) == Profile(1, 4, 2.0)
    assert [one.job for one in await jobs.undelivered()] == [job.id]
    assert await jobs.succeed(job.id, job.attempt, "n", 2.0, MORNING) is None
    assert await jobs.cancel(job.id, MORNING) is None
    assert await ProfileRepository(database).get(ANNA) == Profile(1, 4, 2.0)


async def test_failure_releases_once_and_is_kept(jobs, database) -> None:
    job, attempt = await running(jobs)
    failed = await jobs.fail(job.id, FAILURE, MORNING, attempt)
    assert failed is not None
    assert (failed.status, failed.failure) == (JobStatus.FAILED, FAILURE)
    assert await jobs.fail(job.id, FAILURE, MORNING, attempt) is None
    assert await jobs.cancel(job.id, MORNING) is None
    assert await credits(database) == (1000, 0)


@pytest.mark.parametrize("started", [False, True])
async def test_cancel_releases_once(jobs, database, started: bool) -> None:
    job = (await running(jobs))[0] if started else await waiting(jobs)
    cancelled = await jobs.cancel(job.id, MORNING)
    assert cancelled is not None
    assert cancelled.status is JobStatus.CANCELLED
    assert await jobs.cancel(job.id, MORNING) is None
    assert await jobs.start(job.id, MORNING) is None
    assert await credits(database) == (1000, 0)


async def test_many_ends_at_once_are_one_end(jobs, database) -> None:
    job, attempt = await running(jobs)
    for index in range(1, 5):
        await jobs.add_image(job.id, attempt, an_image(index), MORNING)
    ends = await asyncio.gather(
        jobs.cancel(job.id, MORNING),
        jobs.succeed(job.id, attempt, "n", 1.0, MORNING),
        jobs.fail(job.id, FAILURE, MORNING, attempt),
        jobs.cancel(job.id, MORNING),
    )
    assert sum(end is not None for end in ends) == 1
    assert (await credits(database))[1] == 0


async def test_requeue_after_a_restart_is_no_strike(jobs: JobRepository) -> None:
    job, attempt = await running(jobs)
    await jobs.add_image(job.id, attempt, an_image(2), MORNING)
    await jobs.requeue_running()
    assert await state(jobs, job) == (JobStatus.WAITING, 1, 0)
    assert list(await jobs.images(job.id)) == [2]


def single(grid: Job, index: int, user: int = BERT) -> Job:
    request = grid.request.upscale(grid.tile(index))
    return a_job(request, user=user, status=JobStatus.SUCCEEDED, parent=grid.id)


async def test_extracting_twice_returns_the_first(jobs, database) -> None:
    grid = await drawn(jobs)
    first, second, other = single(grid, 2), single(grid, 2, ANNA), single(grid, 3)
    results = await asyncio.gather(
        jobs.extract(first, "n1", an_image(1)), jobs.extract(second, "n2", an_image(1))
    )
    assert [job.id for job in results] == [first.id, first.id]
    assert (await jobs.extract(other, "n3", an_image(1))).id == other.id
    assert await jobs.get(second.id) is None
    assert (await jobs.upscale_of(grid.tile(2)) or other).id == first.id
    assert await jobs.upscale_of(grid.tile(4)) is None
    assert len(await jobs.undelivered()) == 3
    assert await credits(database, BERT) == (1000, 0)


async def test_used_buttons_are_those_that_led_to_something(jobs: JobRepository) -> None:
    grid = await drawn(jobs)
    vary = grid.request.vary(grid.tile(2), 1, 0.5)
    await waiting(jobs, request=vary, parent=grid.id)
    gone = await waiting(jobs, request=replace(vary, source=grid.tile(4)), parent=grid.id)
    await jobs.cancel(gone.id, MORNING)
    await waiting(jobs, request=grid.request.reroll(5), parent=grid.id)
    await jobs.extract(single(grid, 1), "n", an_image(1))
    expected = {(Action.VARY, 2), (Action.REROLL, 0), (Action.UPSCALE, 1)}
    assert await jobs.used(grid.id) == expected


async def test_delivery_remembers_when_it_first_began(jobs: JobRepository) -> None:
    job = await drawn(jobs)
    assert await jobs.begin_sending("unknown", MORNING) is None
    first = await jobs.begin_sending(job.id, MORNING + 1)
    second = await jobs.begin_sending(job.id, MORNING + 2)
    third = await jobs.begin_sending(job.id, MORNING + 3)
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.sent_before, first.tries, first.channel) == (None, 0, CHANNEL)
    assert (second.sent_before, second.tries) == (MORNING + 1, 1)
    assert (third.sent_before, third.tries) == (MORNING + 1, 2)
    assert first.nonce == third.nonce == "n"
    await jobs.renew_nonce(job.id, "m", MORNING + 9)
    renewed = await jobs.delivery(job.id)
    assert renewed is not None
    assert (renewed.nonce, renewed.sent_before) == ("m", MORNING + 9)


async def test_delivered_once(jobs: JobRepository) -> None:
    job = await drawn(jobs)
    await jobs.delivered(job.id, 555)
    await jobs.delivered(job.id, 666)
    await jobs.give_up(job.id, "too late")
    await jobs.renew_nonce(job.id, "m", MORNING)
    delivery = await jobs.delivery(job.id)
    assert delivery is not None
    assert (delivery.message, delivery.nonce) == (555, "n")
    assert await jobs.begin_sending(job.id, MORNING) is None
    assert await jobs.undelivered() == []
    found = await jobs.of_message(555)
    assert found is not None
    assert found.id == job.id


async def test_deliver_again_after_the_message_was_deleted(jobs: JobRepository) -> None:
    job = await drawn(jobs)
    await jobs.begin_sending(job.id, MORNING)
    await jobs.delivered(job.id, 555)
    await jobs.deliver_again(job.id, 444, "x")
    assert await jobs.begin_sending(job.id, MORNING + 60) is None
    await jobs.deliver_again(job.id, 555, "m")
    begun = await jobs.begin_sending(job.id, MORNING + 60)
    assert begun is not None
    assert (begun.nonce, begun.sent_before, begun.message) == ("m", None, 0)


async def test_given_up_is_left_alone_until_somebody_asks(jobs: JobRepository) -> None:
    job = await drawn(jobs)
    await jobs.take_up(job.id, "x")
    await jobs.begin_sending(job.id, MORNING)
    await jobs.give_up(job.id, "channel gone")
    assert await jobs.undelivered() == []
    assert await jobs.begin_sending(job.id, MORNING) is None
    await jobs.take_up(job.id, "m")
    begun = await jobs.begin_sending(job.id, MORNING)
    assert begun is not None
    assert (begun.nonce, begun.sent_before) == ("m", None)


async def test_take_up_leaves_a_delivery_under_way_alone(jobs: JobRepository) -> None:
    job = await drawn(jobs)
    await jobs.begin_sending(job.id, MORNING)
    await jobs.take_up(job.id, "other")
    delivery = await jobs.delivery(job.id)
    assert delivery is not None
    assert delivery.nonce == "n"


async def test_notices_lead_to_unfinished_jobs_only(jobs: JobRepository) -> None:
    job = await waiting(jobs)
    await jobs.set_notice(job.id, 77)
    found = await jobs.of_message(77)
    assert found is not None
    assert (found.id, found.notice) == (job.id, 77)
    assert await jobs.stale_notices() == []
    await jobs.cancel(job.id, MORNING)
    assert await jobs.of_message(77) is None
    assert [one.id for one in await jobs.stale_notices()] == [job.id]
    await jobs.set_notice(job.id, 0)
    assert await jobs.stale_notices() == []


async def test_what_may_be_evicted_oldest_first(jobs: JobRepository) -> None:
    old, young = await drawn(jobs, MORNING), await drawn(jobs, MORNING + 50)
    for job in (old, young):
        await jobs.delivered(job.id, int(job.id, 16))
    unfinished, attempt = await running(jobs)
    await jobs.add_image(unfinished.id, attempt, an_image(1), MORNING - 500)
    undelivered = await drawn(jobs, MORNING - 900)
    source = old.tile(2)
    variation = await waiting(jobs, request=old.request.vary(source, 1, 0.5))

    def tiles(job: Job, *indices: int) -> list[tuple[Tile, int, float]]:
        at = MORNING if job is old else MORNING + 50
        return [(job.tile(index), 100, at) for index in indices]

    expected = [*tiles(old, 1, 3, 4), *tiles(young, 1, 2, 3, 4)]
    assert await jobs.evictable(100) == expected
    assert await jobs.evictable(2) == expected[:2]
    assert await jobs.kept_bytes() == 13 * 100
    await jobs.cancel(variation.id, MORNING)
    await jobs.give_up(undelivered.id, "gone")
    assert len(await jobs.evictable(100)) == 12

    await jobs.mark_evicted([old.tile(1), old.tile(2)], MORNING + 99)
    assert await jobs.kept_bytes() == 11 * 100
    images = await jobs.images(old.id)
    assert [images[index].evicted for index in range(1, 5)] == [True, True, False, False]
