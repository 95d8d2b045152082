"""Channels in bad weather: every fault when a random number says so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

import aiohttp

from tests.kit.channels import FakeDiscord, refusal

T = TypeVar("T")


class Storm(FakeDiscord):
    """A request is on its way for a moment. While `cut_off` none arrives, and a share `lossy` of
    those by the bot's token is done without an answer; an interaction's own is asked about in
    truth, so that it gets one."""

    def __init__(self, rnd: random.Random, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.cut_off = False
        self.lossy = 0.2
        self._random = rnd

    async def request(self, what: str, channel: int, act: Callable[[], T]) -> T:
        await asyncio.sleep(self._random.choice([0, 0, 0.001]))
        if self.cut_off:
            raise self._random.choice([refusal(503), refusal(403), aiohttp.ClientConnectionError()])
        done = await super().request(what, channel, act)
        if not what.startswith("hook") and self._random.random() < self.lossy:
            raise self._random.choice([refusal(502), aiohttp.ServerDisconnectedError()])
        return done
