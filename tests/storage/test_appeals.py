"""Why somebody was refused, as it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.desk import Refused
from bot.domain.grounds import Banned, BlockedWord, Ground, TimedOut, Told
from bot.domain.people import Account
from bot.storage.database import Database
from bot.storage.repositories import Repositories
from tests.kit.values import ANNA, GUILD, MORNING

HERE = Account(GUILD, ANNA)


@pytest.fixture
async def parts(database: Database, tmp_path: Path) -> Repositories:
    made = Repositories.of(database, tmp_path)
    await made.desks.set(GUILD, 77, 99, MORNING)
    return made


@pytest.mark.parametrize(
    "ground",
    [
        BlockedWord("scum", "adult", MORNING),
        TimedOut(MORNING + 0.5),
        Banned(None, "très {rude}"),
        Banned(MORNING),
        Told("It was stopped.", "ABC123"),
    ],
)
async def test_a_ground_is_kept_with_its_language(parts: Repositories, ground: Ground) -> None:
    refused = Refused(HERE, ground, ("a fox",), "de")
    appeal = await parts.appeals.get(await parts.appeals.offer(refused, MORNING, "ab" * 16))
    assert appeal is not None
    assert (appeal.kind, appeal.ground, appeal.locale) == (ground.kind, ground, "de")


async def test_who_is_refused_again_is_told_why_in_their_language_of_then(
    parts: Repositories,
) -> None:
    id = await parts.appeals.offer(Refused(HERE, Banned(), locale="de"), MORNING)
    again = Refused(HERE, Banned(None, "rude"), locale="ja")
    assert await parts.appeals.offer(again, MORNING + 1) == id
    appeal = await parts.appeals.get(id)
    assert appeal is not None
    assert (appeal.ground, appeal.locale) == (again.ground, "ja")


async def test_a_refusal_of_an_earlier_version_is_told_as_it_was(
    parts: Repositories, database: Database
) -> None:
    id = await parts.appeals.offer(Refused(HERE, Banned()), MORNING)
    await database.transaction(
        lambda c: c.execute("UPDATE appeals SET why = '`scum` is blocked on this server.'")
    )
    appeal = await parts.appeals.get(id)
    assert appeal is not None
    assert (appeal.kind, appeal.locale) == ("ban", "")
    assert appeal.ground.said() == "`scum` is blocked on this server."
