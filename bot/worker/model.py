"""One model in memory: its parts, its family, and what was learned of it. Imported in a worker
only."""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from bot.domain.errors import RenderFailed
from bot.engine.seam import Attempt
from bot.models.cards import ModelCard
from bot.worker import capacity, previews, siblings
from bot.worker.adapters import Adapters, Worn
from bot.worker.asked import BLIND, Sight, images_of, sight_of
from bot.worker.caching import StepCache
from bot.worker.embeddings import Embeddings
from bot.worker.families import family_of, generic
from bot.worker.families.family import Capabilities, Family, Rows, Size
from bot.worker.hastening import Faster, precision
from bot.worker.image_prompts import ImagePrompts
from bot.worker.ladder import Ladder, Learned
from bot.worker.library import Library
from bot.worker.pieces import Pieces
from bot.worker.sketches import Sketches, TinyDecoder, tiny_of
from bot.worker.wording import wording_of

Outfit = tuple[Worn, Sight]
"""LoRAs that are on, and how pictures that are prompts are looked at."""


class Model:
    """A pipeline and what draws with it: `family` by our own loop, or, where that is None, the
    pipeline by its own call; `faster` where it is not None. Where there is a `cache`, each run is
    alone. `plain` is what recipes say unless something faster drew; `note` is what is to be said
    there of its arithmetic."""

    def __init__(
        self,
        pipeline: Any,
        card: ModelCard,
        dtype: torch.dtype,
        ladder: Ladder | None = None,
        library: Library | None = None,
        note: str = "",
    ) -> None:
        self.card = card
        self.dtype = dtype
        self.pipeline = pipeline
        self.scheduler = pipeline.scheduler
        self.family = family_of(pipeline)
        library = library or Library()
        self.sketches = _sketches(pipeline, self.family, tiny_of(pipeline, card, dtype, library))
        self._adapters = Adapters(pipeline, card, library)
        self._prompts = ImagePrompts(pipeline, card, library)
        self.embeddings: Embeddings | None = None
        if self.family:
            self.embeddings = Embeddings(self.family.encode, state=lambda: self._adapters.worn)
        self.ladder = ladder or Ladder(pipeline, pipeline.device, Learned())
        self.ladder.still = self._slow_down
        self.pieces = Pieces(self.ladder.learned)
        self.pieces.climb = lambda of: self.ladder.climb(*of)
        self.plain = precision(dtype, note)
        self.faster: Faster | None = None
        self.cache: StepCache | None = None
        self.wording = wording_of(card.vocabulary())
        self._siblings: dict[str, Any] = {}

    @property
    def weight(self) -> int:
        """What its numbers take, in bytes."""
        tiny = self.sketches.tiny
        return capacity.weight(self.pipeline, *([tiny.module] if tiny else []))

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked of it."""
        return self.family.capabilities if self.family else generic.capabilities(self.pipeline)

    @property
    def looks(self) -> bool:
        """Whether pictures can be prompts of it."""
        return bool(self.family and self.capabilities.ip_adapter and self._prompts.there)

    def worn(self, attempt: Attempt) -> Outfit:
        """What an attempt wants on. Raises RenderFailed("bad_input" or "lora_gone")."""
        loras, sight = attempt.request.get("loras") or {}, sight_of(attempt.request)
        able = self.capabilities
        if any(loras.values()) and not able.lora:
            raise RenderFailed("bad_input", f"The model {self.card.name} takes no LoRA.")
        if sight != BLIND and not (self.family and able.ip_adapter):
            raise RenderFailed("bad_input", f"The model {self.card.name} takes no image prompt.")
        return self._adapters.found(loras), sight

    @property
    def plainly(self) -> Outfit:
        """Nothing on."""
        return self._adapters.found({}), BLIND

    def wear(self, outfit: Outfit) -> None:
        """Draw and read with just this on. Raises RenderFailed("bad_input")."""
        loras, sight = outfit
        if outfit != (self._adapters.worn, self._prompts.sight):
            with self.ladder.adapting():
                self._adapters.wear(loras)
                self._prompts.wear(sight)
        if self.faster:
            self.faster.adapted(bool(loras) or sight != BLIND)

    def settle(self, size: Size) -> None:
        """A drawing of this size begins: with as little memory as it turned out to want."""
        self.ladder.rest()
        self.ladder.stand(size)

    def _slow_down(self) -> None:
        if self.faster:
            self.faster.rest()
            self.faster = None
        if self.cache:
            self.cache.rest()
            self.cache = None

    def seen(self, attempt: Attempt, count: int, *, guided: bool) -> Rows:
        """What is seen in the pictures that are prompts of `count` samples."""
        if sight_of(attempt.request) == BLIND:
            return {}
        return self._prompts.rows(images_of(attempt), count, guided=guided)

    def hasten(self) -> None:
        """Draw with faster networks from here on, if they are ready."""
        if self.faster:
            self.faster.adopt(self.pipeline)

    @property
    def due(self) -> bool:
        """Whether `hasten` would take a while."""
        return self.faster is not None and self.faster.due

    @property
    def coming(self) -> bool:
        """Whether something that makes it faster is being made."""
        return self.faster is not None and self.faster.coming

    def drawing(self, closed: bool) -> contextlib.AbstractContextManager[None]:
        """While it is entered a forward is made: by torch itself, where edges are closed."""
        return self.faster.aside() if closed and self.faster else contextlib.nullcontext()

    def listen(self) -> None:
        """Have `drawn_by` speak of what follows."""
        if self.faster:
            self.faster.listen()

    @property
    def drawn_by(self) -> str:
        """The library and precision that drew since `listen`, for a recipe."""
        return (self.faster.engine if self.faster else "") or self.plain

    def sibling(self, kind: str) -> Any:
        """See `siblings.sibling`; made once."""
        if kind not in self._siblings:
            self._siblings[kind] = siblings.sibling(self.pipeline, kind)
        return self._siblings[kind]


def _sketches(pipeline: Any, family: Family | None, tiny: TinyDecoder | None) -> Sketches:
    if family is None:
        return Sketches(previews.colours_of(pipeline), tiny)
    return Sketches(previews.fitted(family.seen, family.cell), tiny, family.taught)
