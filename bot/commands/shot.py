"""One drawing by an executor, without Discord, queue or credits: what render and check share."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from bot.domain.errors import EaselError, WorkerLost
from bot.domain.request import GenerationRequest
from bot.engine import seam
from bot.engine.seam import Attempt, Event, Executor, Failed, Loaded, Worker
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue


@dataclass
class Shot:
    """The pictures by index (encoded, lossless), and the seconds that loading and drawing took."""

    request: GenerationRequest
    device: str
    loading: float
    drawing: float = 0.0
    tiles: dict[int, bytes] = field(default_factory=dict)


async def shoot(
    executor: Executor, catalogue: Catalogue, make: Callable[[ModelCard], GenerationRequest]
) -> Shot:
    """Draw what `make` wants of the model, with a bar on standard error meanwhile.

    The model is loaded first, so that its card is what its own files say. Raises EaselError when
    no worker can load it, EngineError when this cannot be drawn.
    """
    model = catalogue.default.id
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("loading the model", total=None)
        started = time.monotonic()
        worker = await _loaded(executor, model)
        if isinstance(state := worker.models[model], Loaded):
            catalogue.confirm(model, state.card)
        shot = Shot(make(catalogue.default), worker.device, time.monotonic() - started)
        await _draw(executor, worker, shot, bar, task)
    return shot


async def _loaded(executor: Executor, model: str) -> Worker:
    """The first free worker with the model in memory; each is asked once to load it.

    Raises EaselError with the words of the first that cannot.
    """
    asked: set[str] = set()
    while True:
        version = executor.version
        for worker in executor.workers():
            state = worker.models.get(model)
            if trouble := worker.error or (state.text if isinstance(state, Failed) else None):
                raise EaselError(trouble)
            if model in worker.loaded and worker.slots_free:
                return worker
            if worker.id not in asked:
                asked.add(worker.id)
                await _ask(executor, worker.id, model)
        await executor.changed(version)


async def _ask(executor: Executor, worker: str, model: str) -> None:
    with contextlib.suppress(WorkerLost):  # its successor is asked, too
        await executor.prepare(worker, [model])


async def _draw(
    executor: Executor, worker: Worker, shot: Shot, bar: Progress, task: TaskID
) -> None:
    request = shot.request
    attempt = Attempt(
        uuid.uuid4().hex, 1, request.model, tuple(range(request.count)), request.wire()
    )
    async for _, event in executor.run_batch(worker.id, [attempt]):
        _take(event, shot, bar, task)


def _take(event: Event, shot: Shot, bar: Progress, task: TaskID) -> None:
    match event:
        case seam.Progress(step=step, of=of):
            bar.update(task, description="drawing", total=of, completed=step)
        case seam.Images(data=data):
            shot.tiles |= data
        case seam.Done(seconds=seconds):
            shot.drawing = seconds
