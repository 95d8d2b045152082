"""What the workers are doing, by node and device: an incarnation has no label of its own, for there
is no end of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import Metric

from bot.domain.measures import OTHER, Tally
from bot.engine.seam import Executor, Failed, Loaded, ModelState, Worker
from bot.ops.metrics.families import counter, gauges

SEAT = ("node", "device")
MOST = 200
"""Models, or models and sizes, of which one scrape tells."""


class Lives:
    """Counts the incarnations of workers, even those that are gone before anybody asks."""

    def __init__(self) -> None:
        self.starts = Tally()
        self._known: set[str] = set()

    async def keep(self, executor: Executor) -> None:
        """Look at every change until cancelled."""
        while True:
            version = executor.version
            self.look(executor.workers())
            await executor.changed(version)

    def look(self, workers: Iterable[Worker]) -> None:
        """Count who is new."""
        seats = {worker.id: worker.seat for worker in workers}
        for id in seats.keys() - self._known:
            self.starts.add(*seats[id])
        self._known = set(seats)


def workers(found: Sequence[Worker], lives: Lives) -> Iterator[Metric]:
    """Everything about these."""
    yield gauges(
        "workers", "Workers by what they do.", (*SEAT, "state"),
        Counter((*worker.seat, state(worker)) for worker in found),
    )  # fmt: skip
    yield _sum("worker_jobs", "Jobs drawn together.", found, lambda one: len(one.drawing))
    yield _sum("worker_pictures", "Pictures drawn together.", found, _pictures)
    yield _sum("worker_slots_free", "Jobs that could begin.", found, lambda one: one.slots_free)
    yield _sum("worker_memory_bytes", "Of the device.", found, lambda one: one.vram_mb * 2**20)
    yield counter("worker_starts", "Processes that came up.", SEAT, lives.starts)
    yield from _models(found)


def _sum(
    name: str, help: str, found: Iterable[Worker], value: Callable[[Worker], float]
) -> Metric:  # fmt: skip
    total: dict[tuple[str, ...], float] = {}
    for worker in found:
        total[worker.seat] = total.get(worker.seat, 0) + value(worker)
    return gauges(name, help, SEAT, total)


def _pictures(worker: Worker) -> int:
    return sum(pictures for _, pictures in worker.drawing.values())


def _models(found: Sequence[Worker]) -> Iterator[Metric]:
    states: dict[tuple[str, ...], float] = {}
    rooms: dict[tuple[str, ...], float] = {}
    for worker in found:
        for model, one in worker.models.items():
            key = _within(states, (*worker.seat, model, _word(one)))
            states[key] = states.get(key, 0) + 1
        for (model, pixels), room in worker.rooms.items():
            key = _within(rooms, (*worker.seat, model, f"{pixels / 1e6:.2f}"))
            rooms[key] = min(room, rooms.get(key, room))
    labels = (*SEAT, "model", "state")
    yield gauges("worker_models", "Models by how they stand.", labels, states)
    labels = (*SEAT, "model", "megapixels")
    help = "Pictures of a size that pay together, where that was measured."
    yield gauges("worker_room_pictures", help, labels, rooms)


def state(worker: Worker) -> str:
    """One of: broken, closing, drawing, loading, ready."""
    if worker.trouble:
        return "broken"
    if worker.draining:
        return "closing"
    if not worker.loaded:
        return "loading"
    return "drawing" if worker.drawing else "ready"


def _word(one: ModelState) -> str:
    if isinstance(one, Loaded):
        return "loaded"
    return "failed" if isinstance(one, Failed) else "loading"


def _within(told: dict[tuple[str, ...], float], words: tuple[str, ...]) -> tuple[str, ...]:
    if words in told or len(told) < MOST:
        return words
    return *words[:2], OTHER, OTHER
