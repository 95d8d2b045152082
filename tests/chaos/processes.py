"""Faults of processes: killed, stopped for a while, ended and begun again with another model."""

from __future__ import annotations

import asyncio
import contextlib
import random

import psutil

from tests.chaos.faults import fault
from tests.chaos.process import BRIDGE, WORKER
from tests.chaos.stage import Stage, moment

GONE_S = 60.0


@fault(weight=1)
async def nothing(stage: Stage, dice: random.Random) -> None:
    """What a job takes that nothing has happened to."""
    await moment(0.5)


@fault(weight=4, where=("local",))
async def worker_killed(stage: Stage, dice: random.Random) -> None:
    await _kill(stage, WORKER, dice)


@fault(weight=2, where=("local",))
async def worker_stopped(stage: Stage, dice: random.Random) -> None:
    """SIGSTOP for longer than the bot has patience: it must be replaced."""
    if one := _one(stage, WORKER, dice):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.suspend()
        await asyncio.to_thread(psutil.wait_procs, [one], GONE_S)


@fault(weight=2, where=("local",))
async def worker_paused(stage: Stage, dice: random.Random) -> None:
    """SIGSTOP and SIGCONT before the bot loses patience."""
    if one := _one(stage, WORKER, dice):
        await pause(one, dice.uniform(0.3, 3.0))


@fault(weight=4, silent=True)
async def bot_killed(stage: Stage, dice: random.Random) -> None:
    await stage.bot.kill()
    await stage.bot.start()


@fault(weight=1, silent=True)
async def bot_killed_twice(stage: Stage, dice: random.Random) -> None:
    """The second time while it still takes up what the first has left."""
    await stage.bot.kill()
    await stage.bot.start()
    await moment(dice.uniform(0.0, 1.0))
    await stage.bot.kill()
    await stage.bot.start()


@fault(weight=3, silent=True)
async def bot_stopped(stage: Stage, dice: random.Random) -> None:
    """SIGSTOP, as of a machine that swaps or a laptop that sleeps; then SIGCONT."""
    stage.bot.pause()
    try:
        await moment(dice.choice([0.5, 2.0, 6.0, 10.0]))
    finally:
        stage.bot.wake()


@fault(weight=2, silent=True)
async def bot_restarted(stage: Stage, dice: random.Random) -> None:
    """SIGTERM; it has to end well."""
    if (status := await stage.bot.end()) != 0:
        raise AssertionError(f"SIGTERM ended the bot with status {status}")
    await stage.bot.start()


@fault(weight=2, silent=True)
async def model_changed(stage: Stage, dice: random.Random) -> None:
    """MODEL is another after a restart."""
    await stage.bot.end()
    settings = stage.bot.settings
    settings["MODEL"] = "" if settings.get("MODEL") else str(stage.model)
    await stage.bot.start()


@fault(weight=1)
async def model_files_removed(stage: Stage, dice: random.Random) -> None:
    """The folder of models is empty for a while, and no worker that comes up can load any."""
    changed = stage.bot.settings.get("MODEL")
    stage.missing.touch()
    if not changed:
        stage.model.unlink(missing_ok=True)
    try:
        if stage.town is None:
            await _kill(stage, WORKER, dice)
        await moment(dice.uniform(1.0, 4.0))
    finally:
        stage.missing.unlink(missing_ok=True)
        stage.make_model()


@fault(weight=2, where=("ray",))
async def bridge_killed(stage: Stage, dice: random.Random) -> None:
    await _kill(stage, BRIDGE, dice)


@fault(weight=1, where=("ray",))
async def bridge_stopped(stage: Stage, dice: random.Random) -> None:
    if one := _one(stage, BRIDGE, dice):
        await pause(one, dice.uniform(0.5, 9.0))


async def pause(one: psutil.Process, seconds: float) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        one.suspend()
    await moment(seconds)
    with contextlib.suppress(psutil.NoSuchProcess):
        one.resume()


def _one(stage: Stage, module: str, dice: random.Random) -> psutil.Process | None:
    found = sorted(stage.bot.named(module), key=lambda each: each.pid)
    return dice.choice(found) if found else None


async def _kill(stage: Stage, module: str, dice: random.Random) -> None:
    if one := _one(stage, module, dice):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
