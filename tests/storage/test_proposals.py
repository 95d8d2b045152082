"""Proposals: how many are kept of one account, what another version left, and what is forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import NotFound
from bot.domain.people import Origin
from bot.domain.proposal import Proposal
from bot.domain.quota import Claim
from bot.storage.database import Database
from bot.storage.jobs import JobRepository
from bot.storage.proposals import KEPT, ProposalRepository
from tests.kit import blank
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, MORNING, a_job

HERE = Origin(GUILD, CHANNEL)


@pytest.fixture
async def database(tmp_path: Path):
    opened = await Database.open(blank.put(tmp_path / "easel.sqlite3"))
    yield opened
    await opened.close()


async def add(database: Database, id: str, user: int = ANNA, at: float = MORNING) -> Proposal:
    job = replace(a_job(), user=user, origin=HERE)
    proposal = Proposal(id, HERE, user, (job.request,) * 2, (1, 1), at)
    await ProposalRepository(database).add(proposal, [job], Claim(), 1000)
    return proposal


async def test_it_is_read_as_it_was_kept(database: Database) -> None:
    kept = await add(database, "one")
    assert await ProposalRepository(database).get("one") == kept
    assert await ProposalRepository(database).get("other") is None
    rows = await database.read(lambda c: c.execute("SELECT COUNT(*) FROM jobs").fetchone()[0])
    assert rows == 0


async def test_the_oldest_of_one_account_make_room(database: Database) -> None:
    await add(database, "berts", BERT)
    for number in range(KEPT + 3):
        await add(database, f"{number}", at=MORNING + number)
    proposals = ProposalRepository(database)
    found = [number for number in range(KEPT + 3) if await proposals.get(f"{number}")]
    assert found == list(range(3, KEPT + 3))
    assert await proposals.get("berts")


async def test_what_was_answered_holds_nothing_and_is_answered_once(database: Database) -> None:
    proposals = ProposalRepository(database)
    await add(database, "one")
    await proposals.leave("one")
    left = await proposals.get("one")
    assert left is not None
    assert left.requests == ()
    with pytest.raises(NotFound, match="You left this"):
        await proposals.leave("one")
    with pytest.raises(NotFound, match="too long ago"):
        await proposals.leave("unknown")


async def test_jobs_of_one_that_was_answered_are_not_stored(database: Database) -> None:
    await add(database, "one")
    jobs, job = JobRepository(database), replace(a_job(), user=ANNA, origin=HERE)
    await jobs.submit([job], Claim(), 1000, "one")
    with pytest.raises(NotFound, match="drawn already"):
        await jobs.submit([replace(job, id="0" * 32)], Claim(), 1000, "one")
    assert [each.id for each in await jobs.unfinished()] == [job.id]


@pytest.mark.parametrize("plan", ['{"requests": [{"schema": 99}], "prices": [1]}', "{}", "no"])
async def test_what_another_version_kept_is_asked_for_anew(database: Database, plan: str) -> None:
    await add(database, "one")
    await database.transaction(lambda c: c.execute("UPDATE proposals SET plan = ?", (plan,)))
    found = await ProposalRepository(database).get("one")
    assert found is not None
    with pytest.raises(NotFound, match="Give the command again"):
        found.require_open()


async def test_old_ones_are_forgotten(database: Database) -> None:
    await add(database, "old")
    await add(database, "new", at=MORNING + 2)
    await ProposalRepository(database).forget(MORNING + 1)
    found = [bool(await ProposalRepository(database).get(id)) for id in ("old", "new")]
    assert found == [False, True]
