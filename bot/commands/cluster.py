"""`easel cluster up` and `easel cluster join`: a machine's part of a cluster, until a signal comes.

What runs is Ray, in a process of its own; see `bot.cluster.node`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from bot.domain.backoff import Backoff
from bot.domain.errors import EaselError, SettingsError
from bot.engine.access import Access
from bot.engine.bridge import PROGRAM
from bot.engine.channel import ROOT, environment
from bot.engine.cluster import refuse_open
from bot.engine.devices import nvidia_cards
from bot.engine.spinning import SLEEPING
from bot.executors import access_of
from bot.settings import Settings

log = logging.getLogger(__name__)

PORTS = 100
"""A machine uses so many, from that of `--port` on."""
DRAIN_S = 120
"""A machine that is told to end has so long for what it draws."""
_HIGHEST = 65_000


def up(settings: Settings, options: argparse.Namespace) -> int:
    """Begin a cluster here, again where it dies; returns 0 when it was told to end.

    Raises SettingsError where its port is taken, EaselError where it cannot be.
    """
    token = None if settings.cluster_open or settings.cluster_token else _token(settings)
    access = access_of(settings, f"127.0.0.1:{options.port}")
    if not _is_free(options.port):
        raise SettingsError(f"Port {options.port} is taken: name another by --port.")
    said = _said(options, head=True, gpus=options.gpus, port=options.port)
    own = _environment(settings, access, options, 0)

    async def part() -> Part:
        return Part(access, said, own)

    return asyncio.run(_keep(part, Begun(settings, token, options.port)))


def join(settings: Settings, options: argparse.Namespace) -> int:
    """Be one more machine of a cluster, again where that was away; returns 0 when it was told to
    leave.

    Raises SettingsError and EaselError where that will never be.
    """
    if token := settings.cluster_token.reveal():
        with contextlib.suppress(FileExistsError):
            _keep_token(settings.token_file, token)
    access = access_of(settings, options.address)
    if options.gpus is None and not options.cards and not nvidia_cards():
        raise SettingsError(
            "This machine has no NVIDIA card; with --cards 1 it draws on its processor."
        )
    own = _environment(settings, access, options, DRAIN_S)

    async def part() -> Part:
        if not access.open:
            await refuse_open(access)
        port = _free_port(options.port)
        said = _said(options, head=False, gpus=options.gpus, port=port, address=access.address)
        return Part(access, said, own)

    return asyncio.run(_keep(part, lambda _: _joined(access)))


async def _keep(make: Callable[[], Awaitable[Part]], say: Callable[[str], None]) -> int:
    """Have one part after another, until one ends well or a signal comes."""
    signals, rests = Signals(), Backoff(1.0, 30.0)
    while True:
        part = await make()
        try:
            status = await part.run(signals, say)
            if status == 0 or part.stopped:
                return 0
            rests.reset()
            log.warning("The cluster is away, and this machine tries to be one of it again.")
        except Away as why:
            log.warning("%s", why)
        if await signals.within(rests.next()):
            return 0


def _joined(access: Access) -> None:
    sys.stdout.write(f"This machine draws for the cluster at {access.address}; Ctrl-C ends that.\n")
    sys.stdout.flush()


class Away(Exception):
    """The cluster cannot be reached just now; the text says so in a sentence."""


class Signals:
    """SIGINT and SIGTERM, as they come."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[int] = asyncio.Queue()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._came.put_nowait, number)

    async def next(self) -> None:
        """Wait for one."""
        await self._came.get()

    async def within(self, seconds: float) -> bool:
        """Whether one comes in time."""
        try:
            await asyncio.wait_for(self.next(), seconds)
        except TimeoutError:
            return False
        return True


class Part:
    """The processes of this machine. It was `stopped` where a signal came."""

    def __init__(
        self, access: Access, said: Mapping[str, Any], own: Mapping[str, str]
    ) -> None:  # fmt: skip
        self.stopped = False
        self._access = access
        self._said = said
        self._own = own

    async def run(self, signals: Signals, begun: Callable[[str], None]) -> int:
        """Until they end, or are told to; a second signal ends them at once. `begun` is called with
        the cluster's address. Raises Away, and EaselError for what no waiting mends."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", PROGRAM, "node", json.dumps(self._said),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=environment(os.environ, ROOT, self._own, SLEEPING), process_group=0,
        )  # fmt: skip
        stopping = asyncio.create_task(self._stop(signals, process))
        try:
            assert process.stdout
            said = json.loads(await process.stdout.readline() or "{}")
            if "address" in said:
                begun(said["address"])
            status = await process.wait()
        finally:
            stopping.cancel()
        if self.stopped or "address" in said:
            return status
        text = said.get("error", f"Ray could not be started here; see {self._own['RAY_TMPDIR']}.")
        raise (EaselError if said.get("final") else Away)(text)

    async def _stop(self, signals: Signals, process: asyncio.subprocess.Process) -> None:
        for end in (process.terminate, process.kill):
            await signals.next()
            self.stopped = True
            log.warning("leaving once nothing is drawn here any more; once more leaves at once")
            end()


class Begun:
    """Says how others come to a cluster that has begun. `token` was made, or lies in a file."""

    def __init__(self, settings: Settings, token: str | None, port: int) -> None:
        self._settings = settings
        self._token = token
        self._port = port

    def __call__(self, address: str) -> None:
        sys.stdout.write(
            f"A cluster begins here, at {address}; Ctrl-C ends it.\n"
            f"For the bot on this machine:  CLUSTER_ADDRESS=127.0.0.1:{self._port}\n"
            f"On every other machine:       {self._line(address)}\n"
        )
        sys.stdout.flush()

    def _line(self, address: str) -> str:
        join = f"easel cluster join {address}"
        if self._settings.cluster_open:
            return f"CLUSTER_OPEN=yes {join}"
        if self._token and sys.stdout.isatty():
            return f"CLUSTER_TOKEN={self._token} {join}"
        return f"{join}    with {self._settings.token_file} from here"


def _token(settings: Settings) -> str:
    """That of the file, which is made where there is none."""
    file = settings.token_file
    try:
        _keep_token(file, secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise SettingsError(f"{file} cannot be written ({error.strerror}).") from None
    return file.read_text(encoding="ascii").strip()


def _keep_token(file: Path, token: str) -> None:
    """Where nobody else can read it. Raises FileExistsError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(token)


def _said(
    options: argparse.Namespace, *, head: bool, gpus: int | None, port: int, address: str = ""
) -> dict[str, Any]:
    ports = {
        "node_manager_port": port + 1, "object_manager_port": port + 2,
        "runtime_env_agent_port": port + 3, "dashboard_agent_listen_port": port + 4,
        "metrics_agent_port": port + 5, "metrics_export_port": port + 6,
        "min_worker_port": port + 10, "max_worker_port": port + PORTS - 1,
    }  # fmt: skip
    if head:
        ports |= {"gcs_server_port": port, "dashboard_port": port + 7}
    name = re.sub(r"[^\w.-]", "-", options.name or socket.gethostname()) or "machine"
    return {
        "head": head, "address": address, "ip": options.ip, "name": name,
        "cards": options.cards, "gpus": gpus, "ports": ports,
    }  # fmt: skip


def _environment(
    settings: Settings, access: Access, options: argparse.Namespace, drain_s: int
) -> dict[str, str]:
    """Of everything that runs here; workers look for models as a bot on this machine would. Ray
    would give each of them one thread."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    threads = str(max(1, cores // max(1, options.cards)))
    return {
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or threads,
        "DATA_DIR": str(settings.data_dir.absolute()),
        "MODELS_DIR": str(settings.models_dir.absolute()),
        "MODEL_CACHE": settings.model_cache,
        "RAY_TMPDIR": os.environ.get("RAY_TMPDIR") or f"/tmp/easel-{os.getuid()}",
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": str(drain_s),
        **access.environment(),
    }


def _free_port(first: int) -> int:
    """The first of a range that nobody on this machine uses: a second part of a cluster takes the
    next."""
    return next(
        (port for port in range(first, _HIGHEST, PORTS) if _is_free(port) and _is_free(port + 1)),
        first,
    )


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("", port)).close()
    except OSError:
        return False
    return True
