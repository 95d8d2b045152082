"""Servers on every shard, and the processes that hold them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.process import PATIENCE_S, ROOT


def towns(sandbox: Sandbox, of: int) -> list[str]:
    """The channel of a server on each shard; Mia and Noah are there."""
    found: dict[int, str] = {}
    for count in range(of * 1000):
        missing = set(range(of)) - found.keys()
        if not missing:
            break
        if shard_of(sandbox.world.ids.next(), of) in missing:
            guild = sandbox.world.add_guild(f"Town{count}", members=("Mia", "Noah"))
            found[shard_of(guild.id, of)] = f"town{count}"
    return [found[shard] for shard in range(of)]


def shard_of(guild_id: str, of: int) -> int:
    """Which shard Discord tells of this server."""
    return (int(guild_id) >> 22) % of


def gateways(core: int) -> list[psutil.Process]:
    """Processes that the core of this id has started to hold shards."""
    children = psutil.Process(core).children()
    return [each for each in children if "bot.gateway" in each.cmdline()]


def holders(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those of them that are connected to Discord."""
    return [each for each in processes if each.net_connections("tcp")]


async def until(true: Callable[[], bool]) -> None:
    """Returns once it is."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(true):
            await books.rest()


class GatewayProcess:
    """`easel gateway`, with these arguments."""

    def __init__(self, sandbox: Sandbox, data: Path, *arguments: str, **settings: str) -> None:
        self._settings = {"DISCORD_TOKEN": sandbox.token, "DATA_DIR": str(data), **settings}
        self._arguments = arguments
        self._log = data.with_name(f"gateway {' '.join(arguments)}.log".replace(" ", "_"))
        self.process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """What it said."""
        return self._log.read_text(encoding="utf-8")

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "gateway", *self._arguments,
                env=os.environ | self._settings, cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    async def end(self, how: int = signal.SIGKILL) -> int:
        """Its exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await self.process.wait()


async def together(*starts: Awaitable[None]) -> None:
    """All at once: each takes seconds of one core."""
    await asyncio.gather(*starts)
