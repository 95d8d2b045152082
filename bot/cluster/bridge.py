"""Between the bot, which knows workers by frames, and the actors of a cluster.

From the bot   hello {address, owner, heartbeat_s} · start {worker, place}
               kill {worker} · release {worker} · every order of a worker, with its name
To the bot     connected · refused {text, told} · places {places} · beat
               left {worker, how, innocent} · everything that a worker says, with its name
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, BinaryIO

from bot.cluster.berth import Berth, Ended
from bot.cluster.fleet import Fleet, Place, Unreachable
from bot.engine import frames
from bot.engine.frames import Frame

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Between two looks at the machines."""
AWAY_S = 10.0
"""A head that does not answer for so long is gone."""


class Bridge:
    """Runs until the bot hangs up or the cluster is gone."""

    def __init__(self, owner: str, heartbeat_s: float) -> None:
        self._owner = owner
        self._heartbeat_s = heartbeat_s
        self._fleet = Fleet()
        self._places: dict[str, Place] = {}
        self._told: list[dict[str, Any]] | None = None
        self._berths: dict[str, Berth] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writer: asyncio.StreamWriter

    async def run(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """Returns when nothing more can be done."""
        reader = await self._open(incoming, outgoing)
        await self._tell("connected")
        works = (self._listen(reader), self._look(), self._beat())
        tasks = [asyncio.create_task(work) for work in works]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _open(self, incoming: BinaryIO, outgoing: BinaryIO) -> asyncio.StreamReader:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(1 << 20)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), incoming)
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, outgoing
        )
        self._writer = asyncio.StreamWriter(transport, protocol, None, loop)
        return reader

    async def _say(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:  # the bot is gone, and all of this is for it
            leave(0)

    async def _tell(self, kind: str, **data: Any) -> None:
        await self._say(frames.pack(Frame(kind, data)))

    async def _beat(self) -> None:
        while True:
            await self._tell("beat")
            await asyncio.sleep(self._heartbeat_s)

    async def _look(self) -> None:
        """Raises Unreachable when the head is gone."""
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while True:
            try:
                looking = asyncio.to_thread(self._fleet.places)
                places = await asyncio.wait_for(looking, AWAY_S)
            except Exception as error:
                if loop.time() - heard >= AWAY_S:
                    raise Unreachable(f"The cluster's head is gone ({error!r}).") from None
            else:
                heard = loop.time()
                await self._see(places)
            await asyncio.sleep(LOOK_S)

    async def _see(self, places: list[Place]) -> None:
        self._places = {place.id: place for place in places}
        said = [place.plain() for place in places]
        if said != self._told:
            self._told = said
            await self._tell("places", places=said)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while frame := await frames.receive(reader):
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        name = frame.data["worker"]
        if frame.kind == "start":
            self._start(name, self._places.get(frame.data["place"]))
        elif berth := self._berths.get(name):
            match frame.kind:
                case "kill":
                    self._spawn(berth.kill())
                case "release":
                    self._spawn(berth.release())
                case _:
                    berth.put(frame)

    def _start(self, name: str, place: Place | None) -> None:
        if place is None:
            end = Ended("has no machine any more", innocent=True)
            self._spawn(self._tell_end(name, end))
            return
        self._berths[name] = Berth(name, place, self._owner, self._say)
        self._spawn(self._await_end(name))

    async def _await_end(self, name: str) -> None:
        end = await self._berths[name].ended()
        del self._berths[name]
        await self._tell_end(name, end)

    async def _tell_end(self, name: str, end: Ended) -> None:
        log.info("%s %s", name, end)
        await self._tell("left", worker=name, how=str(end), innocent=end.innocent)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def leave(status: int) -> None:
    """End this process without waiting for Ray's threads."""
    os._exit(status)
