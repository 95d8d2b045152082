"""A core that only writes down what it is told, and gateway processes within the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bot.gateway.doors import Door
from bot.gateway.hall import Hall
from bot.gateway.line import LIMIT, Line
from bot.gateway.seam import Terms
from bot.gateway.station import Station
from bot.sandbox import Sandbox

INTENTS = 1 | 1 << 10 | 1 << 13


class Core:
    """What its hall handed over: (shard, event) in order."""

    def __init__(self, sandbox: Sandbox, hall: Hall) -> None:
        self.hall = hall
        self.told: list[tuple[int, dict[str, Any]]] = []
        self.ways: list[tuple[str, int]] = []
        self._sandbox = sandbox
        self.serving = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        sandbox = self._sandbox
        terms = Terms(
            sandbox.shards, sandbox.gateway_url, {"intents": INTENTS}, concurrency=sandbox.shards
        )
        await self.hall.serve(terms, self)

    async def take(self, shard: int, text: str) -> None:
        self.told.append((shard, json.loads(text)))
        self._sandbox.bus.touch()

    def lost(self, shard: int) -> None:
        self.ways.append(("lost", shard))

    def back(self, shard: int) -> None:
        self.ways.append(("back", shard))

    def of(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        """(shard, data) of every event of that name."""
        return [(shard, event["d"]) for shard, event in self.told if event["t"] == name]

    async def until(self, name: str, count: int) -> list[tuple[int, dict[str, Any]]]:
        """Returns when so many events of that name have come."""
        await self._sandbox.wait_for(lambda: len(self.of(name)) >= count)
        return self.of(name)

    async def crash(self) -> None:
        """Without a word to anybody."""
        self.serving.cancel()
        await asyncio.gather(self.serving, return_exceptions=True)
        for member in list(self.hall._members):
            self.hall._lose(member)


@contextlib.asynccontextmanager
async def core(sandbox: Sandbox, path: Path, parts: int = 0) -> AsyncIterator[Core]:
    """Where processes come to by a socket at `path`."""
    hall = Hall(parts, token=sandbox.token)
    async with Door(hall, "", path):
        one = Core(sandbox, hall)
        try:
            yield one
        finally:
            await hall.close()
            await asyncio.gather(one.serving, return_exceptions=True)


class Process:
    """A gateway process that is none: it ends by `kill` as one does by SIGKILL."""

    def __init__(self, path: Path, **options: Any) -> None:
        self._path = path
        self.lines: list[asyncio.StreamWriter] = []
        self.station = Station(self._dial, **options)
        self.task = asyncio.create_task(self.station.serve())

    async def _dial(self) -> Line:
        reader, writer = await asyncio.open_unix_connection(self._path, limit=LIMIT)
        self.lines.append(writer)
        return Line(reader, writer)

    def cut(self) -> None:
        """Its line to the core is gone."""
        self.lines[-1].transport.abort()

    async def kill(self) -> None:
        """Every connection is cut and nothing is said."""
        for shard in self.station._held():
            assert shard._task is not None
            shard._task.cancel()
            if shard.wire is not None:
                shard.wire._socket._response.connection.transport.abort()  # type: ignore[union-attr]
        self.cut()
        self.station._shards.clear()
        await self.end()

    async def end(self) -> None:
        self.station.stop()
        await asyncio.gather(self.task, return_exceptions=True)
