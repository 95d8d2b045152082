"""Frames to and from a child process.

Knows how a worker's process is started, talked to and ended; not what the frames mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import bot
from bot.engine import frames
from bot.engine.frames import Frame

ROOT = str(Path(bot.__file__).parents[1])
_STREAM_LIMIT = 1 << 20

# An allocator that keeps its memory saves 5 to 45 % of a forward pass. What is 128 MiB and larger
# it gives back: the holes that such pieces leave come to 45 % of what a large picture is decoded
# with. It is read when the process starts, so it cannot be set later.
_ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": "134217728",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
}
_SECRETS = ("DISCORD_TOKEN", "EASEL_DISCORD_TOKEN")
_WAITS = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}


def environment(
    base: Mapping[str, str], root: str, own: Mapping[str, str], waiting: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a worker: `base` without secrets, tuned where `base` says nothing.

    `root` is the folder that holds the package `bot`; `own` wins over everything. `waiting` says
    how threads wait for each other, unless `base` does.
    """
    path = os.pathsep.join(part for part in (root, base.get("PYTHONPATH", "")) if part)
    kept = {name: value for name, value in base.items() if name not in _SECRETS}
    asked = {} if is_told(base) else waiting
    return {**_ENVIRONMENT, **asked, **kept, "PYTHONPATH": path, **own}


def is_told(base: Mapping[str, str]) -> bool:
    """Whether an operator says how threads wait for each other."""
    return bool(_WAITS & base.keys())


class Channel:
    """Satisfies `bot.engine.link.Link` for a process of this machine that runs `program`, a module.
    `own` are environment variables of it alone, `waiting` those that say how its threads wait for
    each other."""

    sure = True
    innocent = False

    def __init__(
        self,
        own: Mapping[str, str] | None = None,
        waiting: Mapping[str, str] | None = None,
        program: str = "bot.worker",
    ) -> None:
        self._own = own or {}
        self._waiting = waiting or {}
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self.killed = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process id, once there is a process."""
        return self._process.pid if self._process else None

    async def open(self) -> None:
        """Start the process. Raises OSError."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", self._program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment(os.environ, ROOT, self._own, self._waiting),
            limit=_STREAM_LIMIT,
            # A session of its own would be as much as ours to Linux (sched(7), autogroup): a worker
            # gives way to us, as it does by its niceness, within one session only.
            process_group=0,
        )
        if self.killed.is_set():  # while it was being started
            self.kill()

    async def receive(self) -> Frame | None:
        """The next frame; None when the process has closed its output. Raises FrameError."""
        assert self._process
        assert self._process.stdout
        return await frames.receive(self._process.stdout)

    def write(self, frame: Frame) -> None:
        """Hand over a frame without waiting; nothing happens when the process is gone."""
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(frames.pack(frame))

    async def send(self, frame: Frame) -> None:
        """Hand over a frame, and wait while the process is behind with reading."""
        self.write(frame)
        if self._process and self._process.stdin:
            # A process that died is noticed where its output is read.
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.drain()

    def hang_up(self) -> None:
        """End the process's input, at which it ends by itself."""
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def kill(self) -> None:
        """Send SIGKILL. A process that hangs in its driver may stay; see `ended`."""
        self.killed.set()
        if self._process and self._process.returncode is None:
            # Not `Process.kill`: it polls, and so takes the exit code away from asyncio's watcher.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def ended(self, seconds: float | None = None) -> str:
        """How the process ended, in a few words; empty if it has not after `seconds`."""
        if self._process is None:
            return "was never started"
        try:
            code = await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return ""
        return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
