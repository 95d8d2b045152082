"""Everything that can go wrong at once: every job has one end, one delivery and balanced books, and
nothing stays in memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.people import Asker
from tests.kit.app import QUICK, House
from tests.stress.books import Books, check_books, check_channels
from tests.stress.weather import GUILDS, PEOPLE, RULES, Weather

HASTY = replace(QUICK, close=0.2)
"""What cannot end, for its pictures cannot be stored, is cut off soon."""


def mistakes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged with a traceback: nothing that happens here is unexpected."""
    found = [record for record in caplog.records if record.exc_info]
    return [f"{record.getMessage()}: {record.exc_info[1]!r}" for record in found]


async def check(seed: int, folder: Path, caplog: pytest.LogCaptureFixture, slots: int) -> None:
    """One run of that seed, with workers that draw so many jobs at once."""
    before = asyncio.all_tasks()
    room = 4 * slots
    async with House(folder, workers=3, rules=RULES, slots=slots, room=room, timing=HASTY) as house:
        weather = Weather(house, random.Random(seed))
        await weather.blow()
        house.database.calm()
        await weather.calm()
        accounts = [(guild, user) for guild in (0, *GUILDS) for user in PEOPLE]
        worth = {(guild, user): await house.credits(Asker(user), guild) for guild, user in accounts}
    await asyncio.sleep(0)  # what was cancelled has ended then
    assert asyncio.all_tasks() <= before  # of those some may have ended
    assert mistakes(caplog) == []
    with contextlib.closing(Books(house.database.path)) as books:
        check_books(books, folder / "images")
        check_channels(books, weather.channels, weather.recorded)
        assert worth == {account: (books.worth(*account), 0) for account in accounts}
        assert len(books.jobs) > 10, "so few jobs tell nothing"


async def weathers(
    seed: int, folder: Path, caplog: pytest.LogCaptureFixture, slots: int
) -> None:  # fmt: skip
    """The same with the seed in what a failure says."""
    with caplog.at_level(logging.WARNING):
        try:
            await check(seed, folder, caplog, slots)
        except Exception as error:
            error.add_note(f"the weather of seed {seed}, {slots} jobs on a worker")
            raise


@pytest.mark.parametrize("seed", range(4))
async def test_every_job_ends_once_whatever_happens(seed: int, tmp_path: Path, caplog) -> None:
    await weathers(seed, tmp_path, caplog, slots=1 + seed % 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 132))
async def test_every_job_ends_once_in_many_weathers(seed: int, tmp_path: Path, caplog) -> None:
    await weathers(seed, tmp_path, caplog, slots=1 + seed % 4)
