"""The executor of one machine: a worker process for each device, replaced when it dies.

Satisfies `bot.engine.seam.Executor`. Knows the devices; what goes on at their seats is
`bot.engine.seat`'s, drawing is `bot.worker`'s.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.errors import SettingsError
from bot.engine.blame import Retry
from bot.engine.channel import Channel, is_told
from bot.engine.devices import PROCESSOR, Device, device
from bot.engine.link import Connect, Link
from bot.engine.patience import Patience
from bot.engine.seat import Order, Seat
from bot.engine.seated import Seated
from bot.engine.spinning import EVERY_S, SPINNING, Habit, may_spin, waiting

DIFFUSION = "bot.worker.diffusion:create"
SIMULATED = "bot.worker.simulated:create"


class LocalExecutor(Seated):
    """`devices` are names such as "auto", "cuda:0" or "cpu"; one process each.

    `engine` is `"module:function"`, called inside each process with `options` (plain data) and
    the device. Raises SettingsError for a card that is not there.
    """

    def __init__(
        self,
        devices: Sequence[str],
        engine: str = DIFFUSION,
        options: Mapping[str, Any] | None = None,
        *,
        patience: Patience | None = None,
        retry: Retry | None = None,
    ) -> None:
        node = socket.gethostname() or "localhost"
        super().__init__(
            Order(engine, options or {}, node, patience or Patience(), retry or Retry())
        )
        self._devices = [device(name, os.environ) for name in devices]

    async def start(self) -> None:
        """Start one process for each device; they join `workers()` as free when they are ready.

        Raises SettingsError on a system without the signals that end a hanging process.
        """
        if not hasattr(signal, "SIGKILL"):
            raise SettingsError("Windows is not supported: run Easel in WSL 2 or in Docker.")
        for one in self._devices:
            waits: dict[str, str] = {}
            seat = Seat(one, self._order, self._connect(one, waits), self._bump)
            self._add(seat)
            if may_spin(one.engine, self._order.options) and not is_told(os.environ):
                self._spawn(_keep_fitting(seat, waits))

    def _connect(self, device: Device, told: dict[str, str]) -> Connect:
        """Says in `told` how the threads of the newest process wait."""

        async def connect(worker: str) -> Link:
            waits = await waiting(device.engine, self._order.options)
            told.clear()
            told.update(waits)
            return Channel(device.environment, waits)

        return connect


async def _keep_fitting(seat: Seat, waits: Mapping[str, str]) -> None:
    """Have another process on a processor that is idle for long, or shared, and was not when this
    one started, as `waits` says of it."""
    habit, process = Habit({}), None
    while True:
        await asyncio.sleep(EVERY_S)
        if seat.process != process:
            habit, process = Habit(dict(waits)), seat.process
        elif habit.look() and seat.resting and seat.device == PROCESSOR:
            was, now = ("idle", "shared") if waits == SPINNING else ("shared", "idle")
            await seat.replace(f"was started on {was} cores, which are {now} now")
