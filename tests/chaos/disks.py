"""Faults of the disk and of the database on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import sqlite3
from pathlib import Path

from tests.chaos.faults import fault
from tests.chaos.stage import Stage, moment


@fault(weight=3)
async def database_locked(stage: Stage, dice: random.Random) -> None:
    """Another program writes to it, for less or more than the bot waits."""
    await asyncio.to_thread(_lock, stage.bot.data, dice.choice([0.5, 2.0, 6.5, 9.0]))


@fault(weight=2)
async def database_read_only(stage: Stage, dice: random.Random) -> None:
    """By a hook: SQLite itself refuses to write on this connection."""
    await _ordered(stage, dice.uniform(0.5, 4.0), refuse="read_only")


@fault(weight=2)
async def database_full(stage: Stage, dice: random.Random) -> None:
    """By a hook: SQLite itself has no page left."""
    await _ordered(stage, dice.uniform(0.5, 4.0), refuse="full")


@fault(weight=2)
async def disk_full(stage: Stage, dice: random.Random) -> None:
    """A file takes what is left, where the data have a disk of their own; else by hooks."""
    if not stage.mounted:
        await _ordered(stage, dice.uniform(0.5, 4.0), refuse="full", full=True)
        return
    ballast = stage.bot.data / "ballast"
    await asyncio.to_thread(_fill, ballast)
    try:
        await moment(dice.uniform(0.5, 4.0))
    finally:
        ballast.unlink()


@fault(weight=1)
async def pictures_refused(stage: Stage, dice: random.Random) -> None:
    """By a hook: there is room for rows and none for pictures."""
    await _ordered(stage, dice.uniform(0.5, 4.0), full=True)


@fault(weight=1)
async def files_limited(stage: Stage, dice: random.Random) -> None:
    """The system lets the bot write no file beyond a few pages (RLIMIT_FSIZE)."""
    pid, limit = stage.bot.pid, resource.RLIMIT_FSIZE
    few, seconds = dice.choice([0, 4096, 65_536]), dice.uniform(0.5, 3.0)
    with contextlib.suppress(ProcessLookupError):
        _, hard = resource.prlimit(pid, limit)
        resource.prlimit(pid, limit, (few, hard))
        await moment(seconds)
        resource.prlimit(pid, limit, (hard, hard))


@fault(weight=2)
async def syncs_slow(stage: Stage, dice: random.Random) -> None:
    """By a hook: every commit and every fsync takes so much longer."""
    seconds = dice.choice([0.05, 0.2, 0.5])
    await _ordered(stage, dice.uniform(1.0, 4.0), commit_s=seconds, sync_s=seconds)


async def _ordered(stage: Stage, seconds: float, **orders: object) -> None:
    stage.bot.order(**orders)
    await moment(seconds)
    stage.bot.order(refuse="", full=False, commit_s=0.0, sync_s=0.0)


def _lock(data: Path, seconds: float) -> None:
    import time

    with contextlib.closing(
        sqlite3.connect(data / "easel.sqlite3", timeout=30, isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def _fill(path: Path) -> None:
    """Take every page that is left."""
    with path.open("wb") as file:
        size = 1 << 26
        while size >= 4096:
            try:
                os.posix_fallocate(file.fileno(), file.tell(), size)
                file.seek(size, os.SEEK_CUR)
            except OSError:
                size //= 2
