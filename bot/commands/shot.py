"""One drawing by an executor, without Discord, queue or credits: what render and check share."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from bot.commands.bars import bar
from bot.domain.errors import EaselError, WorkerLost
from bot.domain.request import GRID, GenerationRequest
from bot.domain.size import Size
from bot.engine import seam
from bot.engine.seam import Attempt, Event, Executor, Failed, Loaded, Worker
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service import requests


@dataclass(frozen=True)
class Wish:
    """What is wanted: all pictures of the request, or those at `indices` alone, drawn from
    `inputs`, files by the sha256 hex of their bytes."""

    request: GenerationRequest
    indices: Sequence[int] = ()
    inputs: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def wanted(self) -> Sequence[int]:
        return self.indices or range(self.request.count)


@dataclass
class Shot:
    """The pictures by index (encoded, lossless), and the seconds that loading and drawing took.
    `engine` says what drew them; `scores` how likely each is unsafe, from 0 to 1, where it was
    looked at."""

    request: GenerationRequest
    device: str
    loading: float
    drawing: float = 0.0
    engine: str = ""
    tiles: dict[int, bytes] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)

    def keep_only(self, wanted: Sequence[int]) -> None:
        """Others were drawn for their company."""
        self.tiles = {index: self.tiles[index] for index in wanted if index in self.tiles}
        self.scores = {index: score for index, score in self.scores.items() if index in self.tiles}


async def shoot(
    executor: Executor,
    catalogue: Catalogue,
    make: Callable[[ModelCard], Wish],
    keep: Callable[[Shot], Awaitable[None]] | None = None,
) -> Shot:
    """Draw what `make` wants of the model, with a bar on standard error meanwhile.

    As many pictures as a grid has are drawn together, always the same ones, wanted or not: in
    other company a picture would differ by a bit here and there. After each such round `keep` gets
    all that is wanted and there. The model is loaded first, so that its card is what its own files
    say. Raises EaselError when no worker can load it, EngineError when this cannot be drawn, and
    what `keep` raises.
    """
    model = catalogue.default.id
    with bar(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    ) as shown:
        task = shown.add_task("loading the model", total=None)
        started = time.monotonic()
        worker = await loaded_worker(executor, model)
        if isinstance(state := worker.models[model], Loaded):
            catalogue.confirm(model, state.card)
        wish = make(catalogue.default)
        shot = Shot(wish.request, worker.device, time.monotonic() - started)
        attempts = list(_attempts(wish))
        for number, (first, attempt) in enumerate(attempts):
            worker = await loaded_worker(executor, model)
            board = Board(shown, task, number, len(attempts))
            async for _, event in executor.run_batch(worker.id, [attempt]):
                _take(event, first, shot, board)
            shot.keep_only(wish.wanted)
            if keep:
                await keep(shot)
    return shot


def small(card: ModelCard) -> GenerationRequest:
    """One picture, as small and as quick as the model can be trusted with."""
    side = -(-max(64, card.native // 4) // card.multiple) * card.multiple
    quick = replace(card, steps=min(2, card.steps))
    request = requests.imagine(quick, "a red fox --seed 1")
    return replace(request, size=Size(side, side), count=1)


async def loaded_worker(executor: Executor, model: str) -> Worker:
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


def _attempts(wish: Wish) -> Iterator[tuple[int, Attempt]]:
    """The rounds of a wish, each with the index of its first picture."""
    request = wish.request
    wire, job = request.wire(), uuid.uuid4().hex
    for first in sorted({index - index % GRID for index in wish.wanted}):
        seeds = request.seeds[first : first + GRID]
        asked = wire | {"seeds": seeds, "count": len(seeds)}
        indices = tuple(range(len(seeds)))
        yield first, Attempt(job, 1 + first, request.model, indices, asked, wish.inputs)


@dataclass(frozen=True)
class Board:
    """A bar over several rounds of equal length, of which this is the one with `number`, from 0."""

    bar: Progress
    task: TaskID
    number: int
    rounds: int

    def show(self, step: int, of: int) -> None:
        """So many steps of this round are done."""
        done, total = self.number * of + step, self.rounds * of
        self.bar.update(self.task, description="drawing", total=total, completed=done)


def _take(event: Event, first: int, shot: Shot, board: Board) -> None:
    match event:
        case seam.Progress(step=step, of=of):
            board.show(step, of)
        case seam.Images(data=data, scores=scores):
            shot.tiles |= {first + index: picture for index, picture in data.items()}
            shot.scores |= {first + index: score for index, score in scores.items()}
        case seam.Done(seconds=seconds, engine=engine):
            shot.drawing += seconds
            shot.engine = engine
