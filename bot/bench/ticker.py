"""How late an event loop is: a tick is due every 5 ms, and each tick's delay is kept.

A stall that swallows several ticks counts as often as ticks were due, so that percentiles are
shares of time. `python -m bot.bench.ticker` is the same in a process that does nothing else: what
it sees is the machine's own unrest.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bot.bench import child

EVERY_S = 0.005


class Ticker:
    """Since the last `mark`, in seconds: `samples` are delays; `work` is the CPU time that the
    loop's own thread used between two ticks, which other processes cannot stretch."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self.samples: list[float] = []
        self.work: list[float] = []
        self._every_s = every_s

    def mark(self) -> None:
        """Forget what was measured so far."""
        self.samples, self.work = [], []

    async def run(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        due, used = loop.time() + self._every_s, time.thread_time()
        while True:
            await asyncio.sleep(due - loop.time())
            due = self.tick(due, loop.time())
            used_before, used = used, time.thread_time()
            self.work.append(used - used_before)

    def tick(self, due: float, now: float) -> float:
        """Count the ticks that were due up to `now`; return when the next one is due."""
        while due <= now:
            self.samples.append(now - due)
            due += self._every_s
        return due


async def main() -> None:
    ticker = Ticker()
    ticking = asyncio.create_task(ticker.run())

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        if asked["ask"] == "mark":
            ticker.mark()
        return {"lag": ticker.samples}

    await child.serve(answer)
    ticking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
