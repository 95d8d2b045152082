"""What workers answer beside drawing, asked for by use cases that wait for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from bot.domain.errors import EngineError, RenderFailed, Unable, new_reference
from bot.domain.language import _
from bot.engine.seam import Answer, Executor, Question, Worker

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""A model may have to be loaded for it."""
BAD_INPUT = frozenset({"bad_input"})


class Answers:
    """Of the workers of an executor."""

    def __init__(self, executor: Executor, patience_s: float = PATIENCE_S) -> None:
        self._executor = executor
        self._patience_s = patience_s

    async def to(self, question: Question, doing: str, told: Collection[str] = BAD_INPUT) -> Answer:
        """`doing` completes the sentences "… takes too long" and "the model failed at …"; refusals
        of a code in `told` are said as they stand. Raises Unable where no worker can say it."""
        worker = self._worker(question.model)
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._executor.ask(worker.id, question)
        except TimeoutError:
            raise Unable(
                _(
                    "{doing} takes too long just now; try again in a minute.",
                    doing=_(doing).capitalize(),
                )
            ) from None
        except RenderFailed as failure:
            if failure.code in told:
                raise Unable(str(failure)) from None
            raise _trouble(failure, doing) from None
        except EngineError as error:
            raise _trouble(error, doing) from None

    def _worker(self, model: str) -> Worker:
        """One with the model in memory, if there is one; the least busy of them."""
        there = [
            each for each in self._executor.workers() if each.error is None and not each.draining
        ]
        if not there:
            raise Unable(_("No worker is there for this; try again in a minute."))
        return min(there, key=lambda each: (model not in each.loaded, len(each.drawing)))


def _trouble(error: EngineError, doing: str) -> Unable:
    reference = new_reference()
    log.error("reference %s: %s failed: %s", reference, doing, error)
    return Unable(
        _(
            "The model failed at {doing} just now (reference `{reference}`); try again in a"
            " minute.",
            doing=_(doing),
            reference=reference,
        )
    )
