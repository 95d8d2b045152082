"""Files by content hash: whole or not there, as long as somebody uses them, gone when told."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
import os
import time
from pathlib import Path

import pytest

from bot.domain.errors import NotFound, StoreUnavailable, TooLarge
from bot.domain.job import Job, JobStatus
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.storage.blobs import Blobs
from bot.storage.database import Database
from bot.storage.repositories import Repositories
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job, a_request, from_file, wish

ANNAS, BERTS, ANNAS_DIRECT = Account(GUILD, ANNA), Account(GUILD, BERT), Account(0, ANNA)
DATA = b"what somebody uploaded"
DIGEST = hashlib.sha256(DATA).hexdigest()
QUOTA = Quota(credits=1000)


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Repositories:
    return Repositories.of(database, tmp_path)


@pytest.fixture
def blobs(parts: Repositories) -> Blobs:
    return parts.blobs


def files(tmp_path: Path) -> list[str]:
    folder = tmp_path / "blobs"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def rows(database: Database) -> list[tuple[object, ...]]:
    """Digest, bytes, guild, user and time of every use."""
    found = await database.read(
        lambda c: c.execute(
            "SELECT digest, bytes, guild_id, user_id, used_at FROM blobs LEFT JOIN blob_uses"
            " USING (digest) ORDER BY digest, guild_id, user_id"
        ).fetchall()
    )
    return [tuple(row) for row in found]


async def made_from(parts: Repositories, digest: str, user: int = ANNA) -> Job:
    """A waiting job that is drawn from a file."""
    job = a_job(from_file(a_request(), digest), user=user, now=MORNING + 50)
    await parts.jobs.submit([job], Claim(QUOTA), 1000)
    return job


async def test_put_and_read(blobs: Blobs, database: Database, tmp_path: Path) -> None:
    assert await blobs.put(DATA, ANNAS, MORNING) == DIGEST
    assert await blobs.read(DIGEST) == DATA
    assert await blobs.exists(DIGEST)
    assert files(tmp_path) == [f"{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"]
    assert await rows(database) == [(DIGEST, len(DATA), GUILD, ANNA, MORNING)]
    assert await blobs.read("ab" * 32) is None
    assert not await blobs.exists("ab" * 32)


async def test_what_is_there_is_kept_once_for_all_who_use_it(
    blobs: Blobs, database: Database
) -> None:
    await blobs.put(DATA, ANNAS, MORNING)
    file = blobs.path(DIGEST).stat()
    for owner in (ANNAS, BERTS, ANNAS_DIRECT):
        assert await blobs.put(DATA, owner, MORNING + 1) == DIGEST
    assert blobs.path(DIGEST).stat().st_ino == file.st_ino
    assert [row[2:] for row in await rows(database)] == [
        (0, ANNA, MORNING + 1),
        (GUILD, ANNA, MORNING + 1),
        (GUILD, BERT, MORNING + 1),
    ]


async def test_what_is_too_large_is_refused_in_one_sentence(
    database: Database, tmp_path: Path
) -> None:
    blobs = Blobs(database, tmp_path / "blobs", max_bytes=2_500_000)
    await blobs.put(bytes(2_500_000), ANNAS, MORNING)
    before = files(tmp_path)
    with pytest.raises(TooLarge, match=r"^This file has 3\.1 MB and may have at most 2\.5 MB; s"):
        await blobs.put(bytes(3_100_000), ANNAS, MORNING)
    assert files(tmp_path) == before
    assert len(await rows(database)) == 1


async def test_what_does_not_hold_what_it_held_is_not_read(blobs: Blobs, caplog) -> None:
    await blobs.put(DATA, ANNAS, MORNING)
    blobs.path(DIGEST).write_bytes(DATA[:-1])
    with caplog.at_level(logging.ERROR):
        assert await blobs.read(DIGEST) is None
    assert f"{DIGEST} is damaged" in caplog.text
    # Whoever brings it again mends it.
    await blobs.put(DATA, BERTS, MORNING)
    assert await blobs.read(DIGEST) == DATA


async def test_a_crash_before_the_rename_leaves_nothing(
    blobs: Blobs, database: Database, tmp_path: Path, monkeypatch
) -> None:
    def crash(source: str, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", crash)
        with pytest.raises(OSError, match="No space"):
            await blobs.put(DATA, ANNAS, MORNING)
    assert (files(tmp_path), await rows(database)) == ([], [])


async def test_forgetting_a_person_leaves_what_others_use(
    blobs: Blobs, database: Database, tmp_path: Path
) -> None:
    for owner in (ANNAS, BERTS):
        await blobs.put(DATA, owner, MORNING)
    for owner in (ANNAS, ANNAS_DIRECT):
        await blobs.put(b"only Anna's", owner, MORNING)
    assert await blobs.forget(wish(ANNA)) == 1
    assert await rows(database) == [(DIGEST, len(DATA), GUILD, BERT, MORNING)]
    assert [path[-64:] for path in files(tmp_path)] == [DIGEST]
    assert await blobs.forget(wish(ANNA)) == 0
    assert await blobs.forget(wish(BERT)) == 1
    assert (files(tmp_path), await rows(database)) == ([], [])


async def test_what_a_job_under_way_needs_outlives_its_owners_wish(
    parts: Repositories, blobs: Blobs
) -> None:
    await blobs.put(DATA, ANNAS, MORNING)
    job = await made_from(parts, DIGEST)
    assert await blobs.forget(wish(ANNA)) == 0
    assert await blobs.drop_unused(MORNING - 1) == 0
    assert await blobs.read(DIGEST) == DATA
    await parts.jobs.cancel(job.id, MORNING)
    assert await blobs.drop_unused(MORNING - 1) == 1
    assert await blobs.read(DIGEST) is None


async def test_what_nobody_uses_goes_after_a_while(
    parts: Repositories, blobs: Blobs, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("bot.storage.blobs.DROPPED_AT_ONCE", 2)
    old = [await blobs.put(bytes([n]), ANNAS, MORNING) for n in range(5)]
    young = await blobs.put(b"young", ANNAS, MORNING + 10)
    again = await blobs.put(DATA, ANNAS, MORNING)
    await blobs.put(DATA, BERTS, MORNING + 10)
    needed = await blobs.put(b"needed", ANNAS, MORNING)
    job = await made_from(parts, needed)
    assert await blobs.drop_unused(MORNING) == 0
    assert await blobs.drop_unused(MORNING + 5) == len(old)
    assert {path[-64:] for path in files(tmp_path)} == {young, again, needed}
    # Its owner used it when they asked for the job.
    await parts.jobs.cancel(job.id, MORNING + 60)
    assert await blobs.drop_unused(MORNING + 50) == 2
    assert await blobs.drop_unused(MORNING + 51) == 1
    assert files(tmp_path) == []


async def test_nothing_can_be_made_from_what_was_dropped(
    parts: Repositories, blobs: Blobs, database: Database
) -> None:
    await blobs.put(DATA, ANNAS, MORNING)
    await blobs.drop_unused(MORNING + 1)
    with pytest.raises(NotFound, match="not here any more; send it again"):
        await made_from(parts, DIGEST)
    for table in ("jobs", "job_inputs", "ledger"):
        sql = f"SELECT COUNT(*) FROM {table}"
        assert await database.read(lambda c, sql=sql: c.execute(sql).fetchone()[0]) == 0


async def test_a_job_makes_its_owner_a_user_of_its_file(
    parts: Repositories, blobs: Blobs, database: Database
) -> None:
    await blobs.put(DATA, ANNAS, MORNING)
    job = await made_from(parts, DIGEST, user=BERT)
    assert [row[3:] for row in await rows(database)] == [(ANNA, MORNING), (BERT, MORNING + 50)]
    await parts.jobs.cancel(job.id, MORNING)
    await blobs.forget(wish(ANNA))
    assert await blobs.read(DIGEST) == DATA
    stored = await parts.jobs.get(job.id)
    assert stored is not None
    assert (stored.request, stored.status) == (job.request, JobStatus.CANCELLED)


async def test_a_file_is_there_exactly_when_its_row_is(
    blobs: Blobs, database: Database, tmp_path: Path
) -> None:
    for _ in range(20):
        await asyncio.gather(
            *(blobs.put(bytes([n]), ANNAS, MORNING) for n in range(3)),
            *(blobs.drop_unused(MORNING + 1) for _ in range(2)),
            blobs.put(b"\x01", BERTS, MORNING),
            blobs.forget(wish(ANNA)),
        )
        known = {row[0] for row in await rows(database)}
        assert {path[-64:] for path in files(tmp_path)} == known


async def test_what_a_crash_left_is_swept(
    blobs: Blobs, database: Database, tmp_path: Path, caplog
) -> None:
    await blobs.put(DATA, ANNAS, MORNING)
    lost = [await blobs.put(bytes([n]), ANNAS, MORNING) for n in range(3)]
    await database.transaction(
        lambda c: c.execute("DELETE FROM blobs WHERE digest <> ?", (DIGEST,))
    )  # fmt: skip
    partials = [blobs.path(digest).with_suffix(".partial") for digest in (DIGEST, lost[2])]
    for partial in partials:
        partial.write_bytes(b"half")
    now = time.time()
    for path in (blobs.path(DIGEST), *map(blobs.path, lost[:2]), partials[0]):
        os.utime(path, (now - 100, now - 100))
    assert await blobs.sweep(now - 50, most=1) == 0
    assert "2 files that are not known; they stay" in caplog.text
    assert await blobs.sweep(now - 50, most=2) == 2
    assert {path[-64:] for path in files(tmp_path) if "partial" not in path} == {DIGEST, lost[2]}
    assert [partial.exists() for partial in partials] == [False, True]


async def test_what_the_store_refuses_leaves_rows_and_files_as_they_were(
    blobs: Blobs, database: Database, tmp_path: Path
) -> None:
    await blobs.put(DATA, ANNAS, MORNING)
    before = files(tmp_path), await rows(database)
    await database.read(lambda c: c.execute("PRAGMA query_only = ON"))
    for work in (blobs.drop_unused(MORNING + 1), blobs.forget(wish(ANNA))):
        with pytest.raises(StoreUnavailable):
            await work
    await database.read(lambda c: c.execute("PRAGMA query_only = OFF"))
    assert (files(tmp_path), await rows(database)) == before
    assert await blobs.drop_unused(MORNING + 1) == 1
