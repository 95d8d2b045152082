"""A bot in a process of its own, so that it can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.launcher import STEPS

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


class BotProcess:
    """Starts, kills and starts again, always on the same data folder."""

    def __init__(
        self, sandbox: Sandbox, data: Path, command: Sequence[str], **settings: str
    ) -> None:
        self._settings = settings
        self.data = data
        self._sandbox = sandbox
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._log = data.with_name(data.name + ".log")

    @property
    def log(self) -> str:
        """Everything it has said so far, over all its lives."""
        return self._log.read_text(encoding="utf-8")

    @property
    def worker(self) -> psutil.Process:
        """The process that draws."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        [found] = [each for each in children if "bot.worker" in each.cmdline()]
        return found

    async def start(self) -> None:
        """Returns when it is connected; its stored jobs are under way then."""
        environment = os.environ | {
            "DISCORD_TOKEN": self._sandbox.token,
            "DISCORD_API_URL": self._sandbox.api_url,
            "DATA_DIR": str(self.data),
            "MODEL_STEPS": str(STEPS),
            "PROGRESS_SECONDS": "0.1",
            "SAFETY_MODEL": "off",
            **self._settings,
        }
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self._command,
                env=environment, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        await self._sandbox.bot_ready(PATIENCE_S)

    async def kill(self) -> None:
        """`kill -9`; returns when the sandbox has noticed. The worker must not outlive it."""
        assert self._process is not None
        worker = self.worker
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        self._process = None
        await self._sandbox.wait_for(lambda: not self._sandbox.gateway.online)
        await asyncio.to_thread(psutil.wait_procs, [worker], PATIENCE_S)
        assert not worker.is_running()

    async def terminate(self) -> int:
        """SIGTERM; returns the exit status, which must come within the 10 s that are promised."""
        assert self._process is not None
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise

    async def hang_up(self) -> None:
        """SIGHUP; returns when the settings were read again."""
        assert self._process is not None
        before = self.log.count("settings read again")
        self._process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(PATIENCE_S):
            while (await asyncio.to_thread(lambda: self.log)).count("settings read") == before:
                await books.rest()

    @property
    def pid(self) -> int:
        """Of the bot that runs."""
        assert self._process is not None
        return self._process.pid

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
