"""The engine: draws with diffusers' own pipelines on one device. Imported in a worker only.

Each picture has its own generator on the CPU, seeded by its own seed in the request, so it can be
drawn again alone. Kernels round differently by batch size; in float32 that shows in the last of
eight bits at most. In half precision it shows more, so there a grid is always drawn in full and
what was not asked for is thrown away: a picture is then bit-equal whoever its company.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from bot.domain.errors import RenderFailed, UnknownModel, WorkerLost
from bot.engine.seam import Attempt, Begun, Event, LoadingModel
from bot.models import families
from bot.models.cards import EMBEDDED_CARD, ModelCard
from bot.worker.causes import one_line, without_folders
from bot.worker.converted.conversion import Conversion, workshop_of
from bot.worker.drawing import Drawing, Model, accepts
from bot.worker.precision import NotFinite, pick_device, pick_dtype, ran_out_of_memory

if TYPE_CHECKING:
    from bot.worker.pipelines import Library

log = logging.getLogger(__name__)

_LARGE = 512
"""From this side on, decoding four pictures at once takes gigabytes."""


def create(options: Mapping[str, Any]) -> DiffusionEngine:
    """The factory that a worker calls.

    Options, all plain data: cards (a list of ModelCard fields), device, dtype, threads (0: as
    torch likes), cache_dir, token, configs, converted (the folder of networks that are converted
    for OpenVINO; empty: torch draws alone).
    """
    if threads := int(options.get("threads") or 0):
        torch.set_num_threads(threads)
    cards = [ModelCard(**fields) for fields in options.get("cards", ())]
    return DiffusionEngine(
        {card.id: card for card in cards},
        device=options.get("device") or "auto",
        dtype=options.get("dtype") or "auto",
        places={key: options.get(key) or "" for key in ("cache_dir", "token", "configs")},
        converted=options.get("converted") or "",
        threads=threads,
    )


class DiffusionEngine:
    """Satisfies `bot.engine.seam.Engine` for the models in `cards`, by id.

    `places` are the fields of `bot.worker.pipelines.Library`.
    """

    def __init__(
        self,
        cards: Mapping[str, ModelCard],
        device: str = "auto",
        dtype: str = "auto",
        places: Mapping[str, str] | None = None,
        converted: str = "",
        threads: int = 0,
    ) -> None:
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        self._cards = cards
        self._device = pick_device(device)
        self._dtype = pick_dtype(dtype, self._device)
        self._places = places or {}
        self._workshop = workshop_of(converted, self._places, threads, self._device)
        self._models: dict[str, Model] = {}
        self._wide: set[str] = set()
        self.device = str(self._device)
        self.vram_mb = _video_memory(self._device)

    def learn(self, cards: Sequence[Mapping[str, Any]]) -> Collection[str]:
        """See `Engine`. A model whose files are others now leaves memory with the next load, when
        nothing is drawn with it."""
        before, self._cards = self._cards, {one["id"]: ModelCard(**one) for one in cards}
        either = before.keys() | self._cards.keys()
        return {model for model in either if before.get(model) != self._cards.get(model)}

    def _is_of_today(self, model: str) -> bool:
        card = self._cards.get(model)
        return card is not None and card.revision == self._models[model].card.revision

    def loaded(self) -> Mapping[str, Mapping[str, Any]]:
        """The models in memory, each with what its own files say."""
        there = sorted(filter(self._is_of_today, self._models))
        return {model: _confirmed(self._models[model]) for model in there}

    def drawn_by(self, model: str) -> str:
        """The library and precision that drew last with a model in memory."""
        return self._models[model].drawn_by

    def load(self, model: str, say: Callable[[str], None]) -> None:
        """Bring a model into memory; others leave it if the device is too small for both."""
        if model in self._models and self._is_of_today(model):
            return
        self._models = {one: self._models[one] for one in self._models if self._is_of_today(one)}
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

    def _open(self, card: ModelCard) -> Model:
        # With the first model: the libraries take seconds, and a worker is ready without them.
        from bot.worker import pipelines

        pipelines.hush()
        dtype = torch.float32 if card.id in self._wide else self._dtype
        pipeline = pipelines.open_pipeline(card, dtype, self._library(pipelines.Library))
        found = families.fields(pipelines.described(pipeline, card.stem))
        card = card if card.source == EMBEDDED_CARD.source else dataclasses.replace(card, **found)
        if card.spacing:
            own = pipeline.scheduler
            pipeline.scheduler = type(own).from_config(own.config, timestep_spacing=card.spacing)
        pipeline = pipeline.to(self._device)
        if card.native >= _LARGE and hasattr(pipeline.vae, "enable_slicing"):
            pipeline.vae.enable_slicing()
        conversion = Conversion(self._workshop, pipeline, card, dtype) if self._workshop else None
        return Model(pipeline, card, dtype, conversion)

    def _library(self, kind: type[Library]) -> Library:
        return kind(**self._places)

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
        """Draw `attempt.indices`; in float32 for ever where the model overflows in less."""

        def say(text: str) -> None:
            emit(LoadingModel(text, time.monotonic()))

        self.load(attempt.model, say)
        try:
            return self._draw(attempt, emit, cancelled)
        except NotFinite:
            if self._models[attempt.model].dtype is torch.float32:
                raise self._not_finite(attempt.model) from None
        self._widen(attempt.model, say)
        emit(Begun(time.monotonic()))
        try:
            return self._draw(attempt, emit, cancelled)
        except NotFinite:
            raise self._not_finite(attempt.model) from None

    def _widen(self, model: str, say: Callable[[str], None]) -> None:
        """Load a model again in float32, from its files: what overflowed is lost in memory."""
        name = self._cards[model].name
        log.warning("%s overflows in %s: set DTYPE=float32", name, self._models[model].dtype)
        self._wide.add(model)
        del self._models[model]
        self._collect()
        try:
            self.load(model, say)
        except RenderFailed as failure:
            if failure.code != "out_of_memory":
                raise
            self._wide.discard(model)
            raise RenderFailed(
                "not_finite",
                f"The model {name} gives black pictures in half precision, and the memory does "
                "not suffice for DTYPE=float32: choose another model.",
            ) from None

    def _not_finite(self, model: str) -> RenderFailed:
        return RenderFailed(
            "not_finite",
            f"The model {self._cards[model].name} gives black pictures even with DTYPE=float32: "
            "its files are damaged, so download it again.",
        )

    def _draw(
        self,
        attempt: Attempt,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> Sequence[Image.Image]:
        """Halves the batch for this size for ever when memory runs out. Raises NotFinite."""
        model = self._models[attempt.model]
        model.hasten()
        drawing = Drawing(model, attempt, emit, cancelled)
        pending = _to_draw(attempt, model.dtype)
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


def _to_draw(attempt: Attempt, dtype: torch.dtype) -> list[int]:
    if dtype is torch.float32:
        return list(attempt.indices)
    return sorted(set(attempt.indices) | set(range(attempt.request.get("count", 1))))


def _confirmed(model: Model) -> dict[str, Any]:
    """The fields of the model's card, and what its pipeline was found to be able to do."""
    fields = dataclasses.asdict(model.card)
    known = accepts(model.text_to_image)
    if "negative_prompt" not in known:
        fields["negatives_above"] = None
    fields["variations"] = model.card.variations and model.varies
    fields["previews"] = model.colours is not None and "callback_on_step_end" in known
    return fields


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn what torch and diffusers raise into the seam's errors."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if ran_out_of_memory(error):
            text = f"The memory does not suffice ({one_line(error)[:200]})."
            raise RenderFailed("out_of_memory", text) from None
        # After such an error every later call on the device fails too.
        if isinstance(error, torch.AcceleratorError) or "cuda error" in str(error).lower():
            raise WorkerLost(str(error)) from error
        raise
    except ValueError as error:
        raise RenderFailed("bad_input", without_folders(one_line(error))) from error


def _video_memory(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    return torch.cuda.get_device_properties(device).total_memory >> 20
