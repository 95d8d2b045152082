"""One attempt while it is drawn by our own loop: what it asks of its model's family, and what it
says after each step. Imported in a worker only.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Protocol

import torch
from PIL import Image

from bot import imaging
from bot.domain.errors import Cancelled, WorkerLost
from bot.engine import seam
from bot.engine.seam import Attempt, Event, Preview, Progress
from bot.worker import failures, precision, stepping
from bot.worker.asked import Start, shown, size_of, start_of, to_draw
from bot.worker.beginning import path_of
from bot.worker.caching import NOTE
from bot.worker.model import Model
from bot.worker.pixels import Pixels
from bot.worker.rungs import BEGIN, STEP
from bot.worker.stepping import Path

Emit = Callable[[Event], None]


class Run(seam.Run, Protocol):
    """As `bot.engine.seam.Run`; `cost` is in cells of 8 × 8 pixels.

    What goes wrong with one drawing is raised by its `pictures`, never by a step.
    """

    emit: Emit
    cancelled: Callable[[], bool]
    dtype: torch.dtype

    @property
    def drawn_by(self) -> str:
        """The library and precision that drew it, for a recipe."""
        ...

    def step_with(self, mates: Sequence[Any]) -> None:
        """One step of this and of others of its company. Raises WorkerLost."""
        ...

    def finish(self) -> None:
        """Begin what comes after the last step; on a card that goes on by itself."""
        ...

    def fetch(self) -> None:
        """Have the pictures here, for `pictures` to give."""
        ...

    def pictures(self) -> list[Image.Image]:
        """Of `attempt.indices`, in order. Raises Cancelled, RenderFailed or NotFinite."""
        ...

    def release(self) -> None:
        """Let go of model and tensors; nothing more can be asked."""
        ...


class SteppedRun:
    """Satisfies `Run` by our own loop. Raises Cancelled or RenderFailed
    where the attempt cannot begin. A `start` is instead of what the attempt names, of which it is
    a part then."""

    def __init__(
        self, model: Model, attempt: Attempt, emit: Emit, cancelled: Callable[[], bool],
        start: Start | None = None,
    ) -> None:  # fmt: skip
        if cancelled():
            raise Cancelled
        self.attempt = attempt
        self.emit = emit
        self.cancelled = cancelled
        self.dtype = model.dtype
        self._model = model
        self._indices = to_draw(attempt, model.dtype)
        self._failure: BaseException | None = None
        self._by: set[str] = set()
        self._pixels: list[Pixels] | None = None
        self._images: list[Image.Image] = []
        self._start = start or start_of(attempt)
        self._worn = model.worn(attempt)
        if start is None:
            model.hasten()
        self._size = size_of(attempt.request)
        with torch.no_grad():
            self.path = model.pieces.whole((BEGIN, self._size), self._begun)
        steps = len(self.path.times)
        self._shown = shown(steps)
        self._stepped = time.monotonic()
        self._memory = model.cache.remembered(self) if model.cache else None

    def _begun(self) -> Path:
        self._model.settle(self._size)
        self._model.wear(self._worn)
        return path_of(self._model, self.attempt, self._start, self._indices)

    @property
    def company(self) -> Hashable | None:
        """Equal for what can share a forward; None where nobody can."""
        if self._memory:
            return None
        return id(self._model), self._worn, self.path.kind

    @property
    def cost(self) -> float:
        """Cells of 8 × 8 pixels that go through the denoiser in a step."""
        width, height = self._size
        return self.path.rows * width * height / 64

    @property
    def left(self) -> int:
        """Steps still to be made; none after a failure."""
        return 0 if self._failure is not None else self.path.left

    @property
    def done(self) -> bool:
        """Whether `pictures` has an answer."""
        return not self.left

    @property
    def drawn_by(self) -> str:
        """What drew all of it; torch, where something else drew a part."""
        by = self._by.copy().pop() if len(self._by) == 1 else self._model.plain
        notes = [by, NOTE if self._memory else "", self._model.ladder.notes(self._size)]
        return " ".join(filter(None, notes))

    def step_with(self, mates: Sequence[SteppedRun]) -> None:
        """See `Run`. A failure of several together is looked for in each of them alone."""
        runs = [self, *mates]
        self._model.listen()
        try:
            with failures.told(), torch.no_grad():
                self._model.ladder.stand(self._size)
                self._model.wear(self._worn)
                paths = [run.path for run in runs]
                with self._model.drawing(self.path.closed):
                    predicted = stepping.predict(paths, self._model.pieces, self._memory)
        except WorkerLost:
            raise
        except Exception as error:
            if not mates:
                self._failure = error
                self._forget()
                return
            for run in runs:
                run.step_with([])
            return
        for run, own in zip(runs, predicted, strict=True):
            run._by.add(self._model.drawn_by)
            run._advance(own)
        self._forget()

    def _forget(self) -> None:
        """At the end; what is turned by another offset at each step is like nothing before."""
        if self._memory and (self.done or self.path.closed):
            self._memory.clear()

    def _advance(self, predicted: torch.Tensor) -> None:
        with self._failing():
            self._whole(lambda: self.path.advance(predicted))
            self._told()

    def _whole(self, made: Callable[[], object]) -> None:
        """In a step, again where memory did not suffice at first."""
        self._model.pieces.whole((STEP, self._size), made)

    def _told(self) -> None:
        step, steps, now = self.path.step, len(self.path.times), time.monotonic()
        took, self._stepped = now - self._stepped, now
        self.emit(Progress(step, steps, now))
        if self.cancelled():
            raise Cancelled
        if step == 1:  # where the denoiser overflows, it does so at once
            self._whole(lambda: precision.require_finite(self.path.latents))
        if step in self._shown and self._model.sketches.able:
            with failures.spared():
                self._preview(took)

    def _preview(self, took: float) -> None:
        path = self.path
        cells = path.family.cells(path.believed(), path.size)
        if pictures := self._model.sketches.pictures(cells, took):
            self.emit(Preview(imaging.preview(pictures), time.monotonic()))

    def finish(self) -> None:
        """See `Run`."""
        if self._failure is None and self._pixels is None:
            with self._failing():
                if self.cancelled():
                    raise Cancelled
                self._model.listen()
                self._model.ladder.stand(self._size)
                with self._model.drawing(self.path.closed):
                    self._pixels = self.path.decode(self._model.pieces, self._fetched)
                self._by.add(self._model.drawn_by)
                self._model.ladder.learned.drew(math.prod(self._size))

    def _fetched(self, decoded: torch.Tensor, first: int) -> Pixels:
        """Of these pictures those that are wanted."""
        indices = self._indices[first : first + len(decoded)]
        wanted = self.attempt.indices  # by numbers: a card would be waited for to count a mask
        return Pixels(decoded[[at for at, index in enumerate(indices) if index in wanted]])

    def fetch(self) -> None:
        """See `Run`."""
        self.finish()
        if self._pixels and not self._images:
            with self._failing():
                drawn = [each for pixels in self._pixels for each in pixels.images()]
                self._images = [self._start.pasted(each) for each in drawn]

    def pictures(self) -> list[Image.Image]:
        """See `Run`."""
        self.fetch()
        if self._failure is not None:
            raise self._failure
        return self._images

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """What goes wrong is kept until it is asked for."""
        try:
            with failures.told(), torch.no_grad():
                yield
        except WorkerLost:
            raise
        except Exception as error:
            self._failure = error

    def release(self) -> None:
        """See `Run`."""
        del self._model, self.path
        self._failure = self._pixels = None
