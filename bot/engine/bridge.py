"""The process that speaks with a cluster for the bot, one after another, and what it carries.

Through one bridge go the frames of many workers, each with its worker's id. Where the bridge ends,
nobody is to blame for what was drawn beyond it. Knows frames; not Ray.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.backoff import Backoff
from bot.engine import frames, watching
from bot.engine.access import Access
from bot.engine.blame import Retry
from bot.engine.channel import Channel
from bot.engine.frames import Frame
from bot.engine.patience import Patience, Watch

log = logging.getLogger(__name__)

PROGRAM = "bot.cluster"
_GONE = "lost its bridge to the cluster"


@dataclass(frozen=True)
class Place:
    """A card of the cluster: `device` is its name on the machine `node`, `engine` what the engine
    calls it. On a machine that is `draining` nothing new is begun."""

    id: str
    node_id: str
    node: str
    device: str
    engine: str
    draining: bool = False


class Bridge:
    """`keep` has one process after another. `trouble` is a sentence while there is no cluster;
    `changed` is called whenever it, or `places`, changes."""

    def __init__(
        self, access: Access, patience: Patience, retry: Retry, changed: Callable[[], None]
    ) -> None:
        self.places: dict[str, Place] = {}
        self.trouble = ""
        self.up = asyncio.Event()
        self._access = access
        self._patience = patience
        self._retry = retry
        self._changed = changed
        self._ways: dict[str, Way] = {}
        self._channel = Channel()
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The process of the moment."""
        return self._channel.pid

    async def keep(self) -> None:
        """Until it is closed."""
        rests = Backoff(self._retry.backoff, self._retry.backoff_max)
        while not self._closing:
            if await self._live():
                rests.reset()
            if not self._closing:
                await asyncio.sleep(rests.next())

    async def close(self) -> None:
        """Hang up; what is beyond it stays as it is."""
        self._closing = True
        self._channel.hang_up()
        if not await self._channel.ended(self._patience.exit):
            self._channel.kill()
            await self._channel.ended(self._patience.reap)

    async def _live(self) -> bool:
        """Whether it reached the cluster."""
        channel = self._channel = Channel(self._access.environment(), program=PROGRAM)
        watch = Watch(self._patience, time.monotonic())
        watching_it: asyncio.Task[None] | None = None
        try:
            await channel.open()
            watch.spawned(time.monotonic())
            watching_it = asyncio.create_task(self._watch(channel, watch))
            heartbeat_s = max(0.05, min(2.0, self._patience.silence / 5))
            said = {"address": self._access.address, "owner": self._access.owner}
            await channel.send(Frame("hello", {**said, "heartbeat_s": heartbeat_s}))
            while frame := await channel.receive():
                watch.heard(time.monotonic())
                self._hear(frame)
        except (OSError, frames.FrameError, KeyError, TypeError) as error:
            log.warning("the bridge to the cluster: %r", error)
        finally:
            if watching_it:
                watching_it.cancel()
            reached = self._lose()
            await self._bury(channel)
        return reached

    async def _watch(self, channel: Channel, watch: Watch) -> None:
        trouble = await watching.trouble(watch, self._patience.silence)
        log.warning("the bridge to the cluster %s and is recycled", trouble)
        channel.kill()

    async def _bury(self, channel: Channel) -> None:
        channel.hang_up()
        if not await channel.ended(self._patience.exit):
            channel.kill()
            await channel.ended(self._patience.reap)

    def _lose(self) -> bool:
        """Whoever is beyond it is lost with it."""
        reached = self.up.is_set()
        self.up.clear()
        for way in list(self._ways.values()):
            way.end(_GONE, innocent=True)
        if reached and not self._closing:
            self._tell("The cluster is away just now; its machines draw again when it is back.")
        return reached

    def _tell(self, trouble: str) -> None:
        self.trouble = trouble
        self._changed()

    # What it says

    def _hear(self, frame: Frame) -> None:
        said = frame.data
        match frame.kind:
            case "beat" if "worker" not in said:
                pass
            case "connected":
                log.info("the cluster at %s is reached", self._access.address)
                self._tell("")
            case "refused":
                log.warning("the cluster at %s: %s", self._access.address, said["text"])
                self._tell(said["told"])
            case "places":
                places = [Place(**place) for place in said["places"]]
                self.places = {place.id: place for place in places}
                self.up.set()
                self._changed()
            case "left":
                if way := self._ways.get(said["worker"]):
                    way.end(said["how"], innocent=said["innocent"])
            case _:
                if way := self._ways.get(said["worker"]):
                    way.put(frame)

    # What is asked of it

    def way(self, worker: str, place: str) -> Way:
        """To a worker that is to have this card."""
        return Way(self, worker, place)

    def write(self, worker: str, frame: Frame) -> None:
        """Hand over a frame of a worker's."""
        self._channel.write(replace(frame, data={**frame.data, "worker": worker}))

    async def send(self, worker: str, frame: Frame) -> None:
        """Hand over a frame of a worker's, and wait while the bridge is behind."""
        await self._channel.send(replace(frame, data={**frame.data, "worker": worker}))

    def begin(self, way: Way) -> None:
        """Frames find this way from here on."""
        self._ways[way.worker] = way
        self.write(way.worker, Frame("start", {"place": way.place}))

    def forget(self, way: Way) -> None:
        """It has ended."""
        self._ways.pop(way.worker, None)


class Way:
    """Satisfies `bot.engine.link.Link` for a worker beyond the bridge."""

    sure = False
    pid = None

    def __init__(self, bridge: Bridge, worker: str, place: str) -> None:
        self.worker = worker
        self.place = place
        self.killed = asyncio.Event()
        self.innocent = False
        self._bridge = bridge
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._how = ""
        self._over = asyncio.Event()
        self._begun = False

    async def open(self) -> None:
        """Returns when the worker was ordered, or nobody wants it any more."""
        waits = [
            asyncio.create_task(one.wait()) for one in (self._bridge.up, self._over, self.killed)
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._over.is_set():
            return
        if self.killed.is_set():
            self.end("was killed", innocent=True)
        else:
            self._begun = True
            self._bridge.begin(self)

    async def receive(self) -> Frame | None:
        """See `Link`."""
        return await self._frames.get()

    def put(self, frame: Frame) -> None:
        """The worker said it."""
        self._frames.put_nowait(frame)

    def end(self, how: str, *, innocent: bool) -> None:
        """Nothing more comes."""
        if not self._over.is_set():
            self._how, self.innocent = how, innocent
            self._over.set()
            self._frames.put_nowait(None)
            self._bridge.forget(self)

    def write(self, frame: Frame) -> None:
        """See `Link`."""
        if not self._over.is_set():
            self._bridge.write(self.worker, frame)

    async def send(self, frame: Frame) -> None:
        """See `Link`."""
        if not self._over.is_set():
            await self._bridge.send(self.worker, frame)

    def hang_up(self) -> None:
        """The worker stays as it is, for who adopts it."""
        if not self._begun:
            self.end("was not wanted", innocent=True)
        self.write(Frame("release", {}))

    def kill(self) -> None:
        """See `Link`."""
        self.killed.set()
        self.write(Frame("kill", {}))

    async def ended(self, seconds: float | None = None) -> str:
        """See `Link`; who was killed and does not say so has ended for us."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
        if self.killed.is_set():
            self.end("does not answer", innocent=True)
        return self._how
