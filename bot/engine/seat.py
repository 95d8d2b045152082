"""The place of one device: it has one worker process after another, and remembers their deaths.

Knows processes and when to replace them, not where they are; what runs on one is its `Peer`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.engine import frames, watching
from bot.engine.blame import Blame, Death, Retry
from bot.engine.devices import Device
from bot.engine.frames import Frame
from bot.engine.line import Identity, Line
from bot.engine.link import Connect, Link
from bot.engine.patience import Patience
from bot.engine.peer import Peer
from bot.engine.seam import Worker

log = logging.getLogger(__name__)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Order:
    """What processes are started for: the factory of their engine, and the factory's options."""

    engine: str
    options: Mapping[str, Any]
    node: str
    patience: Patience
    retry: Retry

    def serving(self, cards: Sequence[Mapping[str, Any]]) -> Order:
        """The same, for these models."""
        return replace(self, options={**self.options, "cards": list(cards)})


class Seat:
    """`keep` spawns, watches and buries; `peer` is the incarnation of the moment, if any."""

    def __init__(
        self, device: Device, order: Order, connect: Connect, changed: Callable[[], None]
    ) -> None:
        self.peer: Peer | None = None
        self._device = device
        self._order = order
        self._connect = connect
        self._changed = changed
        self._blame = Blame(device.name, order.retry)
        self._link: Link | None = None
        self._pinned: list[str] = []
        self._stuck = ""
        self._gone = asyncio.Event()
        self._closing = False

    def worker(self) -> Worker | None:
        """The worker of the moment; a lost one only while there is an error to be told."""
        if self.peer is None:
            return None
        error = self._stuck or self._blame.error
        snapshot = self.peer.snapshot(draining=self._closing, error=error)
        return snapshot if snapshot.error or not self.peer.end else None

    @property
    def draining(self) -> bool:
        """Whether no process follows the one that sits here."""
        return self._closing

    @property
    def device(self) -> str:
        """What the process draws on, once it has said so."""
        return self.peer.known.device if self.peer else self._device.name

    @property
    def process(self) -> int | None:
        """The id of the process that sits here, where it is on this machine."""
        return self._link.pid if self._link else None

    def pin(self, models: Iterable[str]) -> None:
        """Every later process loads these too."""
        self._pinned += [model for model in models if model not in self._pinned]

    def serve(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """This process and every later one know these models, and load no other ahead of need."""
        self._order = self._order.serving(cards)
        self._pinned = [model for model in self._pinned if any(c["id"] == model for c in cards)]
        if self._link:
            self._link.write(Frame("cards", {"cards": list(cards)}))

    async def keep(self) -> None:
        """Have one process after another until the seat is closed."""
        while not self._closing:
            link, peer = await self._live()
            if self._closing:
                return
            known, innocent = peer.known, link.innocent
            death = Death(peer.end, known.ready, known.useful, peer.loading, innocent)
            delay = self._blame.died(death, time.monotonic())
            log.warning("worker %s %s; the next starts in %g s", peer.id, peer.end, delay)
            self._changed()
            await asyncio.sleep(delay)

    def drain(self) -> None:
        """No process follows this one, and nothing more is to be handed to it."""
        self._closing = True
        self._changed()

    async def close(self) -> None:
        """Let the process end by itself, which it does when its input ends; else kill it.

        Returns in bounded time, even if the process cannot be killed; at once where that is known.
        """
        self.drain()
        await self.replace("was shut down")

    @property
    def resting(self) -> bool:
        """Whether the process is ready, and has nothing to draw and nothing to load."""
        peer = self.peer
        if peer is None or self._closing or not peer.known.ready:
            return False
        return not (peer.end or peer.busy or peer.loading)

    async def replace(self, reason: str) -> None:
        """Let the process end, which has nothing to do any more, as `close` does; another follows
        where the seat is not closed."""
        if self.peer is None or self._link is None or self._gone.is_set() or self._stuck:
            return
        self.peer.condemn(reason)
        self._link.hang_up()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), self._order.patience.exit)
        await self.kill(reason)

    async def kill(self, reason: str) -> None:
        """End the process now; returns when it is gone, or after `Patience.reap`."""
        if self.peer and self._link:
            self._die(self.peer, self._link, reason)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), self._order.patience.reap)

    def _die(self, peer: Peer, link: Link, reason: str) -> None:
        """Where a kill is sure, its attempts may be drawn elsewhere at once; else how it ends tells
        who is to blame."""
        link.kill()
        (peer.lose if link.sure else peer.condemn)(reason)

    # One incarnation

    async def _live(self) -> tuple[Link, Peer]:
        """Spawn a process and serve until it is gone."""
        link, peer = await self._new()
        work: list[asyncio.Task[Any]] = []
        try:
            await link.open()
            peer.watch.spawned(time.monotonic())
            listening = asyncio.create_task(self._listen(link, peer))
            killed = asyncio.create_task(link.killed.wait())
            work = [listening, killed, asyncio.create_task(self._watch(link, peer))]
            await link.send(self._hello())
            await asyncio.wait({listening, killed}, return_when=asyncio.FIRST_COMPLETED)
        except OSError as error:
            log.warning("worker %s could not be started: %s", peer.id, error)
            peer.condemn(f"could not be started ({error.strerror or error})")
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._bury(link, peer)
        return link, peer

    async def _new(self) -> tuple[Link, Peer]:
        stamp = f"{os.getpid():x}{time.time_ns() // 1_000_000:x}"
        node, name = self._order.node, self._device.name
        worker = f"{node}/{name}/{stamp}-{next(_numbers)}"
        link = self._link = await self._connect(worker)
        self._gone = asyncio.Event()
        peer = self.peer = Peer(
            Identity(worker, node, name),
            Line(link.write, link.send),
            self._order.patience,
            self._changed,
            self._blame.refused(),
            self._order.retry.failed,
        )
        await peer.prepare(self._pinned)
        self._changed()
        return link, peer

    def _hello(self) -> Frame:
        data = {
            "engine": self._order.engine,
            "options": dict(self._order.options) | {"device": self._device.engine},
            "heartbeat_s": max(0.05, min(2.0, self._order.patience.silence / 5)),
        }
        return Frame("hello", data)

    async def _listen(self, link: Link, peer: Peer) -> None:
        try:
            while frame := await link.receive():
                peer.hear(frame)
                if frame.kind == "ready":
                    self._blame.ready()
                    self._changed()
                elif frame.kind == "state":
                    self._blame.loaded(peer.snapshot().loaded)
        except (frames.FrameError, KeyError, IndexError, TypeError) as error:
            self._die(peer, link, f"sent what cannot be understood ({error!r})")

    async def _watch(self, link: Link, peer: Peer) -> None:
        trouble = await watching.trouble(peer.watch, self._order.patience.silence)
        if not peer.end:
            log.warning("worker %s %s and is recycled", peer.id, trouble)
            self._die(peer, link, trouble)

    async def _bury(self, link: Link, peer: Peer) -> None:
        """Make sure that the process is gone and that everybody knows."""
        patience = self._order.patience
        link.hang_up()
        ending = "" if link.killed.is_set() else await link.ended(patience.exit)
        if not ending:
            link.kill()
            ending = await link.ended(patience.reap)
        peer.lose(ending or "cannot be killed", innocent=link.innocent)
        if not ending:
            self._stuck = (
                f"The worker on {self._device.name} does not end although it was killed: "
                "its driver hangs, and the machine has to be restarted."
            )
            log.error("process %s: %s", link.pid, self._stuck)
            self._changed()
            await link.ended()
            self._stuck = ""
        self._gone.set()
        self._changed()
