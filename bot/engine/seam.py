"""The executor seam: what the dispatcher asks for, and what an engine does.

Only plain data crosses it (JSON-like values and bytes), so that a worker may be a process on this
machine or an actor on another. Errors are `WorkerLost`, `Cancelled`, `RenderFailed` and `Busy`
from `bot.domain.errors`. Knows nothing about users, credits or Discord.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

EventKind = Literal["loading", "progress", "preview", "image", "result", "done"]


@dataclass(frozen=True)
class Worker:
    """A snapshot. `id` is one process incarnation and is never used again.

    `loaded` names the model ids in memory; `error` says in one sentence why the worker cannot
    draw (a model that failed to load), and is None while it can.
    """

    id: str
    node: str
    device: str
    vram_mb: int
    loaded: frozenset[str]
    slots_free: int
    draining: bool = False
    error: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One try at drawing the pictures `indices` (0-based) of a job.

    `no` is the fencing token. `request` is `GenerationRequest.recipe()` in which "source", where
    present, is the content hash (sha256 hex) of the source picture; `inputs` maps such hashes to
    the encoded bytes of the picture.
    """

    job: str
    no: int
    model: str
    indices: tuple[int, ...]
    request: Mapping[str, Any]
    inputs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """Something a running attempt says.

    loading   data: a sentence; the model is being loaded
    progress  step `step` of `of` is done
    preview   data: a small encoded picture of the grid so far
    image     data: picture `index` (0-based), losslessly encoded (WebP)
    result    data: plain data for work that is not a picture
    done      data: {"seconds": float, "device": str}; all pictures have been said
    `t` is the worker's monotonic time in seconds.
    """

    kind: EventKind
    index: int = 0
    step: int = 0
    of: int = 0
    data: Any = None
    t: float = 0.0


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

        No queueing: raises Busy when the worker has too few free slots. Raises WorkerLost,
        Cancelled or RenderFailed. The slot is free again as soon as drawing ended, which may be
        before the last pictures are encoded and said.
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

    def loaded(self) -> frozenset[str]: ...

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
