"""How far up `bot.worker.rungs` one model stands, and what was learned of its hunger for memory.

What a size has wanted, larger ones want too. Imported in a worker only.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import torch

from bot.worker import failures
from bot.worker.rungs import RUNGS, Rung, casts, denoiser, grounded, networks

log = logging.getLogger(__name__)

Size = tuple[int, int]
NO_SIZE = (0, 0)
"""Whatever is drawn."""
_PATIENCE = 3
"""Drawings in a row that want less than the model stands on before it is loaded anew for them."""


class Learned:
    """Of one model: it outlives the model's stay in memory. `limits` are rows at once."""

    def __init__(self) -> None:
        self.limits: dict[Hashable, int] = {}
        self._wanted: dict[str, int] = {}
        self._unable: set[str] = set()
        self._drawn: set[int] = set()

    def want(self, rung: Rung, pixels: int) -> None:
        """From so many pixels on, it is needed."""
        self._wanted[rung.name] = min(pixels, self._wanted.get(rung.name, pixels))

    def wanted(self, pixels: int) -> list[Rung]:
        """All that are needed, in their order."""
        return [rung for rung in RUNGS if self._wanted.get(rung.name, pixels + 1) <= pixels]

    def cannot(self, rung: Rung) -> None:
        """It was tried, and cannot be climbed."""
        self._unable.add(rung.name)
        self._wanted.pop(rung.name, None)

    def can(self, rung: Rung) -> bool:
        """Whether it may be tried."""
        return rung.name not in self._unable

    def drew(self, pixels: int) -> None:
        """A picture of so many came out."""
        self._drawn.add(pixels)

    def fits(self, pixels: int) -> int:
        """Of the largest picture that came out and has less; 0 where none did."""
        return max((drawn for drawn in self._drawn if drawn < pixels), default=0)


class Ladder:
    """Of a pipeline that is drawn with on a device. `still` is called before its weights are no
    longer what, or where, they were."""

    def __init__(self, pipeline: Any, device: torch.device, learned: Learned) -> None:
        self.learned = learned
        self.still: Callable[[], None] = lambda: None
        self._pipeline = pipeline
        self._device = device
        self._on: set[str] = set()
        self._place: Rung | None = None
        self._spared = 0

    @property
    def placed(self) -> bool:
        """Whether weights rest in the system's memory, and come to the device when they are used;
        nobody else may move them."""
        return self._place is not None

    @property
    def lasting(self) -> bool:
        """Whether weights are not what, or where, they were."""
        return any(rung.name in self._on for rung in RUNGS if not rung.leave)

    def names(self) -> list[str]:
        """Of the rungs that it stands on."""
        return [rung.name for rung in RUNGS if rung.name in self._on]

    def notes(self, size: Size) -> str:
        """What a recipe should say of how a picture of this size is drawn."""
        wanted = self.learned.wanted(math.prod(size))
        on = [rung for rung in RUNGS if rung.name in self._on]
        return " ".join(
            each.note for each in on if each.note and (not each.leave or each in wanted)
        )

    def too_high(self, size: Size) -> bool:
        """Whether a drawing of this size, which begins, had better begin from the ground: it and
        some before it do not want what lasts."""
        wanted = self.learned.wanted(math.prod(size))
        lasting = [rung for rung in RUNGS if rung.name in self._on and not rung.leave]
        self._spared = self._spared + 1 if any(rung not in wanted for rung in lasting) else 0
        return self._spared >= _PATIENCE

    def stand(self, size: Size) -> None:
        """Be as high as this size wants. What lasts is not left for a smaller one."""
        wanted = self.learned.wanted(math.prod(size))
        lower = [rung for rung in wanted if rung.place][:-1]
        for rung in RUNGS:
            if rung in wanted and rung.name not in self._on:
                if rung not in lower:
                    self._climb(rung)
                self._on.add(rung.name)
            elif rung.leave and rung not in wanted and rung.name in self._on:
                rung.leave(self._pipeline)
                self._on.discard(rung.name)

    def climb(self, stage: str, size: Size) -> bool:
        """One rung more for this size, which ran out of memory; False where there is none."""
        pixels = math.prod(size)
        for rung in RUNGS:
            if stage not in rung.relieves or not self.learned.can(rung):
                continue
            if not rung.applies(self._pipeline, self._device):
                continue
            before = rung.name in self._on
            self.learned.want(rung, pixels)
            if not before and self._stands(rung, size):
                log.warning("%s ran out of memory at %d×%d: %s", stage, *size, rung.name)
                return True
        return False

    def _stands(self, rung: Rung, size: Size) -> bool:
        try:
            with failures.told():
                self.stand(size)
        except Exception as error:  # whatever the libraries raise at an unusual pipeline
            log.warning("%s is left out: %s", rung.name, error)
            self.learned.cannot(rung)
            return False
        return True

    def _climb(self, rung: Rung) -> None:
        if not rung.leave and not self.lasting:
            self.still()
        if rung.place:
            grounded(self._pipeline)
            self._place = rung
        rung.climb(self._pipeline, self._device)

    def rest(self) -> None:
        """Another drawing begins: parts that take turns on the device leave it."""
        for hook in getattr(self._pipeline, "_all_hooks", ()):
            hook.offload()

    @contextlib.contextmanager
    def adapting(self) -> Iterator[None]:
        """While this lasts, layers may be put into the pipeline: it has its weights in the memory
        of the system, and as it computes with them, of which those layers are made."""
        if not self.lasting:
            yield
            return
        if self._place:
            grounded(self._pipeline)
        layers = list(casts(denoiser(self._pipeline)))
        for layer, hook in layers:
            hook.pre_forward(layer)
        try:
            yield
        finally:
            for layer, hook in layers:
                hook.post_forward(layer, None)
            if self._place:
                for part in networks(self._pipeline):
                    part.to("cpu")
                self._place.climb(self._pipeline, self._device)
