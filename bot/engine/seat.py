"""The place of one device: it has one worker process after another, and remembers their deaths.

Knows processes and when to replace them; what runs on one is its `Peer`'s.
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

from bot.engine import frames
from bot.engine.blame import Blame, Death, Retry
from bot.engine.channel import Channel
from bot.engine.devices import Device
from bot.engine.frames import Frame
from bot.engine.line import Identity, Line
from bot.engine.patience import Patience
from bot.engine.peer import Peer
from bot.engine.seam import Worker
from bot.engine.spinning import waiting

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


class Seat:
    """`keep` spawns, watches and buries; `peer` is the incarnation of the moment, if any."""

    def __init__(self, device: Device, order: Order, changed: Callable[[], None]) -> None:
        self.peer: Peer | None = None
        self._device = device
        self._order = order
        self._changed = changed
        self._blame = Blame(device.name, order.retry)
        self._channel = Channel()
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
    def process(self) -> int | None:
        """The id of the process that sits here."""
        return self._channel.pid

    def pin(self, models: Iterable[str]) -> None:
        """Every later process loads these too."""
        self._pinned += [model for model in models if model not in self._pinned]

    def serve(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """This process and every later one know these models, and load no other ahead of need."""
        cards = list(cards)
        self._order = replace(self._order, options={**self._order.options, "cards": cards})
        self._pinned = [model for model in self._pinned if any(c["id"] == model for c in cards)]
        self._channel.write(Frame("cards", {"cards": cards}))

    async def keep(self) -> None:
        """Have one process after another until the seat is closed."""
        while not self._closing:
            peer = await self._live()
            if self._closing:
                return
            death = Death(peer.end, peer.known.ready, peer.known.useful, peer.loading)
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
        if self.peer is None or self._gone.is_set() or self._stuck:
            return
        self.peer.condemn("was shut down")
        self._channel.hang_up()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), self._order.patience.exit)
        await self.kill("was shut down")

    async def kill(self, reason: str) -> None:
        """End the process now; returns when it is gone, or after `Patience.reap`."""
        if self.peer:
            self._die(self.peer, self._channel, reason)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), self._order.patience.reap)

    def _die(self, peer: Peer, channel: Channel, reason: str) -> None:
        channel.kill()
        peer.lose(reason)

    # One incarnation

    async def _live(self) -> Peer:
        """Spawn a process and serve until it is gone."""
        channel, peer = await self._new()
        work: list[asyncio.Task[Any]] = []
        try:
            await channel.open()
            peer.watch.spawned(time.monotonic())
            listening = asyncio.create_task(self._listen(channel, peer))
            killed = asyncio.create_task(channel.killed.wait())
            work = [listening, killed, asyncio.create_task(self._watch(channel, peer))]
            await channel.send(self._hello())
            await asyncio.wait({listening, killed}, return_when=asyncio.FIRST_COMPLETED)
        except OSError as error:
            log.warning("worker %s could not be started: %s", peer.id, error)
            peer.condemn(f"could not be started ({error.strerror or error})")
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._bury(channel, peer)
        return peer

    async def _new(self) -> tuple[Channel, Peer]:
        stamp = f"{os.getpid():x}{time.time_ns() // 1_000_000:x}"
        node, name = self._order.node, self._device.name
        waits = await waiting(self._device.engine, self._order.options)
        channel = self._channel = Channel(self._device.environment, waits)
        self._gone = asyncio.Event()
        peer = self.peer = Peer(
            Identity(f"{node}/{name}/{stamp}-{next(_numbers)}", node, name),
            Line(channel.write, channel.send),
            self._order.patience,
            self._changed,
            self._blame.refused(),
            self._order.retry.failed,
        )
        await peer.prepare(self._pinned)
        self._changed()
        return channel, peer

    def _hello(self) -> Frame:
        data = {
            "engine": self._order.engine,
            "options": dict(self._order.options) | {"device": self._device.engine},
            "heartbeat_s": max(0.05, min(2.0, self._order.patience.silence / 5)),
        }
        return Frame("hello", data)

    async def _listen(self, channel: Channel, peer: Peer) -> None:
        try:
            while frame := await channel.receive():
                peer.hear(frame)
                if frame.kind == "ready":
                    self._blame.ready()
                    self._changed()
                elif frame.kind == "state":
                    self._blame.loaded(peer.snapshot().loaded)
        except (frames.FrameError, KeyError, IndexError, TypeError) as error:
            self._die(peer, channel, f"sent what cannot be understood ({error!r})")

    async def _watch(self, channel: Channel, peer: Peer) -> None:
        every = max(0.02, min(1.0, self._order.patience.silence / 10))
        last = time.monotonic()
        while not peer.end:
            await asyncio.sleep(every)
            now = time.monotonic()
            if now - last > 5 * every:
                peer.watch.forgive(now - last)
            last = now
            if trouble := peer.watch.trouble(now):
                log.warning("worker %s %s and is recycled", peer.id, trouble)
                self._die(peer, channel, trouble)

    async def _bury(self, channel: Channel, peer: Peer) -> None:
        """Make sure that the process is gone and that everybody knows."""
        patience = self._order.patience
        channel.hang_up()
        ending = "" if channel.killed.is_set() else await channel.ended(patience.exit)
        if not ending:
            channel.kill()
            ending = await channel.ended(patience.reap)
        peer.lose(ending or "cannot be killed")
        if not ending:
            self._stuck = (
                f"The worker on {self._device.name} does not end although it was killed: "
                "its driver hangs, and the machine has to be restarted."
            )
            log.error("process %s: %s", channel.pid, self._stuck)
            self._changed()
            await channel.ended()
            self._stuck = ""
        self._gone.set()
        self._changed()
