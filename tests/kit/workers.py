"""Worker processes for tests: having them, waiting for them, and drawing with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from bot.domain.errors import Cancelled
from bot.engine.blame import Retry
from bot.engine.local import SIMULATED, LocalExecutor
from bot.engine.patience import Patience
from bot.engine.seam import Attempt, Event, Executor, Failed, Images, Progress, Worker
from bot.models.cards import EMBEDDED_CARD, ModelCard, card_for

GENEROUS_S = 60

Kind = TypeVar("Kind", bound=Event)


async def wait_until(
    executor: Executor, true: Callable[[], bool], seconds: float = GENEROUS_S
) -> None:
    """Wait on the executor's changes until `true()`."""
    async with asyncio.timeout(seconds):
        while True:
            seen = executor.version
            if true():
                return
            await executor.changed(seen)


async def free_worker(executor: Executor, seconds: float = GENEROUS_S) -> Worker:
    """The first worker with a free slot."""
    await wait_until(executor, lambda: any(w.slots_free for w in executor.workers()), seconds)
    return next(worker for worker in executor.workers() if worker.slots_free)


def failure(executor: Executor, model: str = "embedded") -> str:
    """Why the first worker cannot load a model; empty where it did not fail."""
    for worker in executor.workers():
        state = worker.models.get(model)
        return state.text if isinstance(state, Failed) else ""
    return ""


def request(**changes: Any) -> dict[str, Any]:
    """Plain data as `GenerationRequest.wire` makes it, as far as engines read it."""
    plain = {
        "text": "a red fox in the forest",
        "negative": "",
        "width": 64,
        "height": 64,
        "seeds": [7, 8, 9, 10],
        "steps": 6,
        "guidance": 3.0,
        "sampler": "default",
        "count": 4,
        "source": None,
        "strength": None,
    }
    return plain | changes


def attempt(
    job: str = "job",
    indices: tuple[int, ...] = (0, 1, 2, 3),
    no: int = 1,
    inputs: Mapping[str, bytes] | None = None,
    **changes: Any,
) -> Attempt:
    """An attempt at `request(**changes)`."""
    model = changes.pop("model", "embedded")
    return Attempt(job, no, model, indices, request(**changes), inputs or {})


@dataclass
class Drawn:
    """Everything that an attempt said."""

    events: list[Event] = field(default_factory=list)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def images(self) -> dict[int, bytes]:
        return {index: data for event in self.of(Images) for index, data in event.data.items()}

    @property
    def scores(self) -> dict[int, float]:
        return {index: each for event in self.of(Images) for index, each in event.scores.items()}


async def draw(
    executor: Executor,
    worker: Worker,
    one: Attempt,
    on_event: Callable[[Event], Awaitable[None]] | None = None,
) -> Drawn:
    """Run one attempt to its end; `on_event` is awaited for each event."""
    drawn = Drawn()
    async for job, event in executor.run_batch(worker.id, [one]):
        assert job == one.job
        drawn.events.append(event)
        if on_event:
            await on_event(event)
    return drawn


async def steps_until_cancelled(executor: Executor, worker: Worker, one: Attempt) -> int:
    """How many an attempt makes that is cancelled at its first."""
    steps = 0

    async def cancel(event: Event) -> None:
        nonlocal steps
        if isinstance(event, Progress):
            steps += 1
            await executor.cancel(worker.id, one.job, one.no)

    with pytest.raises(Cancelled):
        await draw(executor, worker, one, cancel)
    return steps


FORMS = (
    *("sd", "sdxl", "fp16", "mixed", "inpaint", "panorama", "nan", "nanunet", "overflow"),
    *("alone.safetensors", "bare.safetensors", "damaged", "absent"),
    *(f"files/{name}.ckpt" for name in ("plain", "callback", "renamed", "harmful", "worse")),
    *(f"files/old_{name}.ckpt" for name in ("callback", "harmful", "worse")),
    *("files/cut.ckpt", "files/page.ckpt", "files/CAPITAL.SAFETENSORS"),
    "files/pointer.safetensors",
    "files/lora.safetensors",
)


def renamed(folder: Path) -> ModelCard:
    """`alone.safetensors` under a shown name that would decide its steps if it decided anything."""
    return card_for(str(folder / "alone.safetensors"), {"name": "Dream-Lightning-4step"})


def cards_of(folder: Path) -> list[ModelCard]:
    """The embedded model's, and those of `tests.kit.tiny` in that folder."""
    tiny = [
        ModelCard(id=form, name=Path(form).name, source=str(folder / form), native=64)
        for form in FORMS
    ]
    return [EMBEDDED_CARD, *tiny, renamed(folder)]


def tiny_models(folder: Path, dtype: str, **more: Any) -> LocalExecutor:
    """A worker that knows the embedded model and, by these names, those of `tests.kit.tiny`.

    `more` are further options of the engine.

    It writes them into `folder`, if they are not there yet.
    """
    options = {
        "cards": [asdict(card) for card in cards_of(folder)],
        "build": str(folder),
        "dtype": dtype,
        "cache_dir": str(folder / "cache"),
        "shelf": str(folder),
        **more,
    }
    engine = "tests.engine.fakes:with_tiny_models"
    return LocalExecutor(["cpu"], engine, options, retry=Retry(backoff=0.01))


@asynccontextmanager
async def simulated(
    devices: tuple[str, ...] = ("gpu",), patience: Patience | None = None, slots: int = 1,
    **options: Any,
) -> AsyncIterator[LocalExecutor]:  # fmt: skip
    """An executor over simulated engines, with quick restarts."""
    options["slots"] = slots
    executor = LocalExecutor(
        devices, SIMULATED, options, patience=patience, retry=Retry(backoff=0.01)
    )
    await executor.start()
    try:
        yield executor
    finally:
        await executor.close()


def children() -> list[psutil.Process]:
    """The living workers of this process."""
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "bot.worker" in child.cmdline()
    ]


def pids() -> set[int]:
    """The process ids of the living workers."""
    return {child.pid for child in children()}
