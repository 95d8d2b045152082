"""The executor seam: what the dispatcher asks for, and what an engine does.

Only plain data crosses it (JSON-like values and bytes), so that a worker may be a process on this
machine or an actor on another. Errors are `WorkerLost`, `Cancelled`, `RenderFailed` and `Busy`
from `bot.domain.errors`. Knows nothing about users, credits or Discord.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Loading:
    """The model is being brought into memory; `text` says how far that is.

    That began at `since`, in monotonic seconds of the bot's process.
    """

    text: str = ""
    since: float = 0.0


@dataclass(frozen=True)
class Loaded:
    """The model is in memory. `card` holds what its own files say: fields of `ModelCard`.

    It has been there since `since`, in monotonic seconds of the bot's process; loading it took
    `took_s` seconds, 0 where that is not known.
    """

    card: Mapping[str, Any] = field(default_factory=dict)
    since: float = 0.0
    took_s: float = 0.0


@dataclass(frozen=True)
class Failed:
    """The model cannot be loaded. `text` is one sentence for users.

    It is worth a new try at `retry_at`, in monotonic seconds of the bot's process.
    """

    text: str
    retry_at: float = 0.0


ModelState = Loading | Loaded | Failed


@dataclass(frozen=True)
class Worker:
    """A snapshot. `id` is one process incarnation and is never used again.

    `models` tells how each model stands that the worker was asked for. `error` says in one
    sentence that the worker itself is broken (cannot be started, cannot be killed, dies again and
    again before it can draw); a model that fails to load is no error of its worker.
    """

    id: str
    node: str
    device: str
    vram_mb: int
    models: Mapping[str, ModelState]
    slots_free: int
    draining: bool = False
    error: str | None = None

    @property
    def seat(self) -> tuple[str, str]:
        """Where it is: the same for all incarnations on a device."""
        return self.node, self.device

    @property
    def loaded(self) -> frozenset[str]:
        """The ids of the models in memory."""
        return frozenset(id for id, state in self.models.items() if isinstance(state, Loaded))

    @property
    def trouble(self) -> str | None:
        """Why it draws nothing: its own error, or a failed model's while no other is loaded."""
        if self.error or self.loaded:
            return self.error
        states = self.models.values()
        return next((state.text for state in states if isinstance(state, Failed)), None)

    def room(self, model: str, pixels: int) -> int:
        """How many attempts at pictures of `model` with `pixels` pixels may start now.

        None while the model's loading has failed; who asks for it knows when to try again.
        """
        if self.draining or self.error is not None:
            return 0
        return 0 if isinstance(self.models.get(model), Failed) else self.slots_free


@dataclass(frozen=True)
class Attempt:
    """One try at drawing the pictures `indices` (0-based) of a job.

    `no` is the fencing token. `request` is plain data in which "source", where present, is the
    content hash (sha256 hex) of the source picture; `inputs` maps such hashes to the encoded bytes
    of the picture. `upload_limit` asks for a picture to be posted of at most so many bytes, made of
    all pictures together; 0 asks for none.
    """

    job: str
    no: int
    model: str
    indices: tuple[int, ...]
    request: Mapping[str, Any]
    inputs: Mapping[str, bytes] = field(default_factory=dict)
    upload_limit: int = 0


# What a running attempt says. `t` is the worker's monotonic time in seconds.


@dataclass(frozen=True)
class LoadingModel:
    """The model is being loaded; `text` is a few words about it."""

    text: str
    t: float = 0.0


@dataclass(frozen=True)
class Begun:
    """Everything is loaded and the first step follows: from here on a death is this job's.

    Said again where the model had to be loaded once more meanwhile.
    """

    t: float = 0.0


@dataclass(frozen=True)
class Progress:
    """Step `step` of `of` is done."""

    step: int
    of: int
    t: float = 0.0


@dataclass(frozen=True)
class Preview:
    """A small encoded picture of the grid so far."""

    data: bytes
    t: float = 0.0


@dataclass(frozen=True)
class Image:
    """Picture `index` (0-based), losslessly encoded (WebP). A worker says it; listeners hear it in
    `Images`."""

    index: int
    data: bytes
    t: float = 0.0


@dataclass(frozen=True)
class Images:
    """Every `Image` of an attempt that has come since the listener looked: encoded pictures by
    index."""

    data: Mapping[int, bytes]
    t: float = 0.0


@dataclass(frozen=True)
class Upload:
    """All pictures of the attempt in one file of at most `Attempt.upload_limit` bytes.

    Comes after the last picture, if it was asked for.
    """

    data: bytes
    extension: str
    lossless: bool
    t: float = 0.0


@dataclass(frozen=True)
class Result:
    """Plain data, for work that is not a picture."""

    data: Mapping[str, Any]
    t: float = 0.0


@dataclass(frozen=True)
class Done:
    """Everything has been said; drawing took `seconds` on `device` by `engine`, in words."""

    seconds: float
    device: str
    engine: str = ""
    t: float = 0.0


Event = LoadingModel | Begun | Progress | Preview | Image | Images | Upload | Result | Done


class Executor(Protocol):
    """Runs attempts on workers; the bot owns queue, fairness, retries and routing."""

    async def start(self) -> None: ...

    async def close(self, drain_s: float = 0) -> None: ...

    def workers(self) -> Sequence[Worker]: ...

    @property
    def version(self) -> int:
        """Grows with every change of `workers()`."""
        ...

    async def changed(self, since: int) -> int:
        """Wait until `version` is not `since`; return it. No wake-up is lost."""
        ...

    async def prepare(self, worker_id: str, models: Iterable[str], pin: bool = False) -> None:
        """Order models to be loaded ahead of need; returns at once, `workers()` tells how it went.

        Pinned models are loaded again by every incarnation that follows. Raises WorkerLost.
        """
        ...

    def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        """Start attempts together; yields (job id, event) until each job is done.

        No queueing: raises Busy when the worker has too few free slots. Raises WorkerLost (which
        tells whether the attempt had begun), Cancelled or RenderFailed. The slot is free again as
        soon as drawing ended, which may be before the last pictures are encoded and said.
        """
        ...

    async def cancel(self, worker_id: str, job: str, no: int) -> None:
        """Idempotent; that job's stream ends with Cancelled within one step."""
        ...

    async def kill(self, worker_id: str) -> None:
        """The worker did not answer in time: recycle it."""
        ...


class Engine(Protocol):
    """Blocking drawing inside a worker process. One call at a time."""

    device: str
    vram_mb: int

    def load(self, model: str, say: Callable[[str], None]) -> None:
        """Bring a model into memory. Raises RenderFailed("model_missing", …)."""
        ...

    def loaded(self) -> Mapping[str, Mapping[str, Any]]:
        """The models in memory: id → what the model's own files say, as fields of `ModelCard`."""
        ...

    def drawn_by(self, model: str) -> str:
        """What drew last with a model in memory, in words for a recipe: library and precision."""
        ...

    def draw(
        self,
        attempt: Attempt,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> Sequence[Any]:
        """Draw `attempt.indices`; return one PIL image for each, in order.

        Emits progress after every step and a few previews. `cancelled` is asked after every step
        (and between stages); when true, raises Cancelled. Raises RenderFailed.
        """
        ...
