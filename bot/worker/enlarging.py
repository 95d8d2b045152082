"""One attempt at a larger picture: tile by tile, each drawn again from an enlargement of its own.

The enlargement is Lanczos's, or that of a network that was trained for it (`bot.worker.upscalers`),
which is all that little new detail takes. A tile is an attempt of its own, as large as the model's
pictures usually are, so that memory is that of a tile; where tiles overlap one fades into the next.
Imported in a worker only.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from bot import imaging
from bot.domain import upscaling
from bot.domain.errors import Cancelled, WorkerLost
from bot.domain.upscaling import TIMES, Detail
from bot.engine.seam import Attempt, Preview, Progress
from bot.worker import detail, failures
from bot.worker.asked import Start, shown, size_of, source_of
from bot.worker.drawing import CalledRun
from bot.worker.families.family import Size
from bot.worker.model import Model
from bot.worker.runs import Emit, Run, SteppedRun
from bot.worker.samplers import sampler
from bot.worker.tiles import Place, Tiling, unwrapped, wrapped
from bot.worker.upscalers import OVERLAP, SIDE, Upscaler

_NOT_OF_TILES = ("tile", "chaos", "weird", upscaling.NAME)
"""Meanings that a tile has not: they are the whole picture's, or would be others in each."""
_OVERLAP, _LEAST = 8, 32
"""A tile shares this part of its side with the next one, and at least so many pixels."""


def is_larger(request: Mapping[str, Any]) -> bool:
    """Whether an attempt's request asks for that."""
    return upscaling.NAME in (request.get("meant") or {})


@dataclass
class Canvas:
    """`start` is the enlargement, `picture` what of it is drawn."""

    start: Image.Image
    picture: Image.Image
    detail: Detail

    def put(self, tiling: Tiling, place: Place, drawn: Image.Image) -> None:
        """A tile was drawn."""
        kept = detail.joined(tiling.cut(self.start, place), drawn, self.detail)
        tiling.put(self.picture, place, kept)


class EnlargingRun:
    """Satisfies `bot.worker.runs.Run`: alone, a step of a tile at a time. Raises Cancelled or
    RenderFailed where it cannot begin."""

    def __init__(
        self, model: Model, attempt: Attempt, emit: Emit, cancelled: Callable[[], bool],
        upscaler: Upscaler | None = None,
    ) -> None:  # fmt: skip
        if cancelled():
            raise Cancelled
        self.attempt = attempt
        self.emit = emit
        self.cancelled = cancelled
        self.dtype = model.dtype
        self._model = model
        self._detail = Detail(attempt.request["meant"][upscaling.NAME][0])
        self._network = upscaler
        overlap = max(_LEAST, model.card.native // _OVERLAP)
        self._margin = overlap if attempt.request["meant"].get("tile") else 0
        width, height = size_of(attempt.request)
        self._size = width + 2 * self._margin, height + 2 * self._margin
        native, multiple = model.card.native, model.card.multiple
        self._tiling = Tiling.of(self._size, native, overlap, multiple)
        self._by = ""
        self._failure: Exception | None = None
        self._picture: Image.Image | None = None
        model.hasten()
        self._all = self._count()
        self._made = 0
        self._work = self._steps(self._source())

    def _source(self) -> Image.Image:
        """The picture before; one with closed edges with what lies beyond them."""
        before, (width, height) = source_of(self.attempt), size_of(self.attempt.request)
        if not self._margin:
            return before
        fitted = imaging.fitted(before, (width // TIMES, height // TIMES))
        return wrapped(fitted, self._margin // TIMES)

    def _finished(self, picture: Image.Image) -> Image.Image:
        """The inverse of that."""
        return unwrapped(picture, self._margin) if self._margin else picture

    def _count(self) -> int:
        """Steps of all tiles."""
        drawn = len(self._tiling) * _steps_of(self._model, self.attempt, self._tiling.tile)
        if self._network is None:
            return drawn
        enlarged = len(_pieces(self._size))
        return enlarged + (drawn if self._detail is Detail.CREATIVE else 0)

    @property
    def company(self) -> Hashable | None:
        """Nobody's, though others may make their steps in between."""
        return "tiles", id(self)

    @property
    def cost(self) -> float:
        """Of a step of a tile."""
        return 2 * math.prod(self._tiling.tile) / 64

    @property
    def left(self) -> int:
        """Steps of all tiles; none after a failure."""
        return 0 if self.done else max(1, self._all - self._made)

    @property
    def done(self) -> bool:
        """Whether `pictures` has an answer."""
        return self._picture is not None or self._failure is not None

    @property
    def drawn_by(self) -> str:
        """What drew the tiles, and what made them larger."""
        return " ".join(filter(None, (self._by, self._network and str(self._network))))

    def step_with(self, mates: Sequence[EnlargingRun]) -> None:
        """See `Run`."""
        for run in (self, *mates):
            run._step()

    def _step(self) -> None:
        try:
            with failures.told():
                if self.cancelled():
                    raise Cancelled
                canvas = next(self._work)
        except WorkerLost:
            raise
        except Exception as error:
            self._failure = error
            return
        self._made += 1
        self.emit(Progress(min(self._made, self._all), self._all, time.monotonic()))
        if self._made in shown(self._all) and not self.done:
            self.emit(Preview(imaging.preview([canvas]), time.monotonic()))

    def _steps(self, source: Image.Image) -> Iterator[Image.Image]:
        """What there is of the picture after each step; that of the last is the whole."""
        if self._network is None:
            start = detail.enlarged(source, self._size)
        else:
            start = Image.new("RGB", self._size)
            yield from self._by_network(self._network, source, start)
        canvas = Canvas(start, start.copy(), self._detail)
        for index, place in enumerate(self._tiling):
            run = self._tile(index, self._tiling.cut(canvas.start, place))
            while not run.done:
                run.step_with([])
                if not run.done:
                    yield canvas.picture
            (drawn,) = run.pictures()
            self._by = run.drawn_by
            run.release()
            canvas.put(self._tiling, place, drawn)
            if index == len(self._tiling) - 1:
                self._picture = self._finished(canvas.picture)
            yield canvas.picture

    def _by_network(
        self, network: Upscaler, source: Image.Image, start: Image.Image
    ) -> Iterator[Image.Image]:
        """Fills the enlargement; that is all where little is to be new."""
        source = imaging.fitted(source, (start.width // TIMES, start.height // TIMES))
        tiling = _pieces(start.size)
        larger = tiling.times(TIMES)
        for index, (place, there) in enumerate(zip(tiling, larger, strict=True), 1):
            piece = imaging.fitted(network(tiling.cut(source, place)), larger.tile)
            larger.put(start, there, piece)
            if index == len(tiling) and self._detail is Detail.SUBTLE:
                self._picture = self._finished(start)
            yield start

    def _tile(self, index: int, start: Image.Image) -> Run:
        kind = SteppedRun if self._model.family else CalledRun
        attempt = _tile_of(self.attempt, index, start.size)
        return kind(self._model, attempt, lambda event: None, self.cancelled, Start(start))

    def finish(self) -> None:
        """Nothing is left."""

    def fetch(self) -> None:
        """It is here."""

    def pictures(self) -> list[Image.Image]:
        """See `Run`."""
        if self._failure is not None:
            raise self._failure
        assert self._picture
        return [self._picture]

    def release(self) -> None:
        """See `Run`."""
        del self._model, self._work
        self._network = self._picture = self._failure = None


def _pieces(size: Size) -> Tiling:
    """Of what a network makes a picture of this size of."""
    return Tiling.of((size[0] // TIMES, size[1] // TIMES), SIDE, OVERLAP)


def _steps_of(model: Model, attempt: Attempt, tile: Size) -> int:
    """Of a tile; one, where a pipeline draws it by its own call."""
    if not model.family:
        return 1
    request = attempt.request
    steps, strength = Start().left(request)
    scheduler = sampler(request["sampler"], model.scheduler)
    return len(model.family.schedule(scheduler, steps, tile, strength))


def _tile_of(attempt: Attempt, index: int, size: Size) -> Attempt:
    """A tile as if somebody had asked for it alone. It is a part of what the words describe, so
    they weigh half of what they do usually."""
    request, (width, height) = attempt.request, size
    meant = {name: each for name, each in request["meant"].items() if name not in _NOT_OF_TILES}
    seed = random.Random(f"{request['seeds'][0]} {index}").getrandbits(63)
    guidance = request["guidance"] - max(0.0, request["guidance"] - 1) / 2
    own = {"width": width, "height": height, "seeds": [seed], "meant": meant, "source": None,
           "guidance": guidance}  # fmt: skip
    return replace(attempt, indices=(0,), request={**request, **own})
