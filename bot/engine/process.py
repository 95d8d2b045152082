"""One incarnation of a worker process, seen from the bot: spawn, talk, watch, bury.

Knows one process and the attempts that run on it; not why they run, nor what follows its death.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bot
from bot.domain.errors import Busy, Cancelled, EngineError, RenderFailed, WorkerLost
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import (
    Attempt,
    Begun,
    Event,
    Failed,
    Loaded,
    Loading,
    LoadingModel,
    ModelState,
    Progress,
    Worker,
)

log = logging.getLogger(__name__)

SLOTS = 1
_ROOT = str(Path(bot.__file__).parents[1])
_STREAM_LIMIT = 1 << 20

Key = tuple[str, int]

# Measured on two cores beside a busy neighbour: spinning OpenMP threads make a grid take 8.5 s
# instead of 1.5 s; an allocator that keeps its memory saves 5 to 45 % of a forward pass. Both are
# read when the process starts, so they cannot be set later.
_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "passive",
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
}
_SECRETS = ("DISCORD_TOKEN", "EASEL_DISCORD_TOKEN")


def environment(base: Mapping[str, str], root: str) -> dict[str, str]:
    """The environment of a worker: `base` without secrets, tuned where `base` says nothing.

    `root` is the folder that holds the package `bot`.
    """
    path = os.pathsep.join(part for part in (root, base.get("PYTHONPATH", "")) if part)
    kept = {name: value for name, value in base.items() if name not in _SECRETS}
    return _ENVIRONMENT | kept | {"PYTHONPATH": path}


@dataclass(frozen=True)
class Patience:
    """How long the bot waits for what, in seconds.

    silence     a living process says something within this time, or it is recycled
    start       … and its first word within this time
    stall       a step follows the last within this time or 10 times the measured step time,
                whichever is longer
    first_step  … the first step on a process, which has no measure yet
    grace       an abandoned attempt has this time to stop before its process is recycled
    exit        a process that was asked to end has this time to do so
    retry       a model that could not be loaded is worth another try after this time
    """

    silence: float = 15.0
    start: float = 120.0
    stall: float = 60.0
    first_step: float = 1800.0
    grace: float = 10.0
    exit: float = 2.0
    retry: float = 60.0


@dataclass(frozen=True)
class Order:
    """What a process is started for: the factory of its engine, and the factory's options."""

    engine: str
    options: Mapping[str, Any]
    device: str
    node: str


class _Run:
    """One attempt on the process. `clock` is the time of its last step; None stops it."""

    def __init__(self, attempt: Attempt, batch: Batch) -> None:
        size = attempt.request.get("width", 512) * attempt.request.get("height", 512)
        self.batch = batch
        self.work = max(1, len(attempt.indices)) * size / 1e6
        self.clock: float | None = time.monotonic()
        self.begun = False
        self.stepped = False


class Batch:
    """The events of attempts that were started together, in the order in which they came."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self.attempts = attempts
        self.open: set[Key] = {(attempt.job, attempt.no) for attempt in attempts}
        self.closed = asyncio.Event()
        self._said: asyncio.Queue[tuple[str, Event] | None] = asyncio.Queue()
        self._error: EngineError | None = None

    def say(self, job: str, event: Event) -> None:
        """Pass on what a job said."""
        self._said.put_nowait((job, event))

    def end(self, key: Key, error: EngineError | None = None) -> None:
        """Attempt `key` is over; the first error is the batch's."""
        self.open.discard(key)
        self._error = self._error or error
        if not self.open:
            self.closed.set()
            self._said.put_nowait(None)

    async def events(self) -> AsyncIterator[tuple[str, Event]]:
        """Everything said until all attempts ended; then raises the first error."""
        while said := await self._said.get():
            yield said
        if self._error:
            raise self._error


class WorkerProcess:
    """`live` spawns the process and returns when it is gone; the rest works meanwhile."""

    _numbers = itertools.count(1)

    def __init__(self, order: Order, patience: Patience, changed: Callable[[], None]) -> None:
        stamp = f"{os.getpid():x}{time.time_ns() // 1_000_000:x}"
        self.id = f"{order.node}/{order.device}/{stamp}-{next(self._numbers)}"
        self.gone = asyncio.Event()
        self.useful = False
        self.error: str | None = None
        self._order = order
        self._patience = patience
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._device = order.device
        self._vram_mb = 0
        self._ready = False
        self._wanted: list[str] = []
        self._models: dict[str, ModelState] = {}
        self._runs: dict[Key, _Run] = {}
        self._drawing: set[Key] = set()
        self._step_cost = 0.0
        self._heard = time.monotonic()
        self._spoke = False
        self._death = ""

    def snapshot(self, draining: bool = False) -> Worker:
        """How the worker stands now. No slot is free before it is ready or after it is gone."""
        usable = self._ready and not self._death and not self.gone.is_set()
        return Worker(
            id=self.id,
            node=self._order.node,
            device=self._device,
            vram_mb=self._vram_mb,
            models=dict(self._models),
            slots_free=max(0, SLOTS - len(self._drawing)) if usable else 0,
            draining=draining,
            error=self.error,
        )

    @property
    def busy(self) -> bool:
        """True while any attempt has not ended."""
        return bool(self._runs)

    # Life and death

    async def live(self) -> str:
        """Spawn, serve until the process is gone, and say in a few words why it went."""
        watchman: asyncio.Task[None] | None = None
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment(os.environ, _ROOT),
                limit=_STREAM_LIMIT,
                start_new_session=True,
            )
            self._heard = time.monotonic()
            if self._death:  # stopped while it was being spawned
                self._signal()
            watchman = asyncio.create_task(self._watch())
            await self._send(self._hello())
            await self._listen(self._process)
        except OSError as error:
            self._die(f"could not be started ({error})")
        finally:
            if watchman:
                watchman.cancel()
            await asyncio.shield(asyncio.ensure_future(self._bury()))
        return self._death

    def _hello(self) -> Frame:
        data = {
            "engine": self._order.engine,
            "options": dict(self._order.options) | {"device": self._order.device},
            "heartbeat_s": max(0.05, min(2.0, self._patience.silence / 5)),
        }
        return Frame("hello", data)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        try:
            while frame := await frames.receive(process.stdout):
                self._heard = time.monotonic()
                self._spoke = True
                self._hear(frame)
        except (frames.FrameError, KeyError, IndexError, TypeError) as error:
            self._die(f"sent what cannot be understood ({error!r})")

    async def _bury(self) -> None:
        """Make sure that the process is gone and that everybody knows."""
        if process := self._process:
            if process.stdin:
                process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self._patience.exit)
            self._signal()
            code = await process.wait()
            self._death = self._death or _ending(code)
        self.gone.set()
        for key, run in list(self._runs.items()):
            drawn = bool(self._drawing) and key not in self._drawing
            text = f"Worker {self.id} {self._death}."
            run.batch.end(key, WorkerLost(text, begun=run.begun, drawn=drawn))
        self._runs.clear()
        self._drawing.clear()
        self._changed()

    def _die(self, reason: str) -> None:
        self._death = self._death or reason
        self._signal()

    def _signal(self) -> None:
        if self._process and self._process.returncode is None:
            # Not `Process.kill`: it polls, and so takes the exit code away from asyncio's watcher.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def kill(self, reason: str) -> None:
        """End the process now; returns when it is gone."""
        self._die(reason)
        self._changed()
        await self.gone.wait()

    async def stop(self) -> None:
        """Let the process end by itself, which it does when its input ends; else kill it."""
        self._death = self._death or "was shut down"
        if self._process and self._process.stdin:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), self._patience.exit)
        await self.kill("was shut down")

    # Watching

    async def _watch(self) -> None:
        every = max(0.02, min(1.0, self._patience.silence / 10))
        last = time.monotonic()
        while not self._death:
            await asyncio.sleep(every)
            now = time.monotonic()
            if now - last > 5 * every:
                self._forgive(now - last)
            last = now
            if trouble := self._trouble(now):
                log.warning("worker %s %s and is recycled", self.id, trouble)
                self._die(trouble)
                self._changed()

    def _forgive(self, pause: float) -> None:
        """It was this process that slept: what the worker said meanwhile is still to be read."""
        self._heard += pause
        for run in self._runs.values():
            if run.clock is not None:
                run.clock += pause

    def _trouble(self, now: float) -> str:
        patience = self._patience.silence if self._spoke else self._patience.start
        if now - self._heard > patience:
            return f"was silent for {patience:g} s"
        for run in self._runs.values():
            if run.clock is not None and now - run.clock > self._limit(run):
                return f"made no step for {self._limit(run):.0f} s"
        return ""

    def _limit(self, run: _Run) -> float:
        if not self._step_cost:
            return max(self._patience.stall, self._patience.first_step)
        return max(self._patience.stall, 10 * self._step_cost * run.work)

    # What the process says

    def _hear(self, frame: Frame) -> None:
        said = frame.data
        if frame.kind == "event":
            self._hear_event((said["job"], said["no"]), frames.unpack_event(frame))
        elif frame.kind == "free":
            self._free((said["job"], said["no"]))
        elif frame.kind == "end":
            self._end(said)
        elif frame.kind == "state":
            self._state(said)
        elif frame.kind == "ready":
            self._device, self._vram_mb = said["device"], said["vram_mb"]
            self._ready = True
            self._changed()
            if self._wanted:
                self._write(Frame("prepare", {"models": self._wanted}))
        elif frame.kind == "broken":
            self.error = f"The engine cannot start: {said['text']}"
            self._die(f"could not make its engine ({said['text']})")

    def _hear_event(self, key: Key, event: Event) -> None:
        run = self._runs.get(key)
        if run is None:
            return
        now = time.monotonic()
        match event:
            case LoadingModel():
                run.clock = None
            case Begun():
                run.clock, run.begun = now, True
            case Progress():
                if run.clock is not None and run.stepped:
                    self._step_cost = max(0.5 * self._step_cost, (now - run.clock) / run.work)
                run.clock, run.stepped = now, True
        run.batch.say(key[0], event)

    def _state(self, said: Mapping[str, Any]) -> None:
        loaded: dict[str, ModelState] = {id: Loaded(card) for id, card in said["loaded"].items()}
        loading = {id: Loading(text) for id, text in said["loading"].items()}
        failed = {id: self._failed(id, text) for id, text in said["failed"].items()}
        self._models = failed | loaded | loading
        self.useful = self.useful or bool(loaded)
        self._changed()

    def _failed(self, model: str, text: str) -> Failed:
        before = self._models.get(model)
        if isinstance(before, Failed) and before.text == text:
            return before
        return Failed(text, time.monotonic() + self._patience.retry)

    def _free(self, key: Key) -> None:
        self._drawing.discard(key)
        if run := self._runs.get(key):
            run.clock = None
        self._changed()

    def _end(self, said: Mapping[str, Any]) -> None:
        key = said["job"], said["no"]
        run = self._runs.pop(key, None)
        if run is None:
            return
        self.useful = self.useful or said["outcome"] == "done"
        run.batch.end(key, _error(said))
        self._changed()

    # What the process is asked

    def begin(self, attempts: Sequence[Attempt]) -> Batch:
        """Take slots for `attempts`. Raises Busy where too few are free, WorkerLost when dead."""
        if self._death or self.gone.is_set():
            raise WorkerLost(f"Worker {self.id} {self._death}.")
        if not self._ready or len(self._drawing) + len(attempts) > SLOTS:
            raise Busy(f"Worker {self.id} has too few free slots.")
        batch = Batch(attempts)
        for attempt in attempts:
            key = attempt.job, attempt.no
            self._runs[key] = _Run(attempt, batch)
            self._drawing.add(key)
        self._changed()
        return batch

    async def send_batch(self, batch: Batch) -> None:
        """Hand over the attempts that `begin` took slots for."""
        await self._send(frames.pack_attempts(batch.attempts))

    async def prepare(self, models: Sequence[str]) -> None:
        """Order models to be loaded; at once, or as soon as the process is ready."""
        if self._ready:
            await self._send(Frame("prepare", {"models": list(models)}))
        else:
            self._wanted += [model for model in models if model not in self._wanted]

    async def cancel(self, key: Key) -> None:
        """Ask the process to stop an attempt; nothing happens when it ended already."""
        if key in self._runs:
            await self._send(Frame("cancel", {"job": key[0], "no": key[1]}))

    async def abandon(self, batch: Batch) -> None:
        """Nobody listens to `batch` any more: cancel it, wait for its end, then kill."""
        for key in list(batch.open):
            await self.cancel(key)
        longest = max((self._step_cost * self._runs[key].work for key in batch.open), default=0)
        try:
            await asyncio.wait_for(batch.closed.wait(), max(self._patience.grace, 3 * longest))
        except TimeoutError:
            log.warning("worker %s did not stop an abandoned job and is recycled", self.id)
            await self.kill("did not stop an abandoned job")

    def _write(self, frame: Frame) -> None:
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(frames.pack(frame))

    async def _send(self, frame: Frame) -> None:
        self._write(frame)
        if self._process and self._process.stdin:
            # A process that died is noticed where its output is read.
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.drain()


def _error(said: Mapping[str, Any]) -> EngineError | None:
    if said["outcome"] == "done":
        return None
    if said["outcome"] == "cancelled":
        return Cancelled(f"Job {said['job']} was cancelled.")
    return RenderFailed(said["code"], said["text"], retryable=said["retryable"])


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
