"""How gateway processes come to the hall: started from here, or by a socket from elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.domain.backoff import Backoff
from bot.domain.errors import SettingsError
from bot.gateway.hall import Hall
from bot.gateway.line import LIMIT, Line, Unwelcome

log = logging.getLogger(__name__)

END_S = 3.0
"""A process that was left has so long to end by itself."""
STEADY_S = 10.0
_PATH_BYTES = 107
"""Of a socket's path, by Linux."""


class Children:
    """Keeps `count` processes up, and each of them one that talks to the hall over a pair of
    sockets, which nobody else can. They end with us. `options` are those of `bot.gateway`."""

    def __init__(
        self, hall: Hall, count: int, environ: Mapping[str, str], options: Sequence[str] = ()
    ) -> None:
        self._hall = hall
        self._count = count
        self._environ = environ
        self._options = options

    async def keep(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._keep_one())

    async def _keep_one(self) -> None:
        rests = Backoff(0.1, 30.0)
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._one()
            except (OSError, Unwelcome) as error:
                log.warning("a gateway process could not be started: %s", error)
            if loop.time() - began > STEADY_S:
                rests.reset()
            await asyncio.sleep(rests.next())

    async def _one(self) -> None:
        """Start a process and serve it until it is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.gateway", "--descriptor", str(theirs.fileno()),
                *self._options, env=self._environ, stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno()], process_group=0,
            )  # fmt: skip
        try:
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LIMIT)
            await self._hall.host(Line(reader, writer), own=True)
        finally:
            await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Have it end by itself, as one whose line is cut does, or by force."""
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


class Door:
    """A socket that processes come to: `address` is a host and port, whose `hall` asks for its
    token, or empty for a socket file that only this user may open."""

    def __init__(self, hall: Hall, address: str, path: Path) -> None:
        self._hall = hall
        self._address = address
        self._path = path
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Door:
        """Raises SettingsError where it cannot be opened."""
        try:
            self._server = await (self._tcp() if self._address else self._unix())
        except OSError as error:
            where = self._address or self._path
            why = os.strerror(error.errno) if error.errno else error
            raise SettingsError(f"GATEWAY_ADDRESS {where} cannot be opened ({why}).") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        if not self._address:
            self._path.unlink(missing_ok=True)

    async def _tcp(self) -> asyncio.Server:
        host, _, port = self._address.rpartition(":")
        return await asyncio.start_server(self._come, host.strip("[]"), int(port), limit=LIMIT)

    async def _unix(self) -> asyncio.Server:
        require_short(self._path)
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._come, self._path, limit=LIMIT)
        finally:
            os.umask(before)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._hall.host(Line(reader, writer), private=not self._address)
        except (Unwelcome, OSError) as why:
            log.warning("a gateway process was not let in: %s", why)
        finally:
            writer.close()


def require_short(path: Path) -> None:
    """Raises SettingsError for a path that no socket can have."""
    if len(os.fsencode(path)) > _PATH_BYTES:
        raise SettingsError(
            f"GATEWAY_ADDRESS is unix, and {path} is too long for a socket; give a shorter"
            " DATA_DIR, or an address such as 127.0.0.1:7007."
        )
