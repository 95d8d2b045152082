"""The engine: draws with diffusers' own pipelines on one device. Imported in a worker only.

Each picture has its own generator on the CPU, seeded by its own seed in the request, so it can be
drawn again alone. Kernels round differently by batch size; in float32 that stays below
what eight bits show. In half precision it does not, so there a grid is always drawn in full and
what was not asked for is thrown away: a picture is then bit-equal whoever its company.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import diffusers
import torch
import transformers
from diffusers.pipelines.auto_pipeline import AutoPipelineForImage2Image
from PIL import Image

from bot import imaging
from bot.domain.errors import Cancelled, RenderFailed, UnknownModel, WorkerLost
from bot.engine.seam import Attempt, Event, LoadingModel, Preview, Progress
from bot.models.cards import ModelCard
from bot.worker import previews
from bot.worker.pipelines import Library, open_pipeline, ran_out_of_memory
from bot.worker.samplers import sampler

log = logging.getLogger(__name__)

PREVIEWS = 3
"""Previews of each job."""

_NATIVE_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


def create(options: Mapping[str, Any]) -> DiffusionEngine:
    """The factory that a worker calls.

    Options, all plain data: cards (a list of ModelCard fields), device, dtype, threads (0: as
    torch likes), cache_dir, token, configs.
    """
    if threads := int(options.get("threads") or 0):
        torch.set_num_threads(threads)
    cards = [ModelCard(**fields) for fields in options.get("cards", ())]
    return DiffusionEngine(
        {card.id: card for card in cards},
        device=options.get("device") or "auto",
        dtype=options.get("dtype") or "auto",
        library=Library(
            cache_dir=options.get("cache_dir") or "",
            token=options.get("token") or "",
            configs=options.get("configs") or "",
        ),
    )


def pick_device(wanted: str) -> torch.device:
    """ "auto" is the first of CUDA, Apple's Metal and the CPU that is there."""
    if wanted != "auto":
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """ "auto" is half precision where the hardware computes in it, bfloat16 before float16."""
    if wanted != "auto":
        dtype = getattr(torch, wanted, None)
        if not isinstance(dtype, torch.dtype):
            raise ValueError(f"{wanted!r} is no data type: use float32, bfloat16 or float16")
        return dtype
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if native else torch.float16
    if device.type == "mps":
        return torch.float16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if any(able.get(name) for name in _NATIVE_BF16) else torch.float32


class _Model:
    """One model in memory: pipelines over one set of weights, and how it is previewed."""

    def __init__(self, pipeline: Any) -> None:
        self.text_to_image = pipeline
        self.scheduler = pipeline.scheduler
        self.colours = previews.colours_of(pipeline)
        self.batch_limits: dict[tuple[int, int], int] = {}
        self._image_to_image: Any = None

    def image_to_image(self) -> Any:
        """Raises RenderFailed("bad_input") where this kind of model has no such pipeline."""
        if self._image_to_image is None:
            kind = type(self.text_to_image).__name__
            try:
                pipeline = AutoPipelineForImage2Image.from_pipe(self.text_to_image)
            except ValueError:
                raise RenderFailed(
                    "bad_input", f"A {kind} cannot start from a picture, so it has no variations."
                ) from None
            pipeline.set_progress_bar_config(disable=True)
            self._image_to_image = pipeline
        return self._image_to_image


class DiffusionEngine:
    """Satisfies `bot.engine.seam.Engine` for the models in `cards`, by id."""

    def __init__(
        self,
        cards: Mapping[str, ModelCard],
        device: str = "auto",
        dtype: str = "auto",
        library: Library | None = None,
    ) -> None:
        _hush()
        self._cards = cards
        self._device = pick_device(device)
        self._dtype = pick_dtype(dtype, self._device)
        self._library = library or Library()
        self._models: dict[str, _Model] = {}
        self.device = str(self._device)
        self.vram_mb = _video_memory(self._device)

    def loaded(self) -> Mapping[str, Mapping[str, Any]]:
        """The models in memory."""
        return {model: {} for model in sorted(self._models)}

    def load(self, model: str, say: Callable[[str], None]) -> None:
        """Bring a model into memory; others leave it if the device is too small for both."""
        if model in self._models:
            return
        card = self._cards.get(model)
        if card is None:
            known = ", ".join(sorted(self._cards))
            raise UnknownModel(f"There is no model {model!r}; there are {known}.")
        say(f"loading {card.name}")
        try:
            with _failures():
                self._models[model] = self._open(card)
        except RenderFailed as failure:
            if failure.code != "out_of_memory":
                raise
            if not self._models:
                text = f"The memory of {self.device} is too small for the model {card.name}."
                raise RenderFailed("out_of_memory", text) from None
            say(f"making room for {card.name}")
            self._models.clear()
            self._collect()
            self.load(model, say)

    def _open(self, card: ModelCard) -> _Model:
        pipeline = open_pipeline(card, self._dtype, self._library)
        pipeline = pipeline.to(self._device)
        if type(getattr(pipeline, "vae", None)).__name__ == "AutoencoderKL":
            pipeline.vae.enable_slicing()  # decoding four pictures at once takes gigabytes
        return _Model(pipeline)

    def _collect(self) -> None:
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        elif self._device.type == "mps":
            torch.mps.empty_cache()

    def draw(
        self,
        attempt: Attempt,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> Sequence[Image.Image]:
        """Draw `attempt.indices`; halves the batch for this size for ever when memory runs out."""
        self.load(attempt.model, lambda text: emit(LoadingModel(text, time.monotonic())))
        model = self._models[attempt.model]
        drawing = _Drawing(model, attempt, emit, cancelled)
        pending = self._to_draw(attempt)
        drawn: dict[int, Image.Image] = {}
        while pending:
            limit = min(len(pending), model.batch_limits.get(drawing.size, len(pending)))
            try:
                with _failures():
                    drawn |= drawing.paint(pending[:limit], later=len(pending) - limit)
            except RenderFailed as failure:
                if failure.code != "out_of_memory" or limit == 1:
                    raise
                model.batch_limits[drawing.size] = limit // 2
                log.warning("%s: drawing %d at once from now on", failure, limit // 2)
            else:
                pending = pending[limit:]
                continue
            self._collect()  # outside the except clause, whose traceback holds the tensors
        return [drawn[index] for index in attempt.indices]

    def _to_draw(self, attempt: Attempt) -> list[int]:
        if self._dtype is torch.float32:
            return list(attempt.indices)
        return sorted(set(attempt.indices) | set(range(attempt.request.get("count", 1))))


class _Drawing:
    """One attempt while it is drawn."""

    def __init__(
        self,
        model: _Model,
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
        """Draw these together; `later` counts the pictures still to come after them."""
        if self._cancelled():
            raise Cancelled
        pipeline = self._model.image_to_image() if self._source else self._model.text_to_image
        pipeline.scheduler = sampler(self._request["sampler"], self._model.scheduler)
        rounds = 1 + math.ceil(later / len(indices))
        start, self._before = self._done, None

        def after_step(pipe: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            self._done = start + step + 1
            of = start + rounds * pipe.num_timesteps
            self._emit(Progress(self._done, of, time.monotonic()))
            if self._cancelled():
                raise Cancelled
            self._preview(pipe, step, tensors["latents"])
            return {}

        arguments = self._arguments(indices) | {"callback_on_step_end": after_step}
        images = pipeline(**_accepted(pipeline, arguments)).images
        return dict(zip(indices, images, strict=True))

    def _arguments(self, indices: Sequence[int]) -> dict[str, Any]:
        request = self._request
        seeds = [request["seeds"][index] for index in indices]
        arguments: dict[str, Any] = {
            "prompt": request["text"],
            "width": self.size[0],
            "height": self.size[1],
            "num_inference_steps": request["steps"],
            "guidance_scale": request["guidance"],
            "num_images_per_prompt": len(indices),
            # On the CPU, so that every device starts from the same noise.
            "generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            "output_type": "pil",
        }
        if request.get("negative"):
            arguments["negative_prompt"] = request["negative"]
        if self._source:
            strength = min(1.0, max(0.01, request.get("strength") or 0.6))
            # At least one step is left to be drawn.
            steps = max(request["steps"], math.ceil(1 / strength))
            arguments |= {
                "image": self._source,
                "strength": strength,
                "num_inference_steps": steps,
            }
        return arguments

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
    known = inspect.signature(pipeline.__call__).parameters
    return {name: value for name, value in arguments.items() if name in known}


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn what torch and diffusers raise into the seam's errors."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if ran_out_of_memory(error):
            first = (str(error).strip().splitlines() or ["out of memory"])[0][:200]
            text = f"The memory does not suffice ({first})."
            raise RenderFailed("out_of_memory", text) from None
        # After such an error every later call on the device fails too.
        if isinstance(error, torch.AcceleratorError) or "cuda error" in str(error).lower():
            raise WorkerLost(str(error)) from error
        raise
    except ValueError as error:
        raise RenderFailed("bad_input", str(error).strip().splitlines()[0]) from error


def _video_memory(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    return torch.cuda.get_device_properties(device).total_memory >> 20


def _hush() -> None:
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
