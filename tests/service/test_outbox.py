"""What is to be posted: rows written with a job's end, and one message whatever crashes."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Tile
from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.job import Job
from bot.domain.people import Origin
from tests.kit import books
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, MODERATOR_ASKS, House
from tests.kit.values import ANNA, CHANNEL, GUILD

LOBBY = Origin(GUILD, CHANNEL + 1)


async def row(house: House, job: Job, kind: Kind = Kind.RESULT) -> Delivery:
    found = await house.parts.outbox.of_job(job.id, kind)
    assert found is not None
    return found


async def upscale(house: House, tile: Tile) -> Job:
    return (await house.upscale(tile)).job


async def due(house: House, busy: tuple[int, ...] = ()) -> list[str]:
    return [each.job for each, _ in await house.service.outbox.due(busy, 10)]


# Rows


async def test_a_result_remembers_when_its_post_first_began(house: House) -> None:
    job = await house.draw()
    first = await row(house, job)
    assert (first.sent_before, first.tries, first.channel) == (None, 0, CHANNEL)
    began = house.clock.now
    for tries in (1, 2):
        assert await house.service.outbox.begin(first) is not None
        house.clock.now += 1
        again = await row(house, job)
        assert (again.sent_before, again.tries, again.nonce) == (began, tries, first.nonce)
    nonce = await house.service.outbox.renew(first)
    renewed = await row(house, job)
    assert renewed.nonce == nonce != first.nonce
    assert renewed.sent_before == house.clock.now


async def test_what_is_posted_is_done_with(house: House) -> None:
    job = await house.draw()
    delivery = await row(house, job)
    for message in (555, 666):
        await house.service.outbox.delivered(delivery, message)
    await house.service.outbox.give_up(delivery, GivenUp.REFUSED, "too late")
    await house.service.outbox.renew(delivery)
    after = await row(house, job)
    assert (after.message, after.nonce, after.given_up) == (555, delivery.nonce, None)
    assert await house.service.outbox.begin(delivery) is None
    assert await house.owed() == []


@pytest.mark.parametrize(
    ("prompt", "place"), [("a fox", (CHANNEL, 0)), ("a fox --stealth", (0, ANNA))]
)
async def test_what_arrives_after_its_owner_deleted_it_is_to_go_where_it_arrived(
    house: House, prompt: str, place: tuple[int, int]
) -> None:
    """And comes neither again nor as a copy."""
    await house.service.preferences.switch(ANNA_ASKS, "auto_dm")
    job = await house.draw(prompt)
    delivery = await row(house, job)
    assert await house.service.outbox.begin(delivery) is not None
    await house.service.owned.delete(ANNA_ASKS, HERE, job.id)
    await house.service.outbox.delivered(delivery, 555)
    removal = await house.parts.removals.due(house.clock.now)
    assert removal is not None
    assert (removal.message, removal.job, (removal.channel, removal.person)) == (555, None, place)
    after = await row(house, job)
    assert (after.message, after.given_up) == (0, GivenUp.WITHDRAWN)
    assert await house.owed() == []


async def test_only_the_deleted_message_makes_a_result_due_again(house: House) -> None:
    job = await house.draw()
    before = await row(house, job)
    await house.posted(job, 555)
    await house.service.outbox.deliver_again(MODERATOR_ASKS, job, 444)
    assert await house.owed() == []
    await house.service.outbox.deliver_again(MODERATOR_ASKS, job, 555)
    again = await row(house, job)
    assert again.nonce != before.nonce
    assert (again.sent_before, again.message) == (None, 0)


async def test_a_result_given_up_is_due_when_somebody_presses_again(house: House) -> None:
    single = await upscale(house, (await house.draw()).tile(1))
    delivery = await row(house, single)
    await house.service.outbox.give_up(delivery, GivenUp.REFUSED, "no permission")
    assert await house.service.outbox.begin(delivery) is None
    await upscale(house, single.request.source or single.tile(1))
    assert await house.service.outbox.begin(delivery) is not None
    assert (await row(house, single)).nonce != delivery.nonce


async def test_one_row_for_each_channel_those_that_failed_last(house: House) -> None:
    first, second, third = [await house.draw() for _ in range(3)]
    other = await house.draw(origin=LOBBY)
    assert await due(house) == [first.id, other.id]
    assert await due(house, busy=(CHANNEL,)) == [other.id]
    await house.service.outbox.postpone(await row(house, first), 60, "away")
    await house.posted(second)
    assert await due(house) == [third.id, other.id]
    house.clock.now += 61
    assert await due(house) == [third.id, other.id]
    await house.posted(third)
    assert await due(house) == [other.id, first.id]


async def test_channels_that_become_free_meanwhile_do_not_disturb_the_reading(
    house: House,
) -> None:
    job = await house.draw(origin=LOBBY)
    read, busy = threading.Event(), {CHANNEL: "posting", CHANNEL + 2: "posting"}
    before = asyncio.create_task(house.database.read(lambda c: read.wait(20)))
    reading = asyncio.create_task(house.service.outbox.due(busy.keys(), 10))
    await asyncio.sleep(0)  # both are on their way to the database
    busy.clear()
    read.set()
    assert await before
    assert [each.job for each, _ in await reading] == [job.id]


async def test_what_somebody_is_owed_is_theirs_and_was_tried(house: House) -> None:
    refused, waits, mine, fresh = [await house.draw() for _ in range(4)]
    theirs = await house.draw(asker=BERT_ASKS)
    outbox = house.service.outbox
    for job in (refused, theirs):
        await outbox.give_up(await row(house, job), GivenUp.REFUSED, "no permission")
    await outbox.postpone(await row(house, waits), 3600, "a proxy's 403")
    await outbox.withdraw(mine.id)
    owed = [each.job for each in await outbox.owed(ANNA_ASKS, HERE)]
    assert owed == [refused.id, waits.id]
    assert fresh.id in await due(house)
    assert await outbox.owed(ANNA_ASKS, replace(HERE, guild=GUILD + 1)) == []


async def test_nobody_is_told_that_what_was_deleted_could_not_be_posted(house: House) -> None:
    """Its owner deleted it while it was on its way, and Discord then refused it."""
    job = await house.draw()
    delivery = await row(house, job)
    await house.service.owned.delete(ANNA_ASKS, HERE, job.id)
    await house.service.outbox.give_up(delivery, GivenUp.REFUSED, "no permission")
    assert (await row(house, job)).given_up is GivenUp.WITHDRAWN
    assert await house.service.outbox.untold(ANNA_ASKS, HERE) == {}
    assert await house.service.outbox.owed(ANNA_ASKS, HERE) == []


async def test_who_does_not_know_is_to_be_told_where_it_can_be_had(house: House) -> None:
    outbox = house.service.outbox
    here, known, brought = [await house.draw() for _ in range(3)]
    there = await house.draw(origin=replace(HERE, guild=GUILD + 1))
    for job in (here, known, brought, there):
        await outbox.give_up(await row(house, job), GivenUp.REFUSED, "no permission")
    await outbox.delivered(await row(house, brought), 555)
    await outbox.ended(await row(house, known), told=True)
    await house.restart()
    outbox = house.service.outbox
    untold = await outbox.untold(ANNA_ASKS, HERE)
    assert untold == {(await row(house, here)).id: Kind.RESULT}
    assert await outbox.untold(BERT_ASKS, HERE) == {}
    async with outbox.telling(ANNA_ASKS, HERE) as first:
        async with outbox.telling(ANNA_ASKS, HERE) as second:
            assert (first, second) == (untold, {})
        await outbox.told(first)
    assert await outbox.untold(ANNA_ASKS, HERE) == {}
    assert len(await outbox.untold(ANNA_ASKS, replace(HERE, guild=GUILD + 1))) == 1
    assert here.id in [each.job for each in await outbox.owed(ANNA_ASKS, HERE)]


# Progress messages


async def test_a_progress_message_is_brought_to_its_end_after_the_result(house: House) -> None:
    job = await house.imagine()
    await house.service.outbox.set_notice(job.id, 44)
    await house.end(job)
    assert await books.owed(house.database) == [(job.id, Kind.RESULT)]
    end = await house.service.outbox.delivered(await row(house, job), 555)
    assert end is not None
    assert end.kind is Kind.END
    await house.service.outbox.ended(end)
    assert await books.owed(house.database) == []
    done = await house.service.drawing.job(job.id)
    assert done is not None
    assert done.notice == 0


async def test_without_a_progress_message_there_is_nothing_to_end(house: House) -> None:
    job = await house.draw()
    assert await house.service.outbox.delivered(await row(house, job), 555) is None


@pytest.mark.parametrize("posted", [False, True])
async def test_a_progress_message_that_is_known_late_is_ended_too(
    house: House, posted: bool
) -> None:
    job = await house.draw()
    if posted:
        await house.posted(job)
    await house.service.outbox.set_notice(job.id, 44)
    left = Kind.END if posted else Kind.RESULT
    assert await books.owed(house.database) == [(job.id, left)]


async def test_cancelled_jobs_have_an_end_and_withdrawn_ones_none(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        cancelled, withdrawn = await house.imagine(), await house.imagine()
        await house.service.drawing.cancel(ANNA_ASKS, HERE, cancelled.id)
        await house.service.drawing.withdraw(withdrawn)
        await house.restart()
        assert await books.owed(house.database) == [(cancelled.id, Kind.END)]
        assert await house.credits() == (25, 0)


# A post office with Discord's habits, and a crash at every point


class PostOffice:
    """Refuses a nonce it remembers by returning the message that had it."""

    def __init__(self, house: House, remembers_s: float = 180.0) -> None:
        self.house = house
        self.messages: dict[int, str] = {}
        self._nonces: dict[str, tuple[int, float]] = {}
        self._remembers_s = remembers_s

    def post(self, job: str, nonce: str) -> int:
        assert re.fullmatch(r".{1,25}", nonce)
        now = self.house.clock.now
        if nonce in self._nonces and now - self._nonces[nonce][1] < self._remembers_s:
            return self._nonces[nonce][0]
        number = len(self.messages) + 1
        self.messages[number] = job
        self._nonces[nonce] = (number, now)
        return number

    def search(self, job: str) -> int:
        return next((number for number, held in self.messages.items() if held == job), 0)


class Crash(Exception):
    pass


POINTS = ("begun", "searched", "renewed", "posted", "never")


async def deliver(house: House, office: PostOffice, job: Job, crash_at: str = "never") -> None:
    """What the pump does, with a crash after one of its steps."""

    def step(name: str) -> None:
        if name == crash_at:
            raise Crash(name)

    delivery = await row(house, job)
    begun = await house.service.outbox.begin(delivery)
    if begun is None:
        return
    (before, search), message = begun, 0
    nonce = before.nonce
    step("begun")
    if search:
        message = office.search(job.id)
        step("searched")
        if not message:
            nonce = await house.service.outbox.renew(before)
            step("renewed")
    message = message or office.post(job.id, nonce)
    step("posted")
    await house.service.outbox.delivered(delivery, message)


@pytest.mark.parametrize("pause", [1.0, 100.0, 170.0, 1000.0])
@pytest.mark.parametrize("second", POINTS)
@pytest.mark.parametrize("first", ["begun", "posted"])
async def test_one_message_whatever_crashes(tmp_path, first, second, pause) -> None:
    async with House(tmp_path, automatic=True) as house:
        office, job = PostOffice(house), await house.draw()
        for point in (first, second, "never"):
            try:
                await deliver(house, office, job, point)
            except Crash:
                house.clock.now += pause
        assert list(office.messages.values()) == [job.id]
        assert (await row(house, job)).message == 1
        assert await house.owed() == []


async def test_results_that_were_posted_are_not_posted_after_a_restart(house: House) -> None:
    office, job, other = PostOffice(house), await house.draw(), await house.draw()
    await deliver(house, office, job)
    await house.restart()
    assert await house.owed() == [other.id]
    await deliver(house, office, job)
    assert list(office.messages.values()) == [job.id]
