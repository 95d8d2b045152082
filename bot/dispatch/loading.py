"""Has every worker load its models before they are asked for, and again when that failed.

Which are whose, where not all fit everywhere, decides `bot.domain.placement`. Each (worker, model)
has its own time for the next try, so a card that could not load comes back whatever the others do.
How a model is loaded is the worker's business.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import EngineError
from bot.domain.placement import Spot, homes
from bot.engine.seam import Executor, Failed, Loaded, Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Try:
    """When a worker may be asked for a model again if it still says `failure` then."""

    failure: Failed | None
    due: float


class Loader:
    """`models` says which are pinned just now; `confirm` is told what a worker read
    in a loaded model's own files. `clock` returns the monotonic seconds in which `Failed.retry_at`
    is told; a failure that tells no time is tried again after `retry_s`."""

    def __init__(
        self,
        executor: Executor,
        models: Callable[[], Sequence[str]],
        confirm: Callable[[str, Mapping[str, Any]], None] = lambda model, card: None,
        retry_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._executor = executor
        self._models = models
        self._confirm = confirm
        self._retry_s = retry_s
        self._clock = clock
        self._tries: dict[tuple[str, str], _Try] = {}
        self._sizes: dict[str, int] = {}

    async def keep(self) -> None:
        """Order loads until cancelled."""
        while True:
            version = self._executor.version
            workers = self._executor.workers()
            for worker in workers:
                self._confirm_loaded(worker)
            able = [one for one in workers if one.error is None and not one.draining]
            plan = homes(self._models(), self._sizes, [_spot(worker) for worker in able])
            for worker in able:
                for model in plan[worker.id]:
                    if self._is_due(worker, model):
                        await self._prepare(worker, model)
            self._forget()
            await self._until_changed_or_due(version)

    def _confirm_loaded(self, worker: Worker) -> None:
        for model, state in worker.models.items():
            if isinstance(state, Loaded):
                self._confirm(model, state.card)
                self._sizes[model] = state.size_mb or self._sizes.get(model, 0)

    def _is_due(self, worker: Worker, model: str) -> bool:
        """Never asked for, or failed and its time has come, as it has when the failure is no more
        because the model's files are others now."""
        state = worker.models.get(model)
        known = self._tries.get((worker.id, model))
        if not isinstance(state, Failed):
            return known is None or (state is None and known.failure is not None)
        if known is None or known.failure != state:
            due = state.retry_at or self._clock() + self._retry_s
            known = self._tries[worker.id, model] = _Try(state, due)
        return known.due <= self._clock()

    async def _prepare(self, worker: Worker, model: str) -> None:
        state = worker.models.get(model)
        failure = state if isinstance(state, Failed) else None
        self._tries[worker.id, model] = _Try(failure, self._clock() + self._retry_s)
        try:
            await self._executor.prepare(worker.id, [model], pin=True)
        except EngineError as error:
            log.warning("worker %s: %s", worker.id, error)

    def _forget(self) -> None:
        living = {worker.id for worker in self._executor.workers()}
        self._tries = {key: one for key, one in self._tries.items() if key[0] in living}

    async def _until_changed_or_due(self, version: int) -> None:
        failed = [one.due for one in self._tries.values() if one.failure is not None]
        wait = max(0.0, min(failed) - self._clock()) if failed else None
        try:
            async with asyncio.timeout(wait):
                await self._executor.changed(version)
        except TimeoutError:
            return


def _spot(worker: Worker) -> Spot:
    states = worker.models.items()
    unfit = [model for model, state in states if isinstance(state, Failed)]
    return Spot(worker.id, worker.vram_mb, worker.sizes, unfit)
