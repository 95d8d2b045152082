"""A database of the version before is opened, with everything that is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import imaging
from bot.domain.action import Action, Tile
from bot.domain.delivery import Kind
from bot.domain.people import Account
from bot.storage.database import Database
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from bot.storage.pictures import PictureRepository
from tests.kit import books
from tests.storage import version_2
from tests.storage.version_2 import GRID, NOW, STATES, UPSCALED


@pytest.fixture
async def old(tmp_path: Path) -> AsyncIterator[Database]:
    version_2.restore(tmp_path / "easel.sqlite3", tmp_path / "images")
    opened = await Database.open(tmp_path / "easel.sqlite3")
    yield opened
    await opened.close()


# It took no notice of a lower limit, nor in a month of what was used of a day's credits.
CORRECTED = {(version_2.ATELIER, version_2.MIA): 4 - 1, (version_2.ATELIER, version_2.LEO): 290 - 1}


async def ids(database: Database) -> list[str]:
    rows = await database.read(lambda c: c.execute("SELECT id FROM jobs").fetchall())
    return [row["id"] for row in rows]


async def test_every_job_of_version_2_is_read(old: Database) -> None:
    jobs = JobRepository(old)
    read = [await jobs.get(job) for job in await ids(old)]
    assert Counter(job.status.value for job in read if job) == STATES
    assert {job.id for job in await jobs.unfinished()} == version_2.UNFINISHED
    grid, struck = await jobs.get(GRID), await jobs.get(version_2.STRUCK)
    assert grid is not None
    assert struck is not None
    assert grid.request.prompt.text == "a red fox asleep in fresh snow, watercolour"
    assert (grid.request.prompt.seed, grid.request.prompt.quality) == (7, 0.5)
    assert (str(grid.request.prompt.aspect), grid.request.prompt.negative) == ("3:2", "red, blue")
    assert (struck.strikes, struck.attempt) == (1, 1)


async def test_buttons_that_were_used_and_results_that_are_due_are_known(old: Database) -> None:
    jobs = JobRepository(old)
    assert await jobs.used(GRID) == {(Action.VARY, 1), (Action.UPSCALE, 2), (Action.REROLL, 0)}
    rows = await books.owed(old)
    assert {job for job, kind in rows if kind is Kind.RESULT} == version_2.UNPOSTED
    ends = {job for job, kind in rows if kind is Kind.END}
    assert ends == {version_2.FAILED, version_2.CANCELLED}


@pytest.mark.parametrize("account", version_2.BOOKS, ids=str)
async def test_balances_are_what_version_2_computed(
    old: Database, account: tuple[int, int]
) -> None:  # fmt: skip
    books = version_2.BOOKS[account]
    balance = await LedgerRepository(old).balance(Account(*account), books.quota, NOW)
    left = CORRECTED.get(account, books.periodic)
    assert (balance.allowance_left, balance.lasting, balance.held) == (left, *books[2:])


async def test_pictures_that_were_kept_have_their_files(old: Database, tmp_path: Path) -> None:
    store, pictures = ImageStore(tmp_path / "images"), PictureRepository(old)
    for job in await ids(old):
        for index, row in (await pictures.of_job(job)).items():
            data = await store.read(Tile(job, index))
            assert (data is None) == row.evicted
            assert data is None or imaging.decode(data).size == (16, 16)
    taken = store.path(Tile(UPSCALED, 1)), store.path(Tile(GRID, 2))
    assert taken[0].samefile(taken[1])


async def test_buttons_of_its_messages_are_of_its_jobs(old: Database) -> None:
    known = await ids(old)
    codes = set()
    for message in version_2.messages().values():
        assert message["job"] in known
        for row in message["components"]:
            for button in row["components"]:
                name, code, job, _ = button["custom_id"].split(":")
                assert (name, job) == ("easel", message["job"])
                codes.add(code)
    assert codes == {"upscale", "vary", "reroll", "cancel"}
