"""`easel render`: draw on this machine, without Discord, queue or credits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot import imaging
from bot.app import catalogue_of
from bot.commands import folder
from bot.commands.shot import Shot, shoot
from bot.commands.subject import ENGINE, Order, Subject, with_model
from bot.domain.errors import EaselError, EngineError
from bot.domain.infotext import PICTURE
from bot.executors import local_executor
from bot.service import requests
from bot.settings import Settings


async def render(settings: Settings, order: Order) -> int:
    """Draw what is ordered, and write the pictures and their grid into the order's folder.

    What was drawn before it is interrupted, or fails, stays. Raises UserError for what cannot be
    asked for, EaselError when the model cannot draw it or the folder cannot be written.
    """
    settings = with_model(settings, order.model)
    catalogue = catalogue_of(settings)
    subject = await Subject.of(order, settings)
    subject.wish(catalogue.default)  # what is wrong is said before anything is loaded
    executor = local_executor(settings, catalogue.cards)
    await asyncio.to_thread(folder.require_writable, order.out)
    files = _Files(order)
    await executor.start()
    try:
        shot = await shoot(executor, catalogue, subject.wish, files.keep)
        await files.finish(shot)
    except EngineError as error:
        raise EaselError(f"{catalogue.default.name} could not draw this: {error}") from error
    finally:
        await executor.close()
        files.tell()
    request = shot.request
    notes = *subject.otherwise(shot.engine), *requests.warnings(catalogue.default, request)
    for sentence in (*notes, *_unsafe(shot, settings)):
        sys.stderr.write(f"{sentence}\n")
    sys.stderr.write(f"{request.size}, seed {request.seed}, {shot.drawing:.1f} s\n")
    return 0


class _Files:
    """What an order comes to, written as soon as it is drawn."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._paths: list[Path] = []
        self._kept: set[int] = set()
        self._unfinished = True

    async def keep(self, shot: Shot) -> None:
        """Write the pictures that were not there before. Raises EaselError."""
        await asyncio.to_thread(self._keep, shot)

    def _keep(self, shot: Shot) -> None:
        fresh = [index for index in sorted(shot.tiles) if index not in self._kept]
        recipe = _recipe(shot)
        singles = (
            imaging.encode_png(imaging.decode(shot.tiles[index]), recipe | {PICTURE: index + 1})
            for index in fresh
        )
        self._paths.extend(folder.add(self._order.out, "", singles))
        self._kept.update(fresh)

    async def finish(self, shot: Shot) -> None:
        """Write the grid, where there is to be one. Raises EaselError."""
        if self._order.grid and _fits(shot):
            await asyncio.to_thread(self._add_grid, shot)
        self._unfinished = False

    def _add_grid(self, shot: Shot) -> None:
        pictures = [imaging.decode(shot.tiles[index]) for index in sorted(shot.tiles)]
        grid = imaging.encode_png(imaging.compose(pictures), _recipe(shot))
        self._paths.extend(folder.add(self._order.out, "grid-", [grid]))

    def tell(self) -> None:
        """Where they are, and that there would have been more."""
        sys.stdout.writelines(f"{path}\n" for path in self._paths)
        if self._unfinished and self._paths:
            sys.stdout.flush()
            count = len(self._paths)
            told = "the file above was" if count == 1 else f"the {count} files above were"
            sys.stderr.write(f"This stopped before its end; {told} finished.\n")


def _recipe(shot: Shot) -> dict[str, Any]:
    return shot.request.recipe() | {ENGINE: shot.engine}


def _unsafe(shot: Shot, settings: Settings) -> Iterator[str]:
    """What the picture check found; the pictures are their owner's, and stay."""
    for index, score in sorted(shot.scores.items()):
        if score >= settings.safety_threshold:
            yield f"The picture check finds picture {index + 1} unsafe ({score:.0%} sure)."


def _fits(shot: Shot) -> bool:
    """Whether a grid has more to show than its pictures, and is one that Easel would open."""
    count = len(shot.tiles)
    return count > 1 and count * shot.request.size.pixels <= imaging.PIXELS_MAX
