"""How long the bot waits for a worker before it takes it for lost.

Two things are watched: life (something is heard) and progress (steps follow each other). Pure:
what happened and the time come in, the trouble goes out; nothing here waits or reads a clock.
All times are monotonic seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

Key = tuple[str, int]
"""An attempt: the job's id and the fencing number."""


@dataclass(frozen=True)
class Patience:
    """How long the bot waits for what, in seconds.

    silence     a living process says something within this time, or it is recycled
    start       … and its first word within this time
    stall       a step follows the last within this time or 10 times the measured step time,
                whichever is longer
    first_step  … the first step on a process, which has no measure yet
    grace       an abandoned attempt has this time to stop before its process is recycled
    exit        a process that was asked to end has this time to do so
    reap        a process that was killed has this time to be gone; then it counts as unkillable
    """

    silence: float = 15.0
    start: float = 120.0
    stall: float = 60.0
    first_step: float = 1800.0
    grace: float = 10.0
    exit: float = 2.0
    reap: float = 10.0


class _Steps:
    """The steps of one attempt. `clock` is the time of the last; None while none is expected."""

    def __init__(self, work: float, now: float) -> None:
        self.work = work
        self.clock: float | None = now
        self.stepped = False


class Watch:
    """What is known about one worker's life and progress. `work` is in megapixels a step.

    Of several attempts under way some wait for their turn, so a step of any of them is progress.
    """

    def __init__(self, patience: Patience, now: float) -> None:
        self._patience = patience
        self._heard = now
        self._moved = now
        self._spoke = False
        self._steps: dict[Key, _Steps] = {}
        self._step_cost = 0.0

    def spawned(self, now: float) -> None:
        """The process exists; its first word is due from here on."""
        self._heard = now

    def heard(self, now: float) -> None:
        """The worker said something, whatever it was."""
        self._heard, self._spoke = now, True

    def handed_over(self, key: Key, work: float, now: float) -> None:
        """An attempt was sent to the worker."""
        if not self._expected():
            self._moved = now
        self._steps[key] = _Steps(work, now)

    def loading(self, key: Key) -> None:
        """No step is expected while a model is loaded, or others are drawn first, until drawing
        begins (again)."""
        if steps := self._steps.get(key):
            steps.clock = None

    def begun(self, key: Key, now: float) -> None:
        """The first step follows."""
        self._moved = now
        if steps := self._steps.get(key):
            steps.clock = now

    def stepped(self, key: Key, now: float) -> None:
        """One step is done; the time since its last one is the measure of later ones, with what
        others did in between."""
        self._moved = now
        steps = self._steps.get(key)
        if steps is None:
            return
        if steps.clock is not None and steps.stepped:
            self._step_cost = max(0.5 * self._step_cost, (now - steps.clock) / steps.work)
        steps.clock, steps.stepped = now, True

    def drawn(self, key: Key, now: float) -> None:
        """All steps are done; what remains is encoding."""
        self._moved = now
        if steps := self._steps.get(key):
            steps.clock = None

    def ended(self, key: Key) -> None:
        """Nothing more is expected of this attempt."""
        self._steps.pop(key, None)

    def forgive(self, pause: float) -> None:
        """It was the bot that slept: what the worker said meanwhile is still to be read."""
        self._heard += pause
        self._moved += pause
        for steps in self._steps.values():
            if steps.clock is not None:
                steps.clock += pause

    def trouble(self, now: float) -> str:
        """Why the worker counts as lost, in a few words; empty while it does not."""
        patience = self._patience.silence if self._spoke else self._patience.start
        if now - self._heard > patience:
            return f"was silent for {patience:g} s"
        limit = max((self._limit(steps) for steps in self._expected()), default=math.inf)
        return f"made no step for {limit:.0f} s" if now - self._moved > limit else ""

    def grace(self, keys: Iterable[Key]) -> float:
        """How long these abandoned attempts may take to stop: they do so between steps, which may
        be those of others."""
        if not any(key in self._steps for key in keys):
            return self._patience.grace
        longest = self._step_cost * max(steps.work for steps in self._steps.values())
        return max(self._patience.grace, 3 * longest)

    def _expected(self) -> list[_Steps]:
        return [steps for steps in self._steps.values() if steps.clock is not None]

    def _limit(self, steps: _Steps) -> float:
        if not self._step_cost:
            return max(self._patience.stall, self._patience.first_step)
        return max(self._patience.stall, 10 * self._step_cost * steps.work)
