"""One attempt while it is drawn: what the pipeline is asked, and what it says after each step.

Imported in a worker only.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image

from bot import imaging
from bot.domain.errors import Cancelled, RenderFailed
from bot.engine.seam import Attempt, Event, Preview, Progress
from bot.models.cards import ModelCard
from bot.worker import precision, previews
from bot.worker.converted.conversion import Conversion
from bot.worker.samplers import sampler

PREVIEWS = 3
"""Previews of each job."""


class Model:
    """One model in memory: pipelines over one set of weights, and how it is previewed."""

    def __init__(
        self,
        pipeline: Any,
        card: ModelCard,
        dtype: torch.dtype,
        conversion: Conversion | None = None,
    ) -> None:
        self.card = card
        self.dtype = dtype
        self.text_to_image = pipeline
        self.scheduler = pipeline.scheduler
        self.colours = previews.colours_of(pipeline)
        self.batch_limits: dict[tuple[int, int], int] = {}
        self._conversion = conversion
        self._image_to_image: Any = None

    def hasten(self) -> None:
        """Draw with the converted networks from here on, if they are ready."""
        if self._conversion:
            self._conversion.adopt(self.text_to_image)

    @property
    def drawn_by(self) -> str:
        """The library and precision that draw, for a recipe."""
        plain = f"torch {torch.__version__} {str(self.dtype).removeprefix('torch.')}"
        return (self._conversion and self._conversion.engine) or plain

    @property
    def varies(self) -> bool:
        """Whether this kind of model can start from a picture."""
        from bot.worker import pipelines  # in memory already, with the model

        return pipelines.has_sibling(self.text_to_image)

    def image_to_image(self) -> Any:
        """Raises RenderFailed("bad_input") where this kind of model has no such pipeline."""
        if self._image_to_image is None:
            from bot.worker import pipelines  # in memory already, with the model

            self._image_to_image = pipelines.sibling(self.text_to_image)
        return self._image_to_image


class Drawing:
    """An attempt on a model. `emit` is told each step; `cancelled` is asked after it."""

    def __init__(
        self,
        model: Model,
        attempt: Attempt,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._request = attempt.request
        self.size = (self._request["width"], self._request["height"])
        self._model = model
        self._emit = emit
        self._cancelled = cancelled
        self._source = _source(attempt, self.size)
        self._before: torch.Tensor | None = None
        self._done = 0

    def paint(self, indices: Sequence[int], later: int) -> dict[int, Image.Image]:
        """Draw these together; `later` counts the pictures still to come after them.

        Raises NotFinite for pictures that are none.
        """
        if self._cancelled():
            raise Cancelled
        pipeline = self._model.image_to_image() if self._source else self._model.text_to_image
        pipeline.scheduler = sampler(self._request["sampler"], self._model.scheduler)
        rounds = 1 + math.ceil(later / len(indices))
        start, self._before = self._done, None

        def after_step(pipe: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            self._done = start + step + 1
            self._emit(Progress(self._done, start + rounds * pipe.num_timesteps, time.monotonic()))
            if self._cancelled():
                raise Cancelled
            if step == 0:  # where the denoiser overflows, it does so at once
                precision.require_finite(tensors["latents"])
            self._preview(pipe, step, tensors["latents"])
            return {}

        arguments = self._arguments(indices) | {"callback_on_step_end": after_step}
        with precision.finite_pictures(pipeline):
            images = pipeline(**_accepted(pipeline, arguments)).images
        precision.require_pictures(images)
        return dict(zip(indices, images, strict=True))

    def _arguments(self, indices: Sequence[int]) -> dict[str, Any]:
        request = self._request
        arguments: dict[str, Any] = {
            "prompt": request["text"],
            "width": self.size[0],
            "height": self.size[1],
            "num_inference_steps": request["steps"],
            "num_images_per_prompt": len(indices),
            # On the CPU, so that every device starts from the same noise.
            "generator": [
                torch.Generator("cpu").manual_seed(request["seeds"][index]) for index in indices
            ],
            "output_type": "pil",
        }
        return arguments | self._guidance() | self._start(request["steps"])

    def _guidance(self) -> dict[str, Any]:
        name, value = self._model.card.guidance_argument, self._request["guidance"]
        arguments = {name: value}
        if negative := self._request.get("negative"):
            arguments["negative_prompt"] = negative
        elif name == "true_cfg_scale":
            arguments["negative_prompt"] = " "  # such pipelines guide against words alone
        return arguments

    def _start(self, steps: int) -> dict[str, Any]:
        if not self._source:
            return {}
        strength = min(1.0, max(0.01, self._request.get("strength") or 0.6))
        # At least one step is left to be drawn.
        steps = max(steps, math.ceil(1 / strength))
        return {"image": self._source, "strength": strength, "num_inference_steps": steps}

    def _preview(self, pipeline: Any, step: int, latents: torch.Tensor) -> None:
        before, self._before = self._before, latents
        steps = pipeline.num_timesteps
        due = {round(steps * part / (PREVIEWS + 1)) for part in range(1, PREVIEWS + 1)} - {0, steps}
        if self._model.colours is None or step + 1 not in due:
            return
        skipped = max(0, len(pipeline.scheduler.timesteps) - steps)
        clean = previews.estimate(pipeline.scheduler, skipped + step, before, latents)
        cells = previews.unpacked(pipeline, clean, self.size)
        if cells is not None:
            picture = imaging.preview(self._model.colours.pictures(cells))
            self._emit(Preview(picture, time.monotonic()))


def _source(attempt: Attempt, size: tuple[int, int]) -> Image.Image | None:
    name = attempt.request.get("source")
    if not name:
        return None
    data = attempt.inputs.get(name)
    if data is None:
        raise RenderFailed("bad_input", "The source picture was not handed over.")
    try:
        picture = imaging.decode(data)
    except imaging.PictureError as error:
        raise RenderFailed("bad_input", str(error)) from None
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def _accepted(pipeline: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """What this pipeline takes: not all know a negative prompt, a size or a callback."""
    known = accepts(pipeline)
    return {name: value for name, value in arguments.items() if name in known}


def accepts(pipeline: Any) -> frozenset[str]:
    """The names of what can be asked of a pipeline."""
    return frozenset(inspect.signature(pipeline.__call__).parameters)
