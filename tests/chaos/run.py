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

from tests.chaos import verdict
from tests.chaos.crowd import Crowd
from tests.chaos.faults import Fault
from tests.chaos.recovery import recovered
from tests.chaos.schedule import Blow, schedule
from tests.chaos.stage import Stage, Window, now, staged


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
    executor: str, seed: int, jobs: int, every: int, faults: Mapping[str, Fault], busy: int = 12,
    together: bool = False,
) -> Result:  # fmt: skip
    """Until so many jobs were accepted and all is over, or something does not hold; now and then
    two faults `together`."""
    began, result = now(), Result(executor, seed)
    weights = {name: each.weight for name, each in faults.items()}
    beside = [name for name, each in faults.items() if each.beside] if together else []
    async with staged(executor) as stage:
        crowd = Crowd(stage, busy)
        people, places = len(stage.people), len(stage.places)
        plan = schedule(seed, jobs, every, weights, people=people, places=places, beside=beside)
        acting = asyncio.create_task(crowd.play(plan.deeds(), jobs))
        try:
            for blow in plan.blows:
                await _blow(stage, crowd, blow, faults, result)
            result.notes["last deed"] = await acting
            await crowd.rest()
            await verdict.calm(stage)
            found, states, notes = await verdict.in_the_end(stage)
            result.violations += found
            result.states.update(states)
            result.notes.update(notes)
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


async def _blow(
    stage: Stage, crowd: Crowd, blow: Blow, faults: Mapping[str, Fault], result: Result
) -> None:
    """One fault, or two, from its beginning until all is well. Raises AssertionError."""
    with contextlib.suppress(TimeoutError):
        await stage.sandbox.wait_for(lambda: crowd.accepted() >= blow.at, 300)
    names = [blow.fault, blow.beside] if blow.beside else [blow.fault]
    title = " and ".join(names)
    result.begun.append(f"{blow.number}: {title} (seed {blow.seed}) at job {blow.at}")
    window = Window(title, any(faults[name].silent for name in names), now())
    stage.windows.append(window)
    dice = [random.Random(blow.seed), random.Random(f"beside {blow.seed}")]
    acts = [faults[name].act(stage, own) for name, own in zip(names, dice, strict=False)]
    await asyncio.gather(*acts)
    window.ended = now()
    window.well = window.ended + await recovered(stage, crowd)
    took, well = window.ended - window.began, window.well - window.ended
    say(f"{crowd.accepted():6} jobs, {title}: {took:.1f} s, well after {well:.2f} s")
    if found := await verdict.after_a_fault(stage):
        result.violations += found
        raise AssertionError(f"after {title}")


def _keep_log(stage: Stage, result: Result) -> None:
    """What the bot said, beside the report of what was wrong."""
    kept = stage.folder.with_suffix(f".{result.executor}.{result.seed}.log")
    kept.write_bytes(stage.bot.log_file.read_bytes())
    say(f"the bot's log is in {kept}")
