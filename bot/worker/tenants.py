"""The models in a device's memory, and who leaves it for another. Imported in a worker only.

Who that is decides `bot.domain.residence`. Sizes are measured when a model is loaded; of one that
never was, the weight of its files is the forecast.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

import torch

from bot.domain.residence import Residence
from bot.worker import capacity

if TYPE_CHECKING:
    from bot.worker.model import Model

log = logging.getLogger(__name__)


class Tenants:
    """By id. `pinned` says which never leave."""

    def __init__(self, device: torch.device, pinned: Callable[[], Collection[str]]) -> None:
        self._device = device
        self._pinned = pinned
        self._models: dict[str, Model] = {}
        self._residence = Residence()
        self._sizes: dict[str, int] = {}
        self._runs: dict[str, weakref.WeakSet[Any]] = {}

    def __getitem__(self, model: str) -> Model:
        return self._models[model]

    def __contains__(self, model: object) -> bool:
        return model in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._models))

    def sizes(self) -> dict[str, int]:
        """What each takes, in bytes."""
        return {id: self._sizes[id] for id in self._models}

    def came(self, id: str, model: Model, seconds: float) -> None:
        """It was loaded, which took so long; others leave where drawing with it wants their room,
        now or later."""
        self._models[id] = model
        self._sizes[id] = model.weight
        self._residence.came(id, self._sizes[id], seconds)
        model.pieces.spill = lambda: self.spill(beside=id)
        self._make_room(0, beside=id)

    def expected(self, id: str, source: str) -> None:
        """It is about to be loaded: others leave where it wants their room."""
        known = self._sizes.get(id)
        self._make_room(capacity.forecast(source) if known is None else known)

    def used(self, id: str) -> None:
        """Somebody asked for it."""
        self._residence.used(id)

    def draws(self, id: str, run: object) -> None:
        """As long as there is such a run, its model stays."""
        self._runs.setdefault(id, weakref.WeakSet()).add(run)

    def is_drawn_with(self, id: str) -> bool:
        """Whether there is such a run."""
        return bool(self._runs.get(id))

    def spill(self, beside: str = "") -> bool:
        """Memory ran out: whether a model has left it, the one worth least of those with which
        nothing is drawn."""
        for id in self._residence.leaving(1, self._staying(beside)):
            self.leave(id)
            return True
        return False

    def leave(self, id: str) -> None:
        """It is in memory no more."""
        log.info("the model %s leaves the memory of %s", id, self._device)
        del self._models[id]
        self._residence.left(id)
        capacity.release()

    def _make_room(self, size: int, beside: str = "") -> None:
        """For so many bytes, and for drawing."""
        memory = capacity.memory(self._device)
        if memory is not None:
            lacking = size + memory.spare - memory.free
            for id in self._residence.leaving(lacking, self._staying(beside)):
                self.leave(id)

    def _staying(self, one: str) -> set[str]:
        return {one, *self._pinned(), *(id for id, runs in self._runs.items() if runs)}
