"""One attempt while it is drawn by our own loop: what it asks of its model's family, and what it
says after each step. Imported in a worker only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import torch
from PIL import Image

from bot import imaging
from bot.domain.errors import Cancelled, WorkerLost
from bot.engine.seam import Attempt, Event, Preview, Progress
from bot.worker import failures, precision, previews, stepping
from bot.worker.asked import shown, start_of, to_draw
from bot.worker.beginning import path_of
from bot.worker.model import Model

Emit = Callable[[Event], None]


class Run(Protocol):
    """An attempt under way, as `bot.engine.seam.Run`; `cost` is in cells of 8 × 8 pixels.

    What goes wrong with one drawing is raised by its `pictures`, never by a step.
    """

    attempt: Attempt
    emit: Emit
    cancelled: Callable[[], bool]
    dtype: torch.dtype

    @property
    def company(self) -> Hashable | None: ...

    @property
    def cost(self) -> float: ...

    @property
    def left(self) -> int: ...

    @property
    def done(self) -> bool: ...

    @property
    def drawn_by(self) -> str: ...

    def step_with(self, mates: Sequence[Any]) -> None:
        """One step of this and of others of its company. Raises WorkerLost."""
        ...

    def pictures(self) -> list[Image.Image]:
        """Of `attempt.indices`, in order. Raises Cancelled, RenderFailed or NotFinite."""
        ...

    def release(self) -> None:
        """Let go of model and tensors; nothing more can be asked."""
        ...


class SteppedRun:
    """Satisfies `Run` and `bot.engine.seam.Run` by our own loop. Raises Cancelled or RenderFailed
    where the attempt cannot begin."""

    def __init__(
        self, model: Model, attempt: Attempt, emit: Emit, cancelled: Callable[[], bool]
    ) -> None:
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
        self._start = start_of(attempt)
        self._worn = model.worn(attempt)
        model.hasten()
        with failures.told(), torch.no_grad():
            model.wear(self._worn)
            self.path = path_of(model, attempt, self._start, self._indices)
        steps = len(self.path.times)
        self._shown = shown(steps)
        self._begin = len(self.path.scheduler.timesteps) - steps

    @property
    def company(self) -> Hashable:
        """Equal for what can share a forward."""
        return id(self._model), self._worn, self.path.kind

    @property
    def cost(self) -> float:
        """Cells of 8 × 8 pixels that go through the denoiser in a step."""
        width, height = self.path.size
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
        return self._by.copy().pop() if len(self._by) == 1 else self._model.plain

    def step_with(self, mates: Sequence[SteppedRun]) -> None:
        """See `Run`. A failure of several together is looked for in each of them alone."""
        runs = [self, *mates]
        self._model.listen()
        try:
            with failures.told(), torch.no_grad():
                self._model.wear(self._worn)
                predicted = stepping.predict([run.path for run in runs], self._model.pieces)
        except WorkerLost:
            raise
        except Exception as error:
            if not mates:
                self._failure = error
                return
            for run in runs:
                run.step_with([])
            return
        for run, own in zip(runs, predicted, strict=True):
            run._by.add(self._model.drawn_by)
            run._advance(own)

    def _advance(self, predicted: torch.Tensor) -> None:
        before = self.path.latents
        try:
            with failures.told(), torch.no_grad():
                self.path.advance(predicted)
                self._told(before)
        except WorkerLost:
            raise
        except Exception as error:
            self._failure = error

    def _told(self, before: torch.Tensor) -> None:
        step, steps = self.path.step, len(self.path.times)
        self.emit(Progress(step, steps, time.monotonic()))
        if self.cancelled():
            raise Cancelled
        if step == 1:  # where the denoiser overflows, it does so at once
            precision.require_finite(self.path.latents)
        if step in self._shown and self._model.colours is not None:
            self._preview(before)

    def _preview(self, before: torch.Tensor) -> None:
        path, colours = self.path, self._model.colours
        assert colours
        index = self._begin + path.step - 1
        clean = previews.estimate(path.scheduler, index, before, path.latents)
        picture = imaging.preview(colours.pictures(path.family.cells(clean, path.size)))
        self.emit(Preview(picture, time.monotonic()))

    def pictures(self) -> list[Image.Image]:
        """See `Run`."""
        if self._failure is not None:
            raise self._failure
        if self.cancelled():
            raise Cancelled
        self._model.listen()
        with failures.told(), torch.no_grad():
            decoded = self.path.decode(self._model.pieces)
            precision.require_finite(decoded)
            images = dict(zip(self._indices, images_of(decoded), strict=True))
        self._by.add(self._model.drawn_by)
        wanted = [images[index] for index in self.attempt.indices]
        precision.require_pictures(wanted)
        return [self._start.pasted(image) for image in wanted]

    def release(self) -> None:
        """See `Run`."""
        del self._model, self.path
        self._failure = None


def images_of(decoded: torch.Tensor) -> list[Image.Image]:
    """Pictures (n, 3, height, width) from -1 to 1, as whole numbers before they leave a card."""
    shares = (decoded * 0.5 + 0.5).clamp(0, 1).movedim(1, -1).float()
    pixels = (shares * 255).round().to(torch.uint8).cpu().numpy()
    return [Image.fromarray(one) for one in pixels]
