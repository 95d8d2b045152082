"""Pieces of work in processes beside the bot's, which would keep the memory that large pictures
take, and hold the interpreter meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.domain.errors import StoreUnavailable

_ROOT = str(Path(__file__).parents[2])
_LONGEST_LINE = 64 << 20


class Errands:
    """Starts a process where none is free. One that has nothing to do for `idle_s` seconds ends,
    and what it holds of memory with it."""

    def __init__(self, idle_s: float = 30.0) -> None:
        self._idle_s = idle_s
        self._idle: dict[Process, asyncio.TimerHandle] = {}

    async def run(self, module: str, order: Any, patience_s: float) -> Any:
        """What the module's `run` answers to an order; both are plain data.

        Raises StoreUnavailable where it fails, or takes more than `patience_s` seconds.
        """
        process = self._rested() or await _started()
        try:
            async with asyncio.timeout(patience_s):
                answer = await _answer(process, [module, order])
        except TimeoutError:
            raise StoreUnavailable("io", f"{module} took too long for a picture") from None
        except (ConnectionError, EOFError):
            raise StoreUnavailable("io", f"{module} failed: its process ended") from None
        else:
            self._rest(process)
        finally:
            if process not in self._idle:
                await _killed(process)
        if "trouble" in answer:
            raise StoreUnavailable("io", f"{module} failed: {answer['trouble']}")
        return answer["told"]

    def _rested(self) -> Process | None:
        """The one that worked last, whose memory is warm."""
        while self._idle:
            process, leave = self._idle.popitem()
            leave.cancel()
            if process.returncode is None:
                return process
        return None

    def _rest(self, process: Process) -> None:
        loop = asyncio.get_running_loop()
        self._idle[process] = loop.call_later(self._idle_s, self._dismiss, process)

    def _dismiss(self, process: Process) -> None:
        del self._idle[process]
        assert process.stdin
        process.stdin.close()

    async def close(self) -> None:
        """End those that are free; who is at work still is ended by whoever waits for it."""
        while self._idle:
            process, leave = self._idle.popitem()
            leave.cancel()
            await _killed(process)

    async def __aenter__(self) -> Errands:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.close()


async def _started() -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.worker.errands"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        limit=_LONGEST_LINE,
        env={name: value for name, value in os.environ.items() if "TOKEN" not in name}
        | {"PYTHONPATH": _ROOT},
    )


async def _answer(process: Process, order: list[Any]) -> dict[str, Any]:
    """Raises EOFError where it ends without one."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(order).encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return json.loads(line)


async def _killed(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
