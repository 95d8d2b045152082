"""One attempt drawn by its pipeline's own call, for kinds of models without a family module: what
the pipeline is asked, and what it says after each step. Imported in a worker only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from PIL import Image, ImageOps

from bot import imaging
from bot.domain.errors import Cancelled, WorkerLost
from bot.engine.seam import Attempt, Preview, Progress
from bot.worker import failures, precision, previews
from bot.worker.asked import Start, generators_of, shown, size_of, start_of, to_draw
from bot.worker.families.family import takes
from bot.worker.model import Model
from bot.worker.rungs import DRAW
from bot.worker.runs import Emit
from bot.worker.samplers import sampler
from bot.worker.siblings import PART, PICTURE

_SPRINT = 2
"""Steps of Sana Sprint between which it knows a time; with others it is to have none."""


class CalledRun:
    """Satisfies `bot.worker.runs.Run`: alone, and in one step that takes as long as all. `start` is
    as in `bot.worker.runs.SteppedRun`."""

    def __init__(
        self, model: Model, attempt: Attempt, emit: Emit, cancelled: Callable[[], bool],
        start: Start | None = None,
    ) -> None:  # fmt: skip
        self.attempt = attempt
        self.emit = emit
        self.cancelled = cancelled
        self.dtype = model.dtype
        self._model = model
        self._request = attempt.request
        self._size = size_of(attempt.request)
        self._start = start or start_of(attempt)
        self._worn = model.worn(attempt)
        self._indices = to_draw(attempt, model.dtype)
        self._drawn: dict[int, Image.Image] = {}
        self._failure: BaseException | None = None
        self._before: torch.Tensor | None = None
        self._done = 0
        self._stepped = time.monotonic()

    @property
    def company(self) -> Hashable | None:
        """Nobody's."""
        return None

    @property
    def drawn_by(self) -> str:
        """See `Run`."""
        return f"{self._model.plain} {self._model.ladder.notes(self._size)}".rstrip()

    @property
    def cost(self) -> float:
        """Of all its steps."""
        width, height = self._size
        steps = self._request["steps"] * self._request.get("stop", 1.0)
        return 2 * len(self._indices) * steps * width * height / 64

    @property
    def left(self) -> int:
        """One step draws everything."""
        return int(self._failure is None and not self._drawn)

    @property
    def done(self) -> bool:
        """Whether `pictures` has an answer."""
        return not self.left

    def step_with(self, mates: Sequence[CalledRun]) -> None:
        """Draw everything."""
        for run in (self, *mates):
            run._draw()

    def finish(self) -> None:
        """Nothing is left."""

    def fetch(self) -> None:
        """They are here."""

    def pictures(self) -> list[Image.Image]:
        """See `Run`."""
        if self._failure is not None:
            raise self._failure
        return [self._start.pasted(self._drawn[index]) for index in self.attempt.indices]

    def release(self) -> None:
        """See `Run`."""
        del self._model, self._before
        self._failure = None

    def _draw(self) -> None:
        pieces, of = self._model.pieces, (DRAW, self._size)
        try:
            for some in pieces.each(of, len(self._indices), self._paint):
                self._drawn |= some
            self._model.ladder.learned.drew(math.prod(self._size))
        except WorkerLost:
            raise
        except Exception as error:
            self._failure = error

    def _paint(self, begin: int, end: int) -> dict[int, Image.Image]:
        """Draw these together. Raises NotFinite for pictures that are none."""
        if self.cancelled():
            raise Cancelled
        self._model.settle(self._size)
        self._model.wear(self._worn)
        indices, later = self._indices[begin:end], len(self._indices) - end
        pipeline = self._pipeline()
        pipeline.scheduler = sampler(self._request["sampler"], self._model.scheduler)
        rounds = 1 + math.ceil(later / len(indices))
        start, self._before = self._done, None
        stopped: dict[str, Any] = {}

        def after_step(pipe: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if stopped:  # it hears of no interruption: what it still makes of them is lost
                if self.cancelled():
                    raise Cancelled
                return dict(stopped)
            self._done, now = start + step + 1, time.monotonic()
            steps, latents = self._steps(pipe), tensors["latents"]
            took, self._stepped = now - self._stepped, now
            self.emit(Progress(self._done, start + rounds * steps, now))
            if self.cancelled():
                raise Cancelled
            if step == 0:  # where the denoiser overflows, it does so at once
                precision.require_finite(latents)
            before, self._before = self._before, latents
            if self._model.sketches.able and step + 1 in shown(steps):
                with failures.spared():
                    self._preview(pipe, _clean(pipe, step, before, latents), took)
            if step + 1 < steps or steps == _left(pipe):
                return {}
            pipe._interrupt = True  # which leaves out the steps that follow
            stopped["latents"] = _clean(pipe, step, before, latents).to(latents.dtype)
            return dict(stopped)  # of which the pipeline takes out what it wants

        arguments = self._arguments(indices) | {"callback_on_step_end": after_step}
        with precision.finite_pictures(pipeline):
            drawn = pipeline(**_accepted(pipeline, arguments))
        images = drawn.images if hasattr(drawn, "images") else drawn.image
        precision.require_pictures(images)
        return dict(zip(indices, map(self._fitted, images), strict=True))

    def _fitted(self, image: Image.Image) -> Image.Image:
        """In the size that was asked for: some (HiDream) draw in the one that they know best."""
        if image.size == self._size:
            return image
        return ImageOps.fit(image, self._size, Image.Resampling.LANCZOS)

    def _arguments(self, indices: Sequence[int]) -> dict[str, Any]:
        request = self._request
        arguments: dict[str, Any] = {
            "prompt": request["text"],
            "width": self._size[0],
            "height": self._size[1],
            "num_inference_steps": request["steps"],
            "num_images_per_prompt": len(indices),
            "generator": generators_of(request, indices),
            "output_type": "pil",
            # Kontext would draw in another size.
            "max_area": math.prod(self._size),
            "_auto_resize": False,
        }
        if request["steps"] != _SPRINT:
            arguments["intermediate_timesteps"] = None
        return arguments | self._guidance() | self._from()

    def _guidance(self) -> dict[str, Any]:
        name, value = self._model.card.guidance_argument, self._request["guidance"]
        arguments: dict[str, Any] = {name: value}
        if "guidance_schedule" in takes(type(self._model.pipeline), "__call__"):
            arguments = {"guidance_schedule": _polished(value, self._request["steps"])}
        if negative := self._request.get("negative"):
            arguments["negative_prompt"] = negative
        elif name == "true_cfg_scale":
            arguments["negative_prompt"] = " "  # such pipelines guide against words alone
        return arguments

    def _from(self) -> dict[str, Any]:
        if not self._start.picture:
            return {}
        steps, strength = self._start.left(self._request)
        given = {"image": self._start.picture, "strength": strength, "num_inference_steps": steps}
        return given | ({"mask_image": self._start.mask} if self._start.mask else {})

    def _pipeline(self) -> Any:
        if self._start.mask:
            return self._model.sibling(PART)
        return self._model.sibling(PICTURE) if self._start.picture else self._model.pipeline

    def _steps(self, pipeline: Any) -> int:
        """How many are made."""
        whole, left = len(pipeline.scheduler.timesteps), _left(pipeline)
        return self._start.made(self._request, max(whole, left), left)

    def _preview(self, pipeline: Any, clean: torch.Tensor, took: float) -> None:
        cells = previews.unpacked(pipeline, clean, self._size)
        if cells is None:
            return
        if pictures := self._model.sketches.pictures(cells, took):
            self.emit(Preview(imaging.preview(pictures), time.monotonic()))


def _polished(guidance: float, steps: int) -> list[float]:
    """Of each step, as Ideogram's makers have it: less for the last sixteenth."""
    last = round(steps / 16)
    return [guidance] * (steps - last) + [min(guidance, 3.0)] * last


def _left(pipeline: Any) -> int:
    """Steps of a schedule that a pipeline makes; not all say so, and those make all of them."""
    return getattr(pipeline, "num_timesteps", len(pipeline.scheduler.timesteps))


def _clean(
    pipeline: Any, step: int, before: torch.Tensor | None, latents: torch.Tensor
) -> torch.Tensor:
    """Latents after a step of the pipeline's, without noise."""
    skipped = max(0, len(pipeline.scheduler.timesteps) - _left(pipeline))
    return previews.estimate(pipeline.scheduler, skipped + step, before, latents)


def _accepted(pipeline: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """What this pipeline takes: not all know a negative prompt, a size or a callback."""
    known = takes(type(pipeline), "__call__")
    return {name: value for name, value in arguments.items() if name in known}
