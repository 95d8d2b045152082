"""The log of how workers come up: started, model loaded or not, and the seconds of each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from bot.engine.seam import Executor, Failed, Loaded, Loading, ModelState, Worker

log = logging.getLogger(__name__)


class StartLog:
    """Compares what it sees with what it saw; the clock starts when it is made."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._up: set[str] = set()
        self._states: dict[tuple[str, str], ModelState] = {}
        self._loading: dict[tuple[str, str], float] = {}

    async def keep(self, executor: Executor) -> None:
        """Look at every change until cancelled."""
        while True:
            version = executor.version
            self.look(executor.workers())
            await executor.changed(version)

    def look(self, workers: Iterable[Worker]) -> None:
        """Log what is new."""
        workers = list(workers)
        self._forget({worker.id for worker in workers})
        for worker in workers:
            if worker.slots_free and worker.id not in self._up:
                self._up.add(worker.id)
                log.info("worker on %s: up after %.1f s", worker.device, self._seconds())
            for model, state in worker.models.items():
                if self._states.get((worker.id, model)) != state:
                    self._states[worker.id, model] = state
                    self._tell(worker, model, state)

    def _tell(self, worker: Worker, model: str, state: ModelState) -> None:
        key = worker.id, model
        match state:
            case Loading():
                self._loading.setdefault(key, self._clock())
            case Loaded():
                seconds = self._clock() - self._loading.pop(key, self._clock())
                log.info("worker on %s: model %s loaded in %.1f s", worker.device, model, seconds)
            case Failed(text=text):
                self._loading.pop(key, None)
                log.warning("worker on %s: model %s: %s", worker.device, model, text)

    def _seconds(self) -> float:
        return self._clock() - self._since

    def _forget(self, living: set[str]) -> None:
        self._up &= living
        for known in (self._states, self._loading):
            for key in [key for key in known if key[0] not in living]:
                del known[key]
