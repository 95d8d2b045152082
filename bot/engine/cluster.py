"""The executor of many machines: a worker for each card of a Ray cluster, as they come and go.

Satisfies `bot.engine.seam.Executor`. Knows cards and the bridge to them; what goes on at a card's
seat is `bot.engine.seat`'s, as on one machine, and only processes beyond the bridge know Ray.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.errors import SettingsError
from bot.engine.access import Access
from bot.engine.blame import Retry
from bot.engine.bridge import PROGRAM, Bridge, Place
from bot.engine.channel import ROOT, environment
from bot.engine.devices import Device
from bot.engine.link import Connect, Link
from bot.engine.local import DIFFUSION
from bot.engine.patience import Patience
from bot.engine.seam import Worker
from bot.engine.seat import Order, Seat
from bot.engine.seated import Seated

log = logging.getLogger(__name__)

KNOCK_S = 60.0


class RayExecutor(Seated):
    """Workers on every card that the cluster of `access` has, whoever joins or leaves.

    `engine` is `"module:function"`, called on each machine with `options` (plain data) and the
    device.
    """

    def __init__(
        self,
        access: Access,
        engine: str = DIFFUSION,
        options: Mapping[str, Any] | None = None,
        *,
        patience: Patience | None = None,
        retry: Retry | None = None,
    ) -> None:
        patience, retry = patience or Patience(), retry or Retry()
        super().__init__(Order(engine, options or {}, "", patience, retry))
        self._access = access
        self._bridge = Bridge(access, patience, retry, self._look)
        self._keeper: asyncio.Task[None] | None = None
        self._cards: dict[str, Seat] = {}

    async def start(self) -> None:
        """Reach for the cluster; its cards join `workers()` as they are ready.

        Raises SettingsError for one that lets everybody in, unless that is meant.
        """
        if not self._access.open:
            await refuse_open(self._access)
        self._keeper = asyncio.create_task(self._bridge.keep(), name="bridge")

    async def close(self, drain_s: float = 0) -> None:
        """Leave all workers as they are, after waiting at most `drain_s` seconds for what they
        draw; who adopts them next finds their models in memory."""
        await super().close(drain_s)
        self._cards.clear()
        if self._keeper:
            await self._bridge.close()
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def workers(self) -> Sequence[Worker]:
        """See the protocol; a cluster that is not reached is a worker with an error."""
        workers = super().workers()
        if not self._bridge.trouble:
            return workers
        away = Worker("cluster", "cluster", "", 0, {}, slots_free=0, error=self._bridge.trouble)
        return [*workers, away]

    @property
    def bridge(self) -> int | None:
        """The process id of the bridge."""
        return self._bridge.pid

    def _look(self) -> None:
        """The cluster, or the way to it, is another now."""
        if self._keeper is not None and self._bridge.up.is_set():
            places = self._bridge.places
            for id in self._cards.keys() - places.keys():
                self._spawn(self._remove(self._cards.pop(id), "was lost with its machine"))
            for place in places.values():
                self._see(place)
        self._bump()

    def _see(self, place: Place) -> None:
        seat = self._cards.get(place.id)
        if seat is None and not place.draining:
            order = replace(self._order, node=place.node)
            device = Device(place.device, place.engine)
            seat = Seat(device, order, self._connect(place.id), self._bump)
            self._cards[place.id] = seat
            self._add(seat)
        elif seat is not None and place.draining and not seat.draining:
            seat.drain()
            self._spawn(self._drain_seat(seat))

    def _connect(self, place: str) -> Connect:
        async def connect(worker: str) -> Link:
            return self._bridge.way(worker, place)

        return connect

    async def _drain_seat(self, seat: Seat) -> None:
        """Its machine is to leave: it does so once nothing runs there."""
        while seat.peer and seat.peer.busy:
            await self.changed(self.version)
        await seat.kill("left with its machine")

    async def _remove(self, seat: Seat, why: str) -> None:
        seat.drain()
        await seat.kill(why)
        if task := self._seats.pop(seat, None):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._bump()


async def refuse_open(access: Access) -> None:
    """Raises SettingsError where whoever reaches the cluster may run programs on it. Where nobody
    answers, nothing is refused."""
    said = await ask("knock", Access(access.address))
    if said.get("open"):
        raise SettingsError(
            f"The cluster at {access.address} lets everybody in, and whoever is in runs programs on"
            " its machines: start it by `easel cluster up`, which asks for a token, or set"
            " CLUSTER_OPEN=yes where nobody else can reach it."
        )


async def ask(
    what: str, access: Access, *arguments: str, seconds: float | None = KNOCK_S
) -> Mapping[str, Any]:
    """What a process that speaks with Ray answers; see `bot.cluster.__main__`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROGRAM, what, access.address, *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        env=environment(os.environ, ROOT, access.environment(), {}),
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        return {"error": "The cluster does not answer."}
    return json.loads(said) if said else {"error": "Ray cannot be used here; see the log."}
