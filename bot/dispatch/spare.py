"""Drawing what nobody asked for, while nobody waits: whoever comes meanwhile goes first.

There is no job, so that nothing is stored, charged or posted; what is left undone is asked for
again by who wanted it.
"""

from __future__ import annotations

import asyncio
import uuid

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.errors import Busy, Cancelled, RenderFailed
from bot.domain.request import GenerationRequest
from bot.domain.safety import ANYTHING, SafetySetting, Stance, Verdict
from bot.engine.seam import Attempt, Executor, Images, Worker


class Spare:
    """The workers' spare time."""

    def __init__(
        self, executor: Executor, dispatcher: Dispatcher, stance: Stance = ANYTHING
    ) -> None:
        self._executor = executor
        self._dispatcher = dispatcher
        self._stance = stance

    async def draw(self, request: GenerationRequest) -> dict[int, bytes] | None:
        """All pictures, encoded, by index; None where there is no time for it just now.

        Raises EngineError where it cannot be drawn, or where not everybody may see it.
        """
        worker = None if self._dispatcher.busy else self._idle(request.model)
        if worker is None:
            return None
        wanted = tuple(range(request.count))
        attempt = Attempt(uuid.uuid4().hex, 1, request.model, wanted, request.wire())
        try:
            return await self._drawn(worker.id, attempt)
        except (Busy, Cancelled):
            return None

    def _idle(self, model: str) -> Worker | None:
        workers = (each for each in self._executor.workers() if not each.busy)
        return next(
            (each for each in workers if each.room(model, 0) and model in each.loaded), None
        )

    async def _drawn(self, worker: str, attempt: Attempt) -> dict[int, bytes]:
        pictures: dict[int, bytes] = {}
        scores: dict[int, float] = {}
        stream = self._executor.run_batch(worker, [attempt])
        try:
            async for _, event in stream:
                if isinstance(event, Images):
                    pictures |= event.data
                    scores |= event.scores
                elif self._dispatcher.busy:
                    await self._executor.cancel(worker, attempt.job, attempt.no)
        except asyncio.CancelledError:
            await self._executor.cancel(worker, attempt.job, attempt.no)
            raise
        policy = self._stance.effective(SafetySetting())
        if policy.verdict(map(scores.get, pictures)) is not Verdict.FINE:
            raise RenderFailed("blocked", "The picture check found something in it.")
        return pictures
