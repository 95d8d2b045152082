"""How long the bot takes to be well again: until a job that was asked for after a fault's end has
its pictures in a channel."""

from __future__ import annotations

import asyncio
import contextlib

from bot.sandbox import Invocation, NotResponding, Refused
from tests.chaos.crowd import Crowd
from tests.chaos.stage import ACK_S, Stage, now

EVERY_S = 1.0
"""Somebody tries again after this time, whatever became of the last try."""
WELL_S = 240.0


async def recovered(stage: Stage, crowd: Crowd) -> float:
    """Seconds from now until the first of several tries has brought pictures; each is a job like
    any other. Raises TimeoutError after `WELL_S`."""
    began, tries, first = now(), 0, asyncio.Event()
    async with asyncio.timeout(WELL_S):
        while not first.is_set():
            crowd.spawn(_probe(stage, tries, first))
            tries += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(first.wait(), EVERY_S if tries < 20 else 4 * EVERY_S)
    return now() - began


async def _probe(stage: Stage, number: int, drawn: asyncio.Event) -> None:
    person = stage.probes[number % len(stage.probes)]
    try:
        asked = await person.slash("imagine", channel="probe", prompt=f"a probe {number}")
        await asked.ack(ACK_S + 5)
    except (NotResponding, TimeoutError, Refused):
        return
    with contextlib.suppress(TimeoutError):
        await stage.sandbox.wait_for(lambda: drawn.is_set() or _shown(stage, asked), WELL_S)
        if _shown(stage, asked):
            drawn.set()


def _shown(stage: Stage, asked: Invocation) -> bool:
    """Whether the pictures of this are there."""
    it, seen = asked.interaction, stage.witness
    if it.original is None or (job := seen.notices.get(it.original.id)) is None:
        return False
    return job in seen.posts
