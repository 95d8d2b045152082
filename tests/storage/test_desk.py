"""The queue of what waits for moderators."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.desk import Card, Settled
from bot.domain.job import Job, JobStatus
from bot.storage import rows
from bot.storage.database import Database
from bot.storage.repositories import Repositories
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job

DESK, ADMIN, MOD = 77, 99, 98


@pytest.fixture
def parts(database: Database, tmp_path) -> Repositories:
    return Repositories.of(database, tmp_path)


async def reported(database: Database, parts: Repositories, by: int = BERT, **more: Any) -> Job:
    job = a_job(status=JobStatus.SUCCEEDED, **more)
    await database.transaction(lambda c: rows.insert(c, job))
    await parts.reports.add(job, by, "rude", MORNING, 10)
    return job


async def posted(parts: Repositories, message: int = 500) -> Card:
    card = await parts.desks.due(MORNING)
    assert card is not None
    await parts.desks.begin(card, MORNING)
    await parts.desks.shown(card, message)
    return card


async def due(parts: Repositories, now: float = MORNING) -> tuple[str, int, int] | None:
    card = await parts.desks.due(now)
    return card and (card.subject, card.channel, card.message)


async def test_without_a_desk_nothing_waits_and_with_one_all_does(
    database: Database, parts: Repositories
) -> None:
    first = await reported(database, parts)
    assert await due(parts) is None
    await parts.desks.set(GUILD, DESK, ADMIN, MORNING)
    assert await parts.desks.channel(GUILD) == DESK
    assert await due(parts) == (first.id, DESK, 0)
    await posted(parts)
    elsewhere = await reported(database, parts, guild=GUILD + 1)
    assert await due(parts) is None
    second = await reported(database, parts)
    assert await due(parts) == (second.id, DESK, 0)
    await parts.desks.set(GUILD, 0, ADMIN, MORNING)
    assert await due(parts) is None
    await parts.desks.set(GUILD, DESK + 1, ADMIN, MORNING)
    assert await due(parts) == (second.id, DESK + 1, 0)
    assert [each.detail for each in await parts.audit.newest(GUILD)] == [
        {"channel": DESK + 1}, {"channel": 0}, {"channel": DESK},
    ]  # fmt: skip
    assert await parts.reports.of_job(elsewhere.id)


async def test_whatever_is_said_of_it_later_is_to_be_shown(
    database: Database, parts: Repositories
) -> None:
    await parts.desks.set(GUILD, DESK, ADMIN, MORNING)
    job = await reported(database, parts)
    card = await posted(parts)
    assert await due(parts) is None
    await parts.reports.add(job, ANNA + 5, "", MORNING, 10)
    assert await due(parts) == (job.id, DESK, 500)
    await posted(parts)
    await database.transaction(
        lambda c: c.execute("UPDATE jobs SET request = ? WHERE id = ?", (json.dumps({}), job.id))
    )
    assert await due(parts) == (job.id, DESK, 500)
    card = await posted(parts)
    await parts.desks.set(GUILD, 0, ADMIN, MORNING)
    assert await parts.reports.dismiss(job, MOD, MORNING)
    assert not await parts.reports.dismiss(job, MOD, MORNING)
    assert await due(parts) == (job.id, DESK, 500)
    assert await parts.desks.settled(card) == Settled("dismissed", MOD)
    assert (await parts.audit.newest(GUILD))[0].detail == {
        "user": ANNA, "card": job.id, "verdict": "dismissed",
    }  # fmt: skip


async def test_what_came_meanwhile_outlasts_what_is_done(
    database: Database, parts: Repositories
) -> None:
    await parts.desks.set(GUILD, DESK, ADMIN, MORNING)
    job = await reported(database, parts)
    old = await posted(parts)
    await parts.reports.add(job, ANNA + 5, "", MORNING, 10)
    await parts.desks.done(old)
    assert await due(parts) == (job.id, DESK, 500)
    now = await parts.desks.due(MORNING)
    assert now is not None
    await parts.desks.done(now)
    assert await due(parts) is None


async def test_a_server_that_refuses_waits_as_a_whole_and_holds_up_no_other(
    database: Database, parts: Repositories
) -> None:
    for guild in (GUILD, GUILD + 1):
        await parts.desks.set(guild, DESK + guild, ADMIN, MORNING)
    for _ in range(2):
        await reported(database, parts)
    other = await reported(database, parts, guild=GUILD + 1)
    card = await parts.desks.due(MORNING)
    assert card is not None
    assert card.guild == GUILD
    await parts.desks.begin(card, MORNING)
    await parts.desks.postpone(card, MORNING + 60, arrived=False)
    assert await due(parts) == (other.id, DESK + GUILD + 1, 0)
    await posted(parts)
    assert await due(parts) is None
    later = await parts.desks.due(MORNING + 60)
    assert later is not None
    assert (later.subject, later.sending_at, later.tries) == (card.subject, None, 1)
    # A new choice is tried at once.
    await parts.desks.set(GUILD, DESK, ADMIN, MORNING)
    assert await due(parts) == (card.subject, DESK, 0)


async def test_what_may_have_arrived_is_remembered_with_its_nonce(
    database: Database, parts: Repositories
) -> None:
    await parts.desks.set(GUILD, DESK, ADMIN, MORNING)
    await reported(database, parts)
    card = await parts.desks.due(MORNING)
    assert card is not None
    await parts.desks.begin(card, MORNING)
    await parts.desks.postpone(card, MORNING, arrived=True)
    await parts.desks.set(GUILD, DESK + 1, ADMIN, MORNING)
    again = await parts.desks.due(MORNING + 5)
    assert again is not None
    assert (again.channel, again.nonce, again.sending_at) == (DESK, card.nonce, MORNING)
    assert len(card.nonce) == 24


async def test_nothing_is_said_on_a_server_that_was_left(
    database: Database, parts: Repositories
) -> None:
    await parts.desks.set(GUILD, DESK, ADMIN, MORNING)
    await database.transaction(lambda c: c.execute("DELETE FROM audit"))
    job = await reported(database, parts)
    await parts.departures.reconcile([], MORNING)
    assert await due(parts) is None
    await parts.departures.back(GUILD)
    assert await due(parts) == (job.id, DESK, 0)


async def test_reports_that_are_forgotten_leave_an_empty_card(
    database: Database, parts: Repositories
) -> None:
    await parts.desks.set(GUILD, DESK, ADMIN, MORNING)
    job = await reported(database, parts)
    card = await posted(parts)
    await database.transaction(
        lambda c: c.execute("DELETE FROM reports WHERE reporter_id = ?", (BERT,))
    )
    assert await due(parts) == (job.id, DESK, 500)
    assert await parts.desks.settled(card) is None
    assert await parts.reports.of_job(job.id) is None


async def test_what_waited_in_a_channel_that_is_gone_comes_to_the_next_desk(
    database: Database, parts: Repositories
) -> None:
    desks = parts.desks
    assert not await desks.hears(GUILD)
    await desks.set(GUILD, DESK, ADMIN, MORNING)
    job = await reported(database, parts)
    await posted(parts)
    await desks.lose(GUILD, DESK + 1)
    assert await desks.hears(GUILD)
    assert await due(parts) is None
    await desks.lose(GUILD, DESK)
    assert not await desks.hears(GUILD)
    card = await desks.due(MORNING)
    assert card is not None
    await desks.postpone(card, MORNING + 60, arrived=False)
    assert await due(parts) is None
    await desks.set(GUILD, DESK + 2, ADMIN, MORNING)
    assert await desks.hears(GUILD)
    assert await due(parts) == (job.id, DESK + 2, 0)
