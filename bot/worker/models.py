"""The models in memory: opened when they are needed, put out where the device is too small for
all, opened again in float32 where they overflow in less. Imported in a worker only.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from bot.domain.errors import RenderFailed, UnknownModel
from bot.models import families
from bot.models.cards import EMBEDDED_CARD, ModelCard
from bot.worker import capacity, failures
from bot.worker.hastening import Hastening
from bot.worker.library import Library
from bot.worker.tenants import Tenants

if TYPE_CHECKING:
    from bot.worker.ladder import Ladder, Learned
    from bot.worker.model import Model

log = logging.getLogger(__name__)

_LARGE = 512
"""From this side on, decoding four pictures at once takes gigabytes."""


class Models:
    """By id, those of `cards`."""

    def __init__(
        self,
        cards: Mapping[str, ModelCard],
        device: torch.device,
        dtype: torch.dtype,
        library: Library,
        hastening: Hastening,
    ) -> None:
        self._cards = cards
        self._device = device
        self._dtype = dtype
        self._library = library
        self._hastening = hastening
        self._models = Tenants(device, self._pinned)
        self._wide: set[str] = set()
        self._proven: set[str] = set()
        self._learned: dict[Any, Learned] = {}

    def __getitem__(self, model: str) -> Model:
        return self._models[model]

    def learn(self, cards: Mapping[str, ModelCard]) -> set[str]:
        """These are the models from here on; says which came, changed or went."""
        before, self._cards = self._cards, cards
        either = before.keys() | cards.keys()
        others = {
            id for id in before if id not in cards or _opened(before[id]) != _opened(cards[id])
        }
        self._wide -= others
        self._proven -= others
        return {model for model in either if before.get(model) != cards.get(model)}

    def _is_of_today(self, model: str) -> bool:
        card = self._cards.get(model)
        return card is not None and _opened(card) == _opened(self._models[model].card)

    def confirmed(self) -> dict[str, dict[str, Any]]:
        """What is in memory, each with the fields of its card as its files turned out."""
        there = sorted(filter(self._is_of_today, self._models))
        return {model: _confirmed(self._models[model]) for model in there}

    def sizes(self) -> dict[str, int]:
        """What each in memory takes of it, in MB."""
        return {model: size >> 20 for model, size in self._models.sizes().items()}

    def load(self, model: str, say: Callable[[str], None]) -> None:
        """Bring a model into memory; others leave it if the device is too small for both, and
        those whose files are others now leave it anyhow."""
        if model in self._models and self._is_of_today(model):
            self._models.used(model)
            return
        for one in self._models:
            if not self._is_of_today(one):
                self._models.leave(one)
        card = self._cards.get(model)
        if card is None:
            known = ", ".join(sorted(self._cards))
            raise UnknownModel(f"There is no model {model!r}; there are {known}.")
        say(f"loading {card.name}")
        self._models.expected(model, card.source)
        while not self._is_opened(card):
            say(f"making room for {card.name}")

    def lowered(self, model: str, size: tuple[int, int], say: Callable[[str], None]) -> bool:
        """Whether the model was loaded anew: it stood higher than drawings of this size want for a
        while, and nobody draws with it now."""
        if not self._models[model].ladder.too_high(size) or self._models.is_drawn_with(model):
            return False
        self._models.leave(model)
        self.load(model, say)
        return True

    def _is_opened(self, card: ModelCard) -> bool:
        """False where memory ran out and another model has left it. Raises RenderFailed where there
        is none that may."""
        started = time.monotonic()
        try:
            with failures.told():
                opened = self._open(card)
        except RenderFailed as failure:
            if failure.code != "out_of_memory":
                raise
        else:
            self._models.came(card.id, opened, time.monotonic() - started)
            return True
        if not self._models.spill():  # outside the except clause, whose traceback holds tensors
            raise RenderFailed("out_of_memory", self._too_small(card))
        return False

    def _too_small(self, card: ModelCard) -> str:
        names = ", ".join(map(self._name, self._models))
        beside = f" beside what stays in it ({names})" if names else ""
        return f"The memory of {self._device} is too small for the model {card.name}{beside}."

    def _pinned(self) -> list[str]:
        return [model for model, card in self._cards.items() if card.pinned]

    def hasten(self, say: Callable[[str], None]) -> bool:
        """Have all draw with faster networks that are ready; whether some are still being made."""
        models = [self._models[model] for model in self._models]
        coming = any([model.coming for model in models])  # before: what is made then comes yet
        for model in models:
            if model.due:
                say(speeding_up(model.card))
            model.hasten()
        return coming

    def draws(self, model: str, run: object) -> None:
        """As long as there is such a run, its model stays in memory."""
        self._models.draws(model, run)

    def _open(self, card: ModelCard) -> Model:
        # With the first model: the libraries take seconds, and a worker is ready without them.
        from bot.worker import pipelines
        from bot.worker.ladder import Ladder

        pipelines.hush()
        dtype = torch.float32 if card.id in self._wide else self._dtype
        pipeline = pipelines.open_pipeline(card, dtype, self._library)
        learned = self._learned_of(card, dtype)
        found = families.fields(pipelines.described(pipeline, card.stem))
        if card.source != EMBEDDED_CARD.source:
            if caveat := dataclasses.replace(card, samplers=found["samplers"]).caveat:
                log.warning("%s", caveat)
            card = dataclasses.replace(card, **found)
        if card.spacing:
            own, changes = pipeline.scheduler, {"timestep_spacing": card.spacing}
            if families.predicts_picture(card.stem):
                changes["prediction_type"] = "sample"
            pipeline.scheduler = type(own).from_config(own.config, **changes)
        note = self._hastening.lighten(pipeline, card, dtype)
        ladder = Ladder(pipeline, self._device, learned)
        model = self._placed(pipeline, card, dtype, ladder, note)
        if not ladder.lasting:
            model.faster = self._hastening.begin(pipeline, card, dtype, note)
            model.cache = self._hastening.cached(pipeline, card)
        return model

    def _placed(
        self, pipeline: Any, card: ModelCard, dtype: torch.dtype, ladder: Ladder, note: str
    ) -> Model:
        """On the device, as far up the ladder as it takes. Raises RenderFailed where that does not
        suffice."""
        from bot.worker import decoders, mapped
        from bot.worker.ladder import NO_SIZE
        from bot.worker.model import Model
        from bot.worker.rungs import LOAD, networks

        while True:
            try:
                with failures.told():
                    ladder.stand(NO_SIZE)
                    if not ladder.placed:
                        pipeline.to(self._device)
                        for network in networks(pipeline):
                            mapped.own(network)
                    decoders.lay_out(getattr(pipeline, "vae", None), self._device)
                    if card.native >= _LARGE and hasattr(pipeline.vae, "enable_slicing"):
                        pipeline.vae.enable_slicing()
                    return Model(pipeline, card, dtype, ladder, self._library, note)
            except RenderFailed as failure:
                if failure.code != "out_of_memory":
                    raise
            capacity.release()
            if not self._models.spill() and not ladder.climb(LOAD, NO_SIZE):
                raise RenderFailed("out_of_memory", self._too_small(card))

    def _learned_of(self, card: ModelCard, dtype: torch.dtype) -> Learned:
        """It holds for these files, in this precision."""
        from bot.worker.ladder import Learned

        return self._learned.setdefault((card.id, _opened(card), dtype), Learned())

    def widen(self, model: str, loras: Sequence[str], say: Callable[[str], None]) -> None:
        """Load a model again in float32, from its files: what overflowed, with these on, is lost in
        memory.

        Raises RenderFailed("not_finite"; "bad_input" with LoRAs) where memory does not suffice.
        """
        name = self._name(model)
        if model not in self._wide and not loras:
            log.warning("%s overflows in %s: set DTYPE=float32", name, self._dtype)
        self._wide.add(model)
        if model in self._models and self._models[model].dtype is not torch.float32:
            self._models.leave(model)
        try:
            self.load(model, say)
        except RenderFailed as failure:
            if failure.code != "out_of_memory":
                raise
            self._wide.discard(model)
            raise RenderFailed(
                "bad_input" if loras else "not_finite",
                f"The model {name} gives black pictures {_with(loras)}in half precision, and the "
                f"memory does not suffice for DTYPE=float32: {_instead(loras)}.",
            ) from None

    def narrow(self, model: str) -> None:
        """What is drawn next is drawn in less than float32 again."""
        if model in self._wide:
            self._wide.discard(model)
            self._models.leave(model)

    def proven(self, model: str, dtype: torch.dtype) -> None:
        """It has drawn a picture whose numbers are numbers."""
        if dtype is self._dtype:
            self._proven.add(model)

    def hopeless(self, model: str, loras: Sequence[str]) -> RenderFailed:
        """What to say of numbers that are none even in float32. A model that drew others in less is
        not to blame, nor is one with LoRAs on, and draws in that again."""
        if not loras and model not in self._proven:
            return self._damaged(model)
        self.narrow(model)
        code, of = "not_finite", "of just this"
        if loras:
            code, of = "bad_input", f"{_with(loras)}even in float32: {_instead(loras)}"
        return RenderFailed(code, f"The model {self._name(model)} gives a black picture {of}.")

    def _name(self, model: str) -> str:
        return self._cards[model].name if model in self._cards else model

    def _damaged(self, model: str) -> RenderFailed:
        return RenderFailed(
            "not_finite",
            f"The model {self._name(model)} gives black pictures even with DTYPE=float32: "
            "its files are damaged, so download it again.",
        )


def speeding_up(card: ModelCard) -> str:
    """What is said while faster networks of a model take their place."""
    return f"speeding up {card.name}"


def _with(loras: Sequence[str]) -> str:
    return f"with {', '.join(loras)} of such weight " if loras else ""


def _instead(loras: Sequence[str]) -> str:
    return "give less weight to LoRAs" if loras else "choose another model"


def _opened(card: ModelCard) -> Any:
    """What a model in memory was opened from."""
    return (
        card.revision, card.vae, card.preview, card.speed, card.clip_skip, *card.embeddings
    )  # fmt: skip


def _confirmed(model: Model) -> dict[str, Any]:
    """The fields of the model's card, and what it was found to be able to do."""
    fields = dataclasses.asdict(model.card)
    able = model.capabilities
    if able.negatives_above is None:
        fields["negatives_above"] = None
    fields["steers"] = model.card.steers and able.steers
    fields["locates"] = model.card.locates and able.locates
    fields["tiles"] = model.card.tiles and able.tiles
    fields["variations"] = model.card.variations and able.image_to_image
    fields["inpaints"] = model.card.inpaints and able.inpainting
    fields["image_prompts"] = model.looks
    fields["previews"] = model.sketches.able and able.previews
    return fields
