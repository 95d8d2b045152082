"""`easel doctor`: each thing that can be wrong is made on real files and rows, found and mended; a
house that is well has none."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.domain.job import Job
from bot.ops.lock import lock_folder
from tests.kit import books
from tests.kit.app import ANNA_ASKS, HERE, House

LONG_AGO = 1_780_000_000.0


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as one:
        yield one


@pytest.fixture
async def drawn(house: House) -> Job:
    """A grid that is drawn and posted; its house is closed."""
    job = await house.draw()
    await house.posted(job)
    await house.service.pictures.forget_posted(job)
    await house.stop()
    return job


def said(capsys: pytest.CaptureFixture[str], *options: str, status: int) -> str:
    assert main(["doctor", *options]) == status
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return out


def write(folder: Path, *statements: str) -> None:
    """By hand, past every rule."""
    with contextlib.closing(sqlite3.connect(folder / "easel.sqlite3", isolation_level=None)) as c:
        for statement in statements:
            c.execute(statement)


def mended(capsys: pytest.CaptureFixture[str], words: str) -> None:
    """It is found, mended and gone."""
    found = said(capsys, status=1)
    assert words in found
    assert found.startswith("found ")
    assert f"mended {words}" in said(capsys, "--mend", status=0)
    assert said(capsys, status=0) == "The data are well.\n"


def only_found(capsys: pytest.CaptureFixture[str], words: str) -> None:
    """It is found, and left to a person."""
    assert words in said(capsys, status=1)
    assert f"found  {words}" in said(capsys, "--mend", status=1)


def copies(folder: Path) -> list[Path]:
    return list(folder.glob("before-mend-*.sqlite3"))


def picture(folder: Path, job: Job, number: int = 1) -> Path:
    return folder / "images" / job.id[:2] / job.id[2:4] / job.id / f"{number}.webp"


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


async def test_a_house_that_is_well_has_nothing_also_while_it_works(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await house.draw()
    assert said(capsys, status=0) == "The data are well.\n"
    await house.posted(job)
    await house.imagine("one that waits")
    await house.upscale(job.tile(2))
    assert said(capsys, status=0) == "The data are well.\n"
    await house.stop()
    assert said(capsys, "--mend", status=0) == "The data are well.\n"
    assert copies(tmp_path) == []


async def test_open_holds_of_ended_jobs(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.imagine("never drawn")
    await house.imagine("said to be drawn")
    await house.stop()
    write(
        tmp_path,
        "UPDATE jobs SET state = 'cancelled', finished_at = 1 WHERE rowid = 1",
        "UPDATE jobs SET state = 'succeeded', finished_at = 1 WHERE rowid = 2",
    )
    mended(capsys, "2 jobs have ended, and credits are held for them still")
    assert (books.open_holds(tmp_path), books.spent(tmp_path)) == (0, 1)
    assert main(["ledger", "verify"]) == 0


async def test_pictures_that_are_not_there(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(tmp_path, drawn).unlink()
    picture(tmp_path, drawn, 3).write_bytes(b"")
    mended(capsys, "2 pictures are not there")
    rows = books.rows(tmp_path, "SELECT idx FROM images WHERE evicted_at IS NOT NULL ORDER BY idx")
    assert [row[0] for row in rows] == [1, 3]


async def test_pictures_of_a_job_that_is_drawn_still_are_drawn_again(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await house.draw()
    await house.stop()
    write(
        tmp_path,
        "DELETE FROM deliveries",
        "DELETE FROM results",
        "DROP TRIGGER ledger_no_delete",
        "DELETE FROM ledger WHERE kind = 'capture'",
        "UPDATE jobs SET state = 'running', finished_at = NULL",
    )
    picture(tmp_path, job, 2).unlink()
    mended(capsys, "1 picture of jobs that are drawn still are not there")
    await house.start()
    house.executor.automatic = True
    assert (await house.end(job)).job.status.value == "succeeded"
    assert picture(tmp_path, job, 2).stat().st_size > 0


async def test_pictures_of_another_length_are_left_to_a_person(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(picture(tmp_path, drawn), b"cut off")
    only_found(capsys, "1 picture has another length than when written")


async def test_files_of_nothing_known(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orphans = [
        put(picture(tmp_path, drawn, 9)),
        put(tmp_path / "images/ab/cd" / ("abcd" + "0" * 28) / "1.webp"),
        put(tmp_path / "blobs/ab/cd" / ("abcd" + "0" * 60)),
    ]
    mended(capsys, "3 files belong to nothing known")
    assert not any(path.exists() for path in orphans)
    assert picture(tmp_path, drawn).exists()


async def test_beside_a_running_bot_young_files_are_its_own(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orphan = put(tmp_path / "images/ab/cd" / ("abcd" + "0" * 28) / "1.webp")
    with lock_folder(tmp_path):
        assert said(capsys, status=0) == "The data are well.\n"
        os.utime(orphan, (LONG_AGO, LONG_AGO))
        assert "1 file belongs to nothing known" in said(capsys, status=1)
        assert main(["doctor", "--mend"]) == 2
        assert "Another Easel uses DATA_DIR" in capsys.readouterr().err
    assert orphan.exists()


async def test_very_many_files_of_nothing_known_are_rather_another_databases(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(101):
        job = f"ab{number:02x}{'0' * 28}"
        put(tmp_path / "images" / job[:2] / job[2:4] / job / "1.webp")
    only_found(capsys, "101 files belong to nothing known, more than a crash leaves")
    assert "mended 101 files" in said(capsys, "--mend", "--orphans", status=0)
    assert said(capsys, status=0) == "The data are well.\n"


async def test_files_that_were_sent_and_are_not_there(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await house.draw()
    digest = await house.parts.blobs.put(b"sent", job.account, 1.0)
    await house.stop()
    path = tmp_path / "blobs" / digest[:2] / digest[2:4] / digest
    path.unlink()
    mended(capsys, "1 file that people sent is not there")
    assert books.rows(tmp_path, "SELECT * FROM blobs") == []
    assert books.rows(tmp_path, "SELECT * FROM blob_uses") == []


async def test_results_that_were_never_put_up_for_posting(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await house.draw()
    await house.stop()
    write(tmp_path, "DELETE FROM deliveries")
    mended(capsys, "1 result was never put up for posting")
    await house.start()
    assert await house.owed() == [job.id]


async def test_results_to_be_posted_of_jobs_without_any(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = await house.imagine()
    await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    await house.stop()
    write(
        tmp_path,
        "INSERT INTO deliveries (job_id, kind, channel_id, nonce) SELECT id, 'result', 1, 'n'"
        " FROM jobs",
    )
    mended(capsys, "1 result is to be posted of jobs without any")
    await house.start()
    assert await house.owed() == []


async def test_jobs_that_cannot_be_read(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = await house.imagine()
    await house.stop()
    write(tmp_path, "UPDATE jobs SET request = 'garbage'")
    mended(capsys, "1 job that waits cannot be read")
    [row] = books.rows(tmp_path, "SELECT state, failure_code FROM jobs")
    assert tuple(row) == ("failed", "unreadable")
    assert books.open_holds(tmp_path) == 0
    await house.start()
    assert (await house.jobs.get(waits.id)).failure.reference


async def test_ended_jobs_that_cannot_be_read_keep_their_pictures(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "UPDATE jobs SET request = '[]'")
    only_found(capsys, "1 job that ended cannot be read")
    assert picture(tmp_path, drawn).exists()


async def test_a_book_that_does_not_balance_is_reported_and_left(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "UPDATE buckets SET balance = balance - 3")
    only_found(capsys, "the book of credits does not balance in 1 place")
    [row] = books.rows(tmp_path, "SELECT balance FROM buckets")
    assert row[0] == -4


async def test_rows_that_name_what_is_not_there(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "INSERT INTO images VALUES ('none', 1, '', 0, 0, 1, NULL, NULL, NULL)")
    only_found(capsys, "1 row names what is not there (images 1)")


async def test_the_weight_of_all_pictures(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "UPDATE kept SET bytes = bytes + 1000")
    mended(capsys, "pictures are said to weigh ")


async def test_what_was_begun_and_left(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(picture(tmp_path, drawn).with_name("2.webp.partial"))
    put(picture(tmp_path, drawn).with_name("upload.webp"))
    put(tmp_path / ".backup-abc" / "easel.sqlite3")
    found = said(capsys, status=1)
    assert "2 temporary files were left; --mend: they are deleted." in found
    assert "1 copy was begun and not finished" in found
    said(capsys, "--mend", status=0)
    assert said(capsys, status=0) == "The data are well.\n"
    assert not (tmp_path / ".backup-abc").exists()


async def test_a_lock_that_nobody_can_take(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "easel.lock").unlink(missing_ok=True)
    (tmp_path / "easel.lock").mkdir()
    assert "easel.lock cannot be opened (Is a directory)" in said(capsys, status=1)


async def test_a_damaged_database_is_named_and_nothing_else_is_looked_at(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "easel.sqlite3"
    write(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE")
    pages = bytearray(path.read_bytes())
    middle = len(pages) // 8192 * 4096
    pages[middle : middle + 16384] = b"?" * 16384
    path.write_bytes(pages)
    [line] = said(capsys, status=1).splitlines()
    assert line.startswith("found  the database is damaged")
    assert "`easel restore`" in line


async def test_before_it_mends_it_copies(
    drawn: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(tmp_path, drawn).unlink()
    out = said(capsys, "--mend", status=0)
    [copy] = copies(tmp_path)
    assert f"copied {copy} is the database as it was." in out


def test_without_a_database_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    assert "There is no database in" in capsys.readouterr().err
