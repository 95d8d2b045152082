"""`easel render`: draw a prompt on this machine, without Discord, queue or credits."""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot import imaging
from bot.app import card_of, local_executor
from bot.domain.action import Action
from bot.domain.errors import EaselError, EngineError
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.engine.seam import Attempt, Event, Executor, Worker
from bot.models.cards import ModelCard
from bot.settings import Settings

# Large enough for any grid to stay lossless.
_NO_LIMIT = 1 << 30


@dataclass
class _Drawn:
    tiles: dict[int, bytes] = field(default_factory=dict)
    seconds: float = 0.0


async def render(settings: Settings, text: str, out: Path) -> int:
    """Draw `text` and write `<slug>-<seed>.webp` and its four pictures into `out`.

    Raises InvalidPrompt for the prompt, EaselError when the model cannot draw.
    """
    card = card_of(settings)
    request = request_for(card, text)
    executor = local_executor(settings, card)
    console = Console(stderr=True)
    await executor.start()
    try:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
            TimeRemainingColumn(), console=console,
        ) as bar:  # fmt: skip
            drawn = await _draw(executor, request, bar)
    except EngineError as error:
        raise EaselError(f"{card.name} could not draw this: {error}") from error
    finally:
        await executor.close()
    for path in await asyncio.to_thread(_write, request, drawn, out):
        sys.stdout.write(f"{path}\n")
    console.print(f"{request.size}, seed {request.seed}, {drawn.seconds:.1f} s")
    return 0


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


async def _draw(executor: Executor, request: GenerationRequest, bar: Progress) -> _Drawn:
    task = bar.add_task("starting", total=None)
    worker = await free_worker(executor)
    bar.update(task, description=f"loading on {worker.device}")
    attempt = Attempt(
        uuid.uuid4().hex, 1, request.model, tuple(range(request.count)), request.recipe()
    )
    drawn = _Drawn()
    started = time.monotonic()
    async for _, event in executor.run_batch(worker.id, [attempt]):
        _take(event, drawn, bar, task)
    drawn.seconds = drawn.seconds or time.monotonic() - started
    return drawn


def _take(event: Event, drawn: _Drawn, bar: Progress, task) -> None:
    if event.kind == "progress":
        bar.update(task, description="drawing", total=event.of, completed=event.step)
    elif event.kind == "image":
        drawn.tiles[event.index] = event.data
    elif event.kind == "done":
        drawn.seconds = float(event.data["seconds"])


def _write(request: GenerationRequest, drawn: _Drawn, out: Path) -> list[Path]:
    words = re.sub(r"[^a-z0-9]+", "-", request.prompt.text.lower())[:48].strip("-") or "picture"
    stem = f"{words}-{request.seed}"
    recipe = request.recipe()
    pictures = [imaging.decode(drawn.tiles[index]) for index in sorted(drawn.tiles)]
    wanted = {"": imaging.compose(pictures)} | {
        f"-{number}": picture for number, picture in enumerate(pictures, 1)
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = []
        for suffix, picture in wanted.items():
            encoded = imaging.encode(picture, _NO_LIMIT, recipe)
            path = out / f"{stem}{suffix}.{encoded.extension}"
            path.write_bytes(encoded.data)
            paths.append(path)
    except OSError as error:
        raise EaselError(f"{out} cannot be written: {error.strerror}.") from error
    return paths
