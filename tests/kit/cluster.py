"""A cluster on this machine: its parts are processes, as `easel cluster` starts them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil

from bot.engine.access import Access
from bot.engine.blame import Retry
from bot.engine.cluster import RayExecutor
from bot.engine.local import SIMULATED
from bot.engine.patience import Patience

ROOT = Path(__file__).parents[2]
UP_S = 300
"""A loaded machine takes long to start the dozen processes of Ray."""


def free_ports(count: int = 100) -> int:
    """The first of so many that nobody uses just now."""
    while True:
        with socket.socket() as one:
            one.bind(("", 0))
            first = one.getsockname()[1] // count * count
        if first + count < 1 << 16 and all(_is_free(first + number) for number in range(count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("", port))
        except OSError:
            return False
    return True


class Machine:
    """One part: the command that somebody typed, and what came of it."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, said: list[str]) -> None:
        self.name = name
        self.process = process
        self.said = said

    def tree(self) -> list[psutil.Process]:
        """All its processes but the command itself; none where that has ended, for its id may be
        another's by now."""
        if self.process.returncode is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def named(self, name: str) -> list[psutil.Process]:
        """Those of its processes whose command begins with `name`, or its last part does."""
        found = []
        for one in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess, IndexError):
                command = one.cmdline()[0]
                if command.startswith(name) or command.rpartition("/")[2] == name:
                    found.append(one)
        return found

    @property
    def actors(self) -> list[psutil.Process]:
        """The processes that hold its cards."""
        return self.named("ray::Actor")

    def freeze(self) -> list[psutil.Process]:
        """What a machine does that hangs, or whose cable is out; returns who is to be woken."""
        frozen = [*self.named("raylet"), *self.actors]
        for one in frozen:
            one.suspend()
        return frozen

    async def kill(self) -> None:
        """What happens to a machine without power."""
        tree = self.tree()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        for one in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        await self.process.wait()
        await asyncio.to_thread(psutil.wait_procs, tree, UP_S)


class Town:
    """`async with Town() as town`: a cluster of one machine with so many cards, which draw on its
    processor, and those that join."""

    def __init__(self, cards: int = 0, **settings: str) -> None:
        self.cards = cards
        self.machines: list[Machine] = []
        self.port = free_ports()
        # The paths of sockets are longer than pytest's folders leave room for.
        self._folder = Path(tempfile.mkdtemp(prefix="easel", dir="/tmp"))
        self.token_file = self._folder / "token"
        self._settings = settings

    async def __aenter__(self) -> Town:
        self.head = await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(each.kill() for each in self.machines))
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def access(self) -> Access:
        """Always of the same bot."""
        return Access(self.address, token_file=str(self.token_file), owner="a bot")

    def environment(self) -> dict[str, str]:
        """Of everything that is typed here."""
        own = {
            "RAY_TMPDIR": str(self._folder),
            "DATA_DIR": str(self._folder / "data"),
            "CLUSTER_TOKEN_FILE": str(self.token_file),
            "CLUSTER_ADDRESS": self.address,
            "PYTHONPATH": str(ROOT),
        }
        return {**os.environ, **own, **self._settings}

    async def type(self, name: str, *words: str, told: str, **own: str) -> Machine:
        """Type `easel …` on a machine of this name, with its `own` environment; returns when the
        words `told` were said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words,
            env=self.environment() | own, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        machine = Machine(name, process, [])
        self.machines.append(machine)
        assert process.stdout
        async with asyncio.timeout(UP_S):
            while line := (await process.stdout.readline()).decode():
                machine.said.append(line)
                if told in line:
                    return machine
        raise AssertionError(f"easel {' '.join(words)} ended: {machine.said}")

    async def up(self) -> Machine:
        """Have the cluster begin (again)."""
        words = ("cluster", "up", "--port", str(self.port), "--name", "head")
        words = (*words, "--cards", str(self.cards))
        return await self.type("head", *words, told="On every other machine")

    async def join(self, name: str, cards: int = 1) -> Machine:
        """Have a machine join that draws so many jobs on its processor."""
        port = str(free_ports())
        words = ("cluster", "join", self.address, "--name", name, "--port", port)
        return await self.type(name, *words, "--cards", str(cards), told="draws for the cluster")

    @contextlib.asynccontextmanager
    async def executor(
        self, patience: Patience | None = None, access: Access | None = None, slots: int = 1,
        **options: Any,
    ) -> AsyncIterator[RayExecutor]:  # fmt: skip
        """Over simulated engines, with quick restarts."""
        executor = RayExecutor(
            access or self.access, SIMULATED, {"slots": slots, **options},
            patience=patience, retry=Retry(backoff=0.05),
        )  # fmt: skip
        await executor.start()
        try:
            yield executor
        finally:
            await executor.close()
