"""The executor of one machine: a worker process for each device, replaced when it dies.

Satisfies `bot.engine.seam.Executor`. Knows the devices; what goes on at their seats is
`bot.engine.seat`'s, drawing is `bot.worker`'s.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.errors import SettingsError
from bot.engine.blame import Retry
from bot.engine.channel import Channel
from bot.engine.devices import Device, device
from bot.engine.link import Connect, Link
from bot.engine.patience import Patience
from bot.engine.seat import Order, Seat
from bot.engine.seated import Seated
from bot.engine.spinning import waiting

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
            self._add(Seat(one, self._order, self._connect(one), self._bump))

    def _connect(self, device: Device) -> Connect:
        async def connect(worker: str) -> Link:
            waits = await waiting(device.engine, self._order.options)
            return Channel(device.environment, waits)

        return connect
