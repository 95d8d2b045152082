"""Copies of results for direct messages: of which results, in which order, and when they stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.job import Job
from bot.domain.people import Asker
from bot.domain.preferences import Preferences
from tests.kit import books
from tests.kit.app import ANNA_ASKS, BERT_ASKS, DIRECT, HERE, MODERATOR_ASKS, House
from tests.kit.values import ANNA, GUILD


@pytest.fixture
async def wanted(house: House) -> House:
    """Anna wants copies."""
    await house.service.preferences.switch(ANNA_ASKS, "auto_dm")
    return house


async def copy(house: House, job: Job) -> Delivery:
    found = await house.service.outbox.of_job(job.id, Kind.DM)
    assert found is not None
    return found


async def result(house: House, job: Job) -> Delivery:
    found = await house.service.outbox.of_job(job.id)
    assert found is not None
    return found


async def copies(house: House) -> list[str]:
    return [job for job, kind in await books.owed(house.database) if kind is Kind.DM]


async def test_a_copy_is_due_once_its_result_is_there(wanted: House) -> None:
    house, job = wanted, await wanted.draw()
    assert await books.owed(house.database) == [(job.id, Kind.RESULT)]
    await house.posted(job, 555)
    row = await copy(house, job)
    assert (row.kind, row.channel, row.audience, row.message) == (Kind.DM, ANNA, ANNA, 0)
    assert row.nonce != (await result(house, job)).nonce
    await house.restart()
    [(due, of)] = await house.service.outbox.due((), 10)
    assert (due, of.id) == (row, job.id)
    assert await house.service.outbox.delivered(row, 777) is None
    assert await books.owed(house.database) == []
    assert (await result(house, job)).message == 555


async def test_what_could_not_be_posted_comes_as_a_copy_but_nothing_of_what_is_gone(
    wanted: House,
) -> None:
    house = wanted
    refused, gone = await house.draw(), await house.draw()
    for job, why in ((refused, GivenUp.REFUSED), (gone, GivenUp.GONE)):
        await house.service.outbox.give_up(await result(house, job), why, "no")
    assert await copies(house) == [refused.id]


async def test_what_comes_by_direct_message_anyway_has_no_copy(wanted: House) -> None:
    house = wanted
    hidden = await house.draw("a fox --stealth")
    direct = await house.draw(origin=DIRECT)
    others = await house.draw(asker=BERT_ASKS)
    for job in (hidden, direct, others):
        await house.posted(job)
    assert await copies(house) == []
    await house.service.preferences.switch(ANNA_ASKS, "auto_dm")
    await house.posted(await house.draw())
    assert await copies(house) == []


async def test_a_picture_that_is_brought_back_has_one_copy_all_the_same(wanted: House) -> None:
    house, job = wanted, await wanted.draw()
    await house.posted(job, 555)
    await house.service.outbox.delivered(await copy(house, job), 777)
    await house.service.outbox.deliver_again(MODERATOR_ASKS, job, 555)
    await house.posted(job, 556)
    assert (await copy(house, job)).message == 777
    assert await copies(house) == []


async def test_a_copy_that_cannot_be_sent_is_no_result_that_is_owed(wanted: House) -> None:
    house, job = wanted, await wanted.draw()
    await house.posted(job)
    row = await copy(house, job)
    await house.service.outbox.give_up_copy(row, GivenUp.TOO_LARGE, "no")
    assert await books.owed(house.database) == []
    assert await house.service.outbox.owed(ANNA_ASKS, HERE) == []
    assert await house.service.outbox.untold(ANNA_ASKS, HERE) == {}
    assert (await house.service.preferences.own(ANNA_ASKS)).auto_dm
    assert await house.parts.outbox.given_up([job.id]) == 0


async def test_closed_direct_messages_stop_all_copies_and_are_told_once(wanted: House) -> None:
    house = wanted
    await house.service.preferences.set_suffix(ANNA_ASKS, "--ar 3:2")
    jobs = [await house.draw() for _ in range(3)]
    for job in jobs:
        await house.posted(job)
    first, second, third = [await copy(house, job) for job in jobs]
    await house.service.outbox.delivered(third, 777)
    for row in (first, second):  # the second was under way meanwhile
        await house.service.outbox.stop_copies(row, "50007")
    assert await copies(house) == []
    own = await house.service.preferences.own(ANNA_ASKS)
    assert own == Preferences(suffix=(("ar", (3, 2)),))
    await house.posted(await house.draw())
    assert await copies(house) == []
    await house.restart()
    assert not (await house.service.preferences.own(ANNA_ASKS)).auto_dm
    elsewhere = replace(HERE, guild=GUILD + 1)
    for place in (HERE, elsewhere, DIRECT):
        assert await house.service.outbox.untold(ANNA_ASKS, place) == {first.id: Kind.DM}
    assert await house.service.outbox.untold(Asker(BERT_ASKS.user), HERE) == {}
    await house.service.outbox.told([first.id])
    await house.service.preferences.switch(ANNA_ASKS, "auto_dm")
    later = await house.draw()
    await house.posted(later)
    assert await copies(house) == [later.id]
    assert await house.service.outbox.untold(ANNA_ASKS, HERE) == {}
