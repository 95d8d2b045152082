"""One incarnation of a worker, seen from the bot: its models, its slots, what runs on it.

Speaks in frames through two functions that it is given, so it does not know whether a pipe to a
process on this machine or a bridge to another one carries them. Knows neither why attempts run
nor what follows its end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.errors import Busy, Cancelled, EngineError, RenderFailed, WorkerLost
from bot.engine import frames
from bot.engine.batch import Batch
from bot.engine.frames import Frame
from bot.engine.line import Identity, Line
from bot.engine.patience import Key, Patience, Watch
from bot.engine.questions import Questions
from bot.engine.seam import (
    Answer,
    Attempt,
    Begun,
    Failed,
    Loading,
    LoadingModel,
    Paused,
    Progress,
    Question,
    Shape,
    Worker,
)
from bot.engine.states import States, followed


@dataclass
class _Run:
    """One attempt on the worker."""

    attempt: Attempt
    batch: Batch
    begun: bool = False

    @property
    def size(self) -> tuple[Shape, int]:
        """Its shape, and how many pictures it has."""
        request = self.attempt.request
        pixels = request.get("width", 0) * request.get("height", 0)
        return (self.attempt.model, pixels), len(self.attempt.indices)


@dataclass
class _Known:
    """What the worker said about itself."""

    device: str
    vram_mb: int = 0
    slots: int = 0
    ready: bool = False
    useful: bool = False
    broken: str = ""
    models: States = field(default_factory=dict)
    rooms: dict[Shape, int] = field(default_factory=dict)


class Peer:
    """`hear` takes what the worker says; the rest asks something of it."""

    def __init__(
        self,
        identity: Identity,
        line: Line,
        patience: Patience,
        changed: Callable[[], None],
        refused: Mapping[str, Failed] | None = None,
        retry_s: float = 60.0,
    ) -> None:
        self.id = identity.id
        self.watch = Watch(patience, time.monotonic())
        self.known = _Known(identity.device)
        self.questions = Questions()
        self.end = ""
        self._identity = identity
        self._line = line
        self._changed = changed
        self._refused = dict(refused or {})
        self._retry_s = retry_s
        self._wanted: list[str] = []
        self._runs: dict[Key, _Run] = {}
        self._drawing: dict[Key, _Run] = {}

    def snapshot(self, *, draining: bool = False, error: str | None = None) -> Worker:
        """How the worker stands now. No slot is free before it is ready or after it is lost."""
        usable = self.known.ready and not self.end
        return Worker(
            id=self.id,
            node=self._identity.node,
            device=self.known.device,
            vram_mb=self.known.vram_mb,
            models={**self._refused, **self.known.models},
            slots_free=max(0, self.known.slots - len(self._drawing)) if usable else 0,
            draining=draining,
            error=self.known.broken or error,
            drawing={key[0]: run.size for key, run in self._drawing.items()},
            rooms=dict(self.known.rooms),
        )

    @property
    def busy(self) -> bool:
        """True while any attempt has not ended."""
        return bool(self._runs)

    @property
    def loading(self) -> dict[str, str]:
        """The models that are being loaded, each with what was said about it."""
        states = self.known.models.items()
        return {model: state.text for model, state in states if isinstance(state, Loading)}

    # Its end

    def condemn(self, reason: str) -> None:
        """Accept nothing more; `reason` completes "Worker … "."""
        self.end = self.end or reason
        self._changed()

    def lose(self, reason: str, *, innocent: bool = False) -> None:
        """The worker is gone, or as good as gone: every attempt on it ends with WorkerLost. None is
        to blame for an `innocent` end."""
        self.condemn(reason)
        text = f"Worker {self.id} {self.end}."
        suspects = {key for key, run in self._drawing.items() if run.begun}
        for key, run in list(self._runs.items()):
            drawn = bool(self._drawing) and key not in self._drawing
            alone = suspects <= {key}
            begun = run.begun and not innocent
            run.batch.end(key, WorkerLost(text, begun=begun, drawn=drawn, alone=alone))
            self.watch.ended(key)
        self._runs.clear()
        self._drawing.clear()
        self.questions.lose(WorkerLost(text))
        self._changed()

    # What it says

    def hear(self, frame: Frame) -> None:
        """Raises KeyError, IndexError or TypeError for what no worker says."""
        self.watch.heard(time.monotonic())
        said = frame.data
        match frame.kind:
            case "event":
                self._hear_event((said["job"], said["no"]), frame)
            case "free":
                self._free((said["job"], said["no"]))
            case "end":
                self._hear_end(said)
            case "answer":
                self.questions.hear(said)
            case "state":
                self._hear_state(said)
            case "room":
                self.known.rooms[said["model"], said["pixels"]] = said["pictures"]
                self._changed()
            case "ready":
                self._hear_ready(said)
            case "broken":
                self.known.broken = f"The engine cannot start: {said['text']}"
                self.condemn(f"could not make its engine ({said['text']})")

    def _hear_ready(self, said: Mapping[str, Any]) -> None:
        if self._identity.device == "auto":
            self.known.device = said["device"]
        self.known.vram_mb, self.known.slots = said["vram_mb"], said["slots"]
        self.known.ready = True
        if self._wanted:
            self._line.write(Frame("prepare", {"models": self._wanted}))
            # So that nobody takes it for idle until it says so itself.
            self.known.models = {self._wanted[0]: Loading("", time.monotonic())}
        self._changed()

    def _hear_event(self, key: Key, frame: Frame) -> None:
        event = frames.unpack_event(frame)
        run = self._runs.get(key)
        if run is None:
            return
        match event:
            case LoadingModel() | Paused():
                run.begun = False
                self.watch.loading(key)
            case Begun():
                run.begun = True
                self.watch.begun(key, time.monotonic())
            case Progress():
                self.watch.stepped(key, time.monotonic())
        run.batch.say(key[0], event)

    def _hear_state(self, said: Mapping[str, Any]) -> None:
        now = time.monotonic()
        self.known.models = followed(self.known.models, said, now, self._retry_s)
        self.known.useful = self.known.useful or bool(said["loaded"])
        for model in said["loaded"].keys() & self._refused.keys():
            del self._refused[model]
        self._changed()

    def _free(self, key: Key) -> None:
        self._drawing.pop(key, None)
        self.watch.drawn(key, time.monotonic())
        self._changed()

    def _hear_end(self, said: Mapping[str, Any]) -> None:
        key = said["job"], said["no"]
        self.watch.ended(key)
        run = self._runs.pop(key, None)
        if run is None:
            return
        self.known.useful = self.known.useful or said["outcome"] == "done"
        run.batch.end(key, _error(said))
        self._changed()

    # What it is asked

    def begin(self, attempts: Sequence[Attempt]) -> Batch:
        """Take slots for `attempts`.

        Raises Busy where too few are free, WorkerLost when it is gone, RenderFailed for a model
        whose loading killed the process.
        """
        if self.end:
            raise WorkerLost(f"Worker {self.id} {self.end}.")
        if not self.known.ready or len(self._drawing) + len(attempts) > self.known.slots:
            raise Busy(f"Worker {self.id} has too few free slots.")
        for attempt in attempts:
            if refused := self._refusal(attempt.model):
                raise RenderFailed("model_missing", refused.text, retryable=True)
        batch = Batch(attempts)
        for attempt in attempts:
            key = attempt.job, attempt.no
            self._runs[key] = self._drawing[key] = _Run(attempt, batch)
            self.watch.handed_over(key, _work(attempt), time.monotonic())
        self._changed()
        return batch

    def _refusal(self, model: str) -> Failed | None:
        """Why a model is not to be loaded yet."""
        refused = self._refused.get(model)
        return refused if refused and time.monotonic() < refused.retry_at else None

    async def hand_over(self, batch: Batch) -> None:
        """Send the attempts that `begin` took slots for."""
        await self._line.send(frames.pack_attempts(batch.attempts))

    async def prepare(self, models: Sequence[str]) -> None:
        """Order models to be loaded; at once, or as soon as the worker is ready."""
        models = [model for model in models if not self._refusal(model)]
        if self.known.ready and models:
            await self._line.send(Frame("prepare", {"models": models}))
        elif not self.known.ready:
            self._wanted += [model for model in models if model not in self._wanted]

    async def ask(self, question: Question) -> Answer:
        """See `Executor.ask`. A model that killed the process is not loaded for it."""
        if refused := self._refusal(question.model):
            raise RenderFailed("model_missing", refused.text, retryable=True)
        return await self.questions.ask(question, self._line)

    async def cancel(self, key: Key) -> None:
        """Ask for the end of an attempt; nothing happens when it ended already."""
        if key in self._runs:
            await self._line.send(Frame("cancel", {"job": key[0], "no": key[1]}))

    async def abandon(self, batch: Batch) -> bool:
        """Nobody listens to `batch` any more: cancel it; False if it does not end in time."""
        for key in list(batch.open):
            await self.cancel(key)
        try:
            await asyncio.wait_for(batch.closed.wait(), self.watch.grace(batch.open))
        except TimeoutError:
            return False
        return True


def _work(attempt: Attempt) -> float:
    """Megapixels of a step."""
    size = attempt.request.get("width", 512) * attempt.request.get("height", 512)
    return max(1, len(attempt.indices)) * size / 1e6


def _error(said: Mapping[str, Any]) -> EngineError | None:
    if said["outcome"] == "done":
        return None
    if said["outcome"] == "cancelled":
        return Cancelled(f"Job {said['job']} was cancelled.")
    return RenderFailed(
        said["code"], said["text"], retryable=said["retryable"], fits=said["fits"]
    )  # fmt: skip
