"""A worker process as `easel run` starts it, with one model, for measurements.

Knows executors and what prepares them; not what is compared.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from bot.app import catalogue_of
from bot.bench import asking
from bot.bench.asking import Grid
from bot.bench.model.drawn import request_of
from bot.commands import shot
from bot.domain.request import GenerationRequest
from bot.engine.seam import Loaded, Worker
from bot.executors import compiled_folder, converted_folder, local_executor
from bot.models.cards import ModelCard
from bot.service.choice import Choice
from bot.settings import Settings
from bot.worker.converted.store import Store

_POLL_S = 0.1


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="easel-bench-")


def settings() -> Settings:
    """On the CPU with the model that ships with Easel; what one measurement had converted is there
    for the next."""
    return Settings(data_dir=Path(_folder().name), device="cpu")


class Studio:
    """Its block begins with the model in memory, and ends with the process. `card` is what the
    model's own files say. Raises EaselError where it cannot be loaded."""

    def __init__(self, settings: Settings) -> None:
        self._catalogue = catalogue_of(settings)
        folder = converted_folder(settings)
        self._stores = Store(folder), Store(compiled_folder(settings))
        self._executor = local_executor(settings, [self._catalogue.default], folder)
        self._numbers = itertools.count(1)
        self._worker: Worker

    async def __aenter__(self) -> Self:
        await self._executor.start()
        try:
            model = self._catalogue.default.id
            self._worker = await shot.loaded_worker(self._executor, model)
            if isinstance(state := self._worker.models[model], Loaded):
                self._catalogue.confirm(model, state.card)
        except BaseException:
            await self._executor.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._executor.close()

    @property
    def card(self) -> ModelCard:
        """What is drawn with."""
        return self._catalogue.default

    @property
    def process(self) -> int | None:
        """The process id of the worker."""
        return self._executor.process(self._worker.id)

    @property
    def trouble(self) -> str:
        """Why torch draws alone, in a sentence; empty where it does not, or was told to."""
        return " ".join(filter(None, (store.trouble(self.card.id) for store in self._stores)))

    @property
    def busy(self) -> bool:
        """Whether something is under way that makes drawing faster."""
        return any(store.busy for store in self._stores)

    async def settled(self) -> bool:
        """Return when nothing is any more; says whether something was."""
        waited = False
        while self.busy:
            waited = True
            await asyncio.sleep(_POLL_S)
        return waited

    async def hastened(self, choice: Choice | None = None) -> Grid:
        """The first grid when nothing is under way any more that makes drawing faster."""
        await self.settled()
        return await self.drawn(self.request(choice))

    def request(self, choice: Choice | None = None) -> GenerationRequest:
        """Another job each time."""
        return request_of(self.card, choice or Choice(), next(self._numbers))

    async def drawn(
        self, request: GenerationRequest, inputs: Mapping[str, bytes] | None = None
    ) -> Grid:
        """One job to its end, from pictures as in `asking.drawn`. Raises EngineError."""
        return await asking.drawn(self._executor, self._worker.id, request, inputs)
