"""Long-lived tasks: what dies is logged by its name and started again.

Knows nothing of what the tasks do; `/healthz` shows how they are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from bot.domain.backoff import Backoff

log = logging.getLogger(__name__)

Factory = Callable[[], Coroutine[Any, Any, None]]


class _Task:
    """One of them: how often it died in a row, and why last."""

    def __init__(self, factory: Factory, rests: Backoff) -> None:
        self.factory = factory
        self.rests = rests
        self.deaths = 0
        self.began = 0.0
        self.state = "running"
        self.words = ""
        self.task: asyncio.Task[None] | None = None


class Supervisor:
    """A task that ends with an exception starts again after `first_s`, doubled with every death in
    a row up to `longest_s`. One that has lived for `longest_s` has its deaths forgotten. `clock`
    returns monotonic seconds."""

    def __init__(
        self,
        first_s: float = 1.0,
        longest_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._clock = clock
        self._tasks: dict[str, _Task] = {}

    def start(self, name: str, factory: Factory) -> None:
        """Run `factory()` until it returns or `stop` is called, however often it dies.

        Raises ValueError for a name that is taken.
        """
        if name in self._tasks:
            raise ValueError(f"there is a task {name} already")
        one = self._tasks[name] = _Task(factory, Backoff(self._first_s, self._longest_s))
        one.task = asyncio.create_task(self._keep(name, one), name=name)

    async def stop(self, name: str) -> None:
        """Cancel a task and wait for its end; nothing happens for an unknown one."""
        one = self._tasks.pop(name, None)
        if one is not None and one.task is not None:
            one.task.cancel()
            await asyncio.gather(one.task, return_exceptions=True)

    async def close(self) -> None:
        """Stop every task, the newest first."""
        for name in reversed(list(self._tasks)):
            await self.stop(name)

    def states(self) -> Mapping[str, str]:
        """Name → "running" or what it says, "ended", or how often it died in a row and why."""
        return {
            name: one.words if one.words and one.state == "running" else one.state
            for name, one in self._tasks.items()
        }

    def say(self, name: str, words: str) -> None:
        """What `states` says of a task while it runs, instead of that."""
        if name in self._tasks:
            self._tasks[name].words = words

    @property
    def steady(self) -> bool:
        """Whether no task dies again and again."""
        return all(self._deaths(one) < 2 for one in self._tasks.values())

    def _deaths(self, one: _Task) -> int:
        lived = self._clock() - one.began
        return 0 if one.state == "running" and lived > self._longest_s else one.deaths

    async def _keep(self, name: str, one: _Task) -> None:
        while True:
            one.began, one.state = self._clock(), "running"
            try:
                await one.factory()
            except Exception as error:
                rest = self._died(name, one, error)
            else:
                one.state = "ended"
                return
            await asyncio.sleep(rest)

    def _died(self, name: str, one: _Task, error: Exception) -> float:
        """Seconds until its next start."""
        one.deaths = self._deaths(one) + 1
        if one.deaths == 1:
            one.rests.reset()
        rest = one.rests.next()
        times = "once" if one.deaths == 1 else f"{one.deaths} times in a row"
        one.state = f"died {times}, last of {type(error).__name__}"
        log.error("task %s %s; it starts again in %g s", name, one.state, rest, exc_info=error)
        return rest
