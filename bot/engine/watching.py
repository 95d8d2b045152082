"""Waiting until somebody who should be heard of counts as lost."""

from __future__ import annotations

import asyncio
import time

from bot.engine.patience import Watch


async def trouble(watch: Watch, silence_s: float) -> str:
    """Why it counts as lost, in a few words. What it said while this process slept is still to be
    read, so that time does not count."""
    every = max(0.02, min(1.0, silence_s / 10))
    last = time.monotonic()
    while True:
        await asyncio.sleep(every)
        now = time.monotonic()
        if now - last > 5 * every:
            watch.forgive(now - last)
        last = now
        if found := watch.trouble(now):
            return found
