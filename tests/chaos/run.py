"""One run: people and faults by a seed, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

from tests.chaos import checker
from tests.chaos.crowd import Crowd
from tests.chaos.faults import Fault
from tests.chaos.recovery import recovered
from tests.chaos.schedule import Blow, Schedule, schedule
from tests.chaos.silence import unanswered
from tests.chaos.stage import LIMITS, Stage, Window, moment, now, staged

CALM_S = 240.0
"""So long everything may take to come to rest in the end."""


@dataclass
class Result:
    """`violations` are sentences; `begun` is the schedule as far as it came."""

    executor: str
    seed: int
    accepted: int = 0
    states: Counter[str] = field(default_factory=Counter)
    windows: list[Window] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def recoveries(self) -> list[tuple[str, float]]:
        """(fault, seconds from its end until a job was drawn)."""
        return [(each.fault, each.well - each.ended) for each in self.windows if each.well]


def say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


async def play(
    executor: str, seed: int, jobs: int, every: int, faults: Mapping[str, Fault], busy: int = 12
) -> Result:
    """Until so many jobs were accepted and all is over, or something does not hold."""
    began, result = now(), Result(executor, seed)
    async with staged(executor) as stage:
        weights = {name: each.weight for name, each in faults.items()}
        plan = schedule(
            seed, jobs, every, weights, people=len(stage.people), places=len(stage.places)
        )
        crowd = Crowd(stage, busy)
        acting = asyncio.create_task(crowd.play(plan.deeds(), jobs))
        try:
            await _blows(stage, crowd, plan, faults, result)
            result.notes["last deed"] = await acting
            await crowd.rest()
            await _calm(stage)
            await _last(stage, result)
        except Exception as error:
            result.violations.append(f"{type(error).__name__}: {error}")
        finally:
            acting.cancel()
            await asyncio.gather(acting, return_exceptions=True)
            result.windows, result.seconds = stage.windows, now() - began
            result.notes += crowd.done
            result.notes["starts of the bot"] = stage.bot.starts
            result.accepted = crowd.accepted()
            if result.violations:
                _keep_log(stage, result)
    return result


async def _blows(
    stage: Stage, crowd: Crowd, plan: Schedule, faults: Mapping[str, Fault], result: Result
) -> None:
    for blow in plan.blows:
        with contextlib.suppress(TimeoutError):
            await stage.sandbox.wait_for(lambda at=blow.at: crowd.accepted() >= at, 300)
        result.begun.append(f"{blow.number}: {blow.fault} (seed {blow.seed}) at job {blow.at}")
        await _blow(stage, crowd, blow, faults[blow.fault])
        last = stage.windows[-1]
        say(
            f"{crowd.accepted():6} jobs, {blow.fault}: {last.ended - last.began:.1f} s,"
            f" well after {last.well - last.ended:.2f} s"
        )
        if found := [*checker.seen(stage.witness), *await asyncio.to_thread(_now, stage)]:
            result.violations += found
            raise AssertionError(f"after {blow.fault}")


async def _blow(stage: Stage, crowd: Crowd, blow: Blow, fault: Fault) -> None:
    window = Window(blow.fault, fault.silent, now())
    stage.windows.append(window)
    await fault.act(stage, random.Random(blow.seed))
    window.ended = now()
    window.well = window.ended + await recovered(stage, crowd)


def _now(stage: Stage) -> list[str]:
    with checker.opened(stage.bot.data) as rows:
        found = checker.at_any_time(rows, LIMITS)
    return [*found, *_elsewhere(stage)]


def _elsewhere(stage: Stage) -> list[str]:
    """Connections of the bot and its workers that leave this machine."""
    found = []
    if not stage.bot.alive:
        return found
    for one in [psutil.Process(stage.bot.pid), *stage.bot.children()]:
        with contextlib.suppress(psutil.Error):
            for each in one.net_connections("inet"):
                if each.raddr and not _is_here(each.raddr.ip):
                    found.append(f"leaves loopback: {one.name()} speaks with {each.raddr}")
    return found


def _is_here(address: str) -> bool:
    """Loopback, or this machine's own address, by which parts of Ray speak with each other."""
    own = {each.address for found in psutil.net_if_addrs().values() for each in found}
    plain = address.removeprefix("::ffff:")
    return plain in own or plain.startswith("127.")


async def _calm(stage: Stage) -> None:
    """Return when nothing is left to be done, as far as rows and channels tell; what is left after
    a long while the last check names."""
    end = now() + CALM_S
    while now() < end and await asyncio.to_thread(_left, stage):
        await moment(0.2)


def _left(stage: Stage) -> bool:
    queries = (
        "SELECT 1 FROM jobs WHERE state IN ('waiting', 'running') LIMIT 1",
        "SELECT 1 FROM deliveries WHERE message_id = 0 AND given_up IS NULL LIMIT 1",
    )
    if stage.witness.unfinished:
        return True
    with checker.opened(stage.bot.data) as rows:
        return any(rows.execute(query).fetchone() for query in queries)


async def _last(stage: Stage, result: Result) -> None:
    """Everything is read once more, also by the commands that an operator has."""
    with checker.opened(stage.bot.data) as rows:
        result.violations += checker.in_the_end(rows, stage.witness, LIMITS)
        states = rows.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state")
        result.states.update(dict(tuple(row) for row in states))
        given_up = "SELECT COUNT(*) FROM deliveries WHERE given_up IS NOT NULL"
        result.notes["deliveries given up"] = rows.execute(given_up).fetchone()[0]
    result.notes["posted again, as the first was deleted"] = checker.again(stage.witness)
    result.violations += unanswered(stage)
    result.violations += _elsewhere(stage)
    if (status := await stage.bot.end()) != 0:
        result.violations.append(f"SIGTERM ended the bot with status {status}")
    for words in (("ledger", "verify"), ("doctor",)):
        status, said = await stage.bot.command(*words)
        if status:
            result.violations.append(f"easel {' '.join(words)}: {said}")


def _keep_log(stage: Stage, result: Result) -> None:
    """What the bot said, beside the report of what was wrong."""
    kept = stage.folder.with_suffix(f".{result.executor}.{result.seed}.log")
    kept.write_bytes(stage.bot.log_file.read_bytes())
    say(f"the bot's log is in {kept}")
