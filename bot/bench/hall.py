"""A cluster on this machine for the bench: the processes that `easel cluster up` starts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Self

from bot.bench.child import ROOT
from bot.domain.errors import EaselError
from bot.engine.access import Access

_UP_S = 300.0
_PORTS = 100


class Hall:
    """`async with Hall(16) as hall:` – with so many cards, which draw on the processor."""

    def __init__(self, cards: int) -> None:
        self._cards = cards
        # The paths of sockets may not be long.
        self._folder = Path(tempfile.mkdtemp(prefix="easel", dir="/tmp"))
        self._port = _free_ports()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def access(self) -> Access:
        token = str(self._folder / "token")
        return Access(f"127.0.0.1:{self._port}", token_file=token, owner="bench")

    async def __aenter__(self) -> Self:
        own = {
            "RAY_TMPDIR": str(self._folder), "DATA_DIR": str(self._folder),
            "CLUSTER_TOKEN_FILE": self.access.token_file, "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        numbers = ("--port", str(self._port), "--cards", str(self._cards))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "cluster", "up", *numbers,
            env={**os.environ, **own}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_UP_S):
                await self._until_up(self._process)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _until_up(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            if b"On every other machine" in line:
                return
        raise EaselError("The cluster could not be started: see what was said above.")

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            await self._process.wait()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _free_ports() -> int:
    while True:
        with socket.socket() as one:
            one.bind(("", 0))
            first = one.getsockname()[1] // _PORTS * _PORTS
        if first + _PORTS < 1 << 16 and all(map(_is_free, range(first, first + _PORTS))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("", port))
        except OSError:
            return False
    return True
