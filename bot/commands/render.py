"""`easel render`: draw on this machine, without Discord, queue or credits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image

from bot import imaging
from bot.app import catalogue_of
from bot.commands import folder
from bot.commands.shot import Shot, shoot
from bot.commands.subject import Order, Subject, with_model
from bot.domain.errors import EaselError, EngineError
from bot.domain.infotext import PICTURE
from bot.executors import local_executor
from bot.service import requests
from bot.settings import Settings


async def render(settings: Settings, order: Order) -> int:
    """Draw what is ordered, and write the grid and its pictures into the order's folder.

    Raises UserError for what cannot be asked for, EaselError when the model cannot draw it.
    """
    settings = with_model(settings, order.model)
    catalogue = catalogue_of(settings)
    subject = await Subject.of(order, settings)
    subject.wish(catalogue.default)  # what is wrong is said before anything is loaded
    executor = local_executor(settings, catalogue.cards)
    await executor.start()
    try:
        shot = await shoot(executor, catalogue, subject.wish)
    except EngineError as error:
        raise EaselError(f"{catalogue.default.name} could not draw this: {error}") from error
    finally:
        await executor.close()
    for path in await asyncio.to_thread(_write, shot, order):
        sys.stdout.write(f"{path}\n")
    request = shot.request
    for sentence in (*requests.warnings(catalogue.default, request), *_unsafe(shot, settings)):
        sys.stderr.write(f"{sentence}\n")
    sys.stderr.write(f"{request.size}, seed {request.seed}, {shot.drawing:.1f} s\n")
    return 0


def _write(shot: Shot, order: Order) -> list[Path]:
    pictures = {index: imaging.decode(shot.tiles[index]) for index in sorted(shot.tiles)}
    recipe = shot.request.recipe() | {"engine": shot.engine}
    paths = []
    if order.grid and _fits(shot, pictures):
        grid = imaging.encode_png(imaging.compose(list(pictures.values())), recipe)
        paths += folder.add(order.out, "grid-", [grid])
    singles = (
        imaging.encode_png(picture, recipe | {PICTURE: index + 1})
        for index, picture in pictures.items()
    )
    return paths + folder.add(order.out, "", singles)


def _unsafe(shot: Shot, settings: Settings) -> Iterator[str]:
    """What the picture check found; the pictures are their owner's, and stay."""
    for index, score in sorted(shot.scores.items()):
        if score >= settings.safety_threshold:
            yield f"The picture check finds picture {index + 1} unsafe ({score:.0%} sure)."


def _fits(shot: Shot, pictures: Mapping[int, Image.Image]) -> bool:
    """Whether a grid has more to show than its pictures, and is one that Easel would open."""
    size = shot.request.size
    return len(pictures) > 1 and len(pictures) * size.width * size.height <= imaging.PIXELS_MAX
