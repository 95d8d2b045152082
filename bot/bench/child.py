"""Questions and answers between the bench and its child processes: one line of JSON each.

Knows nothing about what is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import bot
from bot.domain.errors import EaselError

ROOT = Path(bot.__file__).parents[1]
_LIMIT = 1 << 26
_EXIT_S = 20.0
_TUNING = ("OMP_", "GOMP_", "KMP_", "MKL_", "MALLOC_", "DNNL_", "ONEDNN_", "TORCH_")
"""How variables begin that change how fast torch is."""

Message = dict[str, Any]


class ChildLost(EaselError):
    """A child process of the bench ended before its time."""


class Child:
    """`async with Child("bot.bench.ticker") as child:` – a module run in a process of its own.

    `environment` are variables of this process alone; `untuned`, it has none that make torch faster
    or slower than it is by itself.
    """

    def __init__(
        self, module: str, environment: Mapping[str, str] | None = None, *, untuned: bool = False
    ) -> None:
        self._module = module
        self._left_out = _TUNING if untuned else ()
        self._environment = environment or {}
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(self._left_out)}
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LIMIT,
            env={**kept, "PYTHONPATH": path, **self._environment},
            start_new_session=True,
        )
        return self

    @property
    def process(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ask(self, **message: Any) -> Message:
        """Send a question and return its answer. Raises ChildLost when the process is gone."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with contextlib.suppress(ConnectionError):
            stdin.write(json.dumps(message).encode() + b"\n")
            await stdin.drain()
        line = await stdout.readline()
        if not line:
            code = await self._process.wait()
            raise ChildLost(f"The measured process {self._module} ended early, status {code}.")
        return json.loads(line)

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _EXIT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def serve(
    answer: Callable[[Message], Message], reader: asyncio.StreamReader | None = None
) -> None:
    """Answer every question on standard input until it ends."""
    reader = reader or await standard_input()
    while line := await reader.readline():
        say(answer(json.loads(line)))


async def standard_input() -> asyncio.StreamReader:
    """This process's standard input as a stream."""
    reader = asyncio.StreamReader(limit=_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def say(message: Message) -> None:
    """Write one answer to standard output."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
