"""Tells each step of one attempt: how long it took, and how many jobs made it together."""

from __future__ import annotations

from bot.dispatch.standing import Assignment
from bot.dispatch.studio import Studio
from bot.domain.news import Stepped
from bot.engine.seam import Begun, Event, LoadingModel, Paused, Progress


class Stepping:
    """Of an attempt that was `given` to a worker."""

    def __init__(self, studio: Studio, given: Assignment) -> None:
        self._studio = studio
        self._given = given
        self._last: float | None = None

    def hear(self, event: Event) -> None:
        """What the attempt says; between two steps nothing else may have been done."""
        match event:
            case Progress(step=step, of=of, t=now):
                seconds = 0.0 if self._last is None else now - self._last
                self._last = now
                entry, device = self._given.entry, self._given.device
                self._studio.tell(
                    Stepped(entry.job, entry.model, device, step, of, seconds, self._company())
                )
            case Begun() | LoadingModel() | Paused():
                self._last = None

    def _company(self) -> int:
        workers = self._studio.executor.workers()
        drawn = next((one.drawing for one in workers if one.id == self._given.worker), {})
        return max(1, len(drawn))
