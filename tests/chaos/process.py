"""The bot in a process of its own, and everything that can be done to one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bot.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
TRIES = 20
WORKER, BRIDGE = "bot.worker", "bot.worker.bridge"


@dataclass
class Bot:
    """Starts, dies and starts again, always on the same data; `told` is what CHAOS is for it."""

    sandbox: Sandbox
    data: Path
    told: dict[str, Any]
    settings: dict[str, str]
    starts: int = 0
    kills: int = 0
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def log_file(self) -> Path:
        return self.data.with_name("bot.log")

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """Of every command on these data."""
        own = {
            "DISCORD_TOKEN": self.sandbox.token,
            "DISCORD_API_URL": self.sandbox.api_url,
            "DATA_DIR": str(self.data),
            "PYTHONPATH": str(ROOT),
            "CHAOS": json.dumps(self.told),
        }
        return {**os.environ, **own, **self.settings}

    async def start(self) -> None:
        """Returns when it is connected; where it ends before, it is started again, as a service is.

        Raises TimeoutError; RuntimeError where it ends again and again.
        """
        for _ in range(TRIES):
            self.starts += 1
            if await self._come_up(PATIENCE_S):
                return
            await asyncio.sleep(1.0)
        tail = self.log_file.read_text(encoding="utf-8")[-2000:]
        raise RuntimeError(f"the bot ends when it starts:\n{tail}")

    async def _come_up(self, within_s: float) -> bool:
        """Whether it is connected in the end, and not ended."""
        before = self.sandbox.gateway.identified
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.chaos.bot", env=self.environment(), cwd=ROOT,
                stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip
        ended = asyncio.create_task(self._process.wait())
        there = asyncio.create_task(
            self.sandbox.wait_for(lambda: self.sandbox.gateway.identified > before, within_s)
        )
        await asyncio.wait({ended, there}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            there.cancel()
            return False
        ended.cancel()
        await there
        return True

    def order(self, **orders: Any) -> None:
        """Have its hooks do so until they are told otherwise; see `hooks.Orders`."""
        if self.alive and self._process and self._process.stdin:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(orders).encode() + b"\n")

    def children(self) -> list[psutil.Process]:
        """What it has started and what those have, while it runs."""
        if not self.alive:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def named(self, module: str) -> list[psutil.Process]:
        """Its children that run this module."""
        found = []
        for one in self.children():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if module in one.cmdline():
                    found.append(one)
        return found

    async def kill(self) -> None:
        """`kill -9`; returns when what it had started is gone as well."""
        assert self._process is not None
        left, self.kills = self.children(), self.kills + 1
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await asyncio.to_thread(psutil.wait_procs, left, PATIENCE_S)
        if alive := [one.pid for one in left if one.is_running()]:
            raise RuntimeError(f"processes outlive a bot that was killed: {alive}")

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGCONT)

    async def end(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), PATIENCE_S)

    async def close(self) -> None:
        """However it is, it is gone after this."""
        if self.alive and self._process:
            left = self.children()
            self.wake()
            self._process.kill()
            await self._process.wait()
            for one in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.resume()
            await asyncio.to_thread(psutil.wait_procs, left, 30)

    async def command(self, *words: str) -> tuple[int, str]:
        """The exit status of `easel …` on these data, and what it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words, env=self.environment(), cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()
