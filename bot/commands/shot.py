"""One drawing by an executor, without Discord, queue or credits: what render and check share."""

from __future__ import annotations

import secrets
import time
import uuid
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

from bot.domain.action import Action
from bot.domain.errors import EaselError
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.engine import seam
from bot.engine.seam import Attempt, Event, Executor, Worker
from bot.models.cards import ModelCard


@dataclass
class Shot:
    """The pictures by index (encoded, lossless) and the seconds that drawing them took."""

    tiles: dict[int, bytes] = field(default_factory=dict)
    seconds: float = 0.0


def request_for(card: ModelCard, text: str) -> GenerationRequest:
    """The request that /imagine would make of this text."""
    prompt = Prompt.parse(text)
    return GenerationRequest(
        action=Action.IMAGINE,
        prompt=prompt,
        model=card.id,
        size=Size.fit(prompt.aspect, card.native, card.multiple),
        seed=secrets.randbelow(SEED_MAX + 1) if prompt.seed is None else prompt.seed,
        steps=card.steps_for(prompt.quality),
        guidance=card.guidance,
        sampler=card.sampler,
    )


async def free_worker(executor: Executor) -> Worker:
    """The first worker that can draw. Raises EaselError with a worker's own words."""
    while True:
        version = executor.version
        for worker in executor.workers():
            if worker.error:
                raise EaselError(worker.error)
            if worker.slots_free:
                return worker
        await executor.changed(version)


async def shoot(executor: Executor, request: GenerationRequest) -> Shot:
    """Draw `request` on the first free worker, with a bar on standard error while it lasts.

    Raises EaselError when no worker can draw, EngineError when this cannot be drawn.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        return await _draw(executor, request, bar)


async def _draw(executor: Executor, request: GenerationRequest, bar: Progress) -> Shot:
    task = bar.add_task("starting", total=None)
    worker = await free_worker(executor)
    bar.update(task, description=f"loading on {worker.device}")
    attempt = Attempt(
        uuid.uuid4().hex, 1, request.model, tuple(range(request.count)), request.recipe()
    )
    shot = Shot()
    started = time.monotonic()
    async for _, event in executor.run_batch(worker.id, [attempt]):
        _take(event, shot, bar, task)
    shot.seconds = shot.seconds or time.monotonic() - started
    return shot


def _take(event: Event, shot: Shot, bar: Progress, task: TaskID) -> None:
    match event:
        case seam.Progress(step=step, of=of):
            bar.update(task, description="drawing", total=of, completed=step)
        case seam.Image(index=index, data=data):
            shot.tiles[index] = data
        case seam.Done(seconds=seconds):
            shot.seconds = seconds
