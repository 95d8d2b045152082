"""Preferences as they are kept: by person and by server, changed in one transaction."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.errors import InvalidPrompt
from bot.domain.preferences import Preferences, Variation
from bot.domain.prompt import Prompt
from bot.storage.audit import AuditRepository
from bot.storage.database import Database
from bot.storage.preferences import Change, PreferenceRepository
from tests.kit.values import ANNA, BERT, GUILD, MORNING

ADMIN = 99
CHOSEN = Preferences(
    "sdxl", 250, True, Variation.STRONG, ping=True,
    suffix=Prompt.read_parameters("--ar 3:2 --no a, b"), options=(("größe", "{a, b} --raw"),),
)  # fmt: skip


@pytest.fixture
def kept(database: Database) -> PreferenceRepository:
    return PreferenceRepository(database)


async def rows(database: Database) -> int:
    count = "SELECT COUNT(*) FROM preferences"
    return await database.read(lambda c: c.execute(count).fetchone()[0])


async def test_what_was_chosen_is_kept_for_that_person(kept: PreferenceRepository) -> None:
    assert await kept.get("user", ANNA) == Preferences()
    assert await kept.change(ANNA, lambda before: CHOSEN) == CHOSEN
    assert await kept.get("user", ANNA) == CHOSEN
    assert await kept.get("user", BERT) == Preferences()
    assert await kept.get("server", ANNA) == Preferences()


async def test_changes_at_once_lose_none(kept: PreferenceRepository) -> None:
    def adding(name: str) -> Change:
        return lambda before: replace(before, options=(*before.options, (name, "x")))

    await asyncio.gather(*(kept.change(ANNA, adding(f"n{n}")) for n in range(8)))
    assert len((await kept.get("user", ANNA)).options) == 8


async def test_what_is_refused_changes_nothing(
    kept: PreferenceRepository, database: Database
) -> None:
    def refuse(before: Preferences) -> Preferences:
        raise InvalidPrompt("no")

    with pytest.raises(InvalidPrompt):
        await kept.change(ANNA, refuse)
    assert await rows(database) == 0


async def test_nothing_is_kept_of_who_leaves_all_open(
    kept: PreferenceRepository, database: Database
) -> None:
    await kept.change(ANNA, lambda before: CHOSEN)
    assert await rows(database) == 1
    await kept.change(ANNA, lambda before: Preferences())
    assert await rows(database) == 0


async def test_what_a_server_changes_is_written_down(
    kept: PreferenceRepository, database: Database
) -> None:
    both = Preferences(stylize=250, raw=True)
    await kept.change_server(GUILD, lambda before: both, ADMIN, MORNING)
    await kept.change_server(GUILD, lambda before: replace(before, raw=None), ADMIN, MORNING)
    assert await kept.get("server", GUILD) == Preferences(stylize=250)
    entries = await AuditRepository(database).newest(GUILD)
    assert [(each.actor, each.deed, each.detail) for each in entries] == [
        (ADMIN, "settings", {"raw": None}),
        (ADMIN, "settings", {"raw": True, "stylize": 250}),
    ]


@pytest.mark.parametrize("text", ["{}", "nonsense", '{"version": 9}', "[]"])
async def test_what_cannot_be_read_holds_up_nobody(
    kept: PreferenceRepository, database: Database, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    sql = "INSERT INTO preferences VALUES ('user', ?, ?)"
    await database.transaction(lambda c: c.execute(sql, (ANNA, text)))
    assert await kept.get("user", ANNA) == Preferences()
    assert f"user {ANNA}" in caplog.text
    assert await kept.change(ANNA, lambda before: CHOSEN) == CHOSEN
    assert await kept.get("user", ANNA) == CHOSEN
