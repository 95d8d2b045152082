"""What came of an attempt, as it is written down."""

from __future__ import annotations

from bot.dispatch.keeping import Keeping
from bot.dispatch.outcome import Again, Blocked, Drawn, Impossible, Outcome, failed, failure
from bot.dispatch.retrying import PLACE
from bot.dispatch.studio import Studio
from bot.domain.job import Job

MAX_STRIKES = 2


async def settle(studio: Studio, id: str, keeping: Keeping | None, outcome: Outcome) -> Job | None:
    """Write it; the job as it is now, None when the attempt is not its own any more.

    Raises ValueError where a picture is missing that was stored before, Withheld where nobody is
    to see the pictures, and what the store does.
    """
    jobs, now = studio.jobs, studio.clock()
    if keeping is None:
        impossible = isinstance(outcome, Impossible)
        return await jobs.refuse(id, failure(outcome.code), now) if impossible else None
    attempt = keeping.job.attempt
    match outcome:
        case Blocked():
            return await jobs.block(id, failure(outcome.code), now, attempt)
        case Drawn():
            return await _succeed(studio, keeping, outcome, now)
    await keeping.record()
    match outcome:
        case Again(strike=False):
            return await jobs.give_back(id, attempt)
        case Again():
            return await jobs.strike(id, attempt, MAX_STRIKES, failure("worker_died"), now)
        case Impossible():
            return await jobs.fail(id, failed(outcome, keeping.job.request.size), now, attempt)


async def _succeed(studio: Studio, keeping: Keeping, drawn: Drawn, now: float) -> Job | None:
    job = keeping.job
    try:
        return await studio.jobs.succeed(
            job.id, job.attempt, drawn.seconds, drawn.engine, now, keeping.last, studio.stance
        )
    except PLACE:
        # Perhaps the pictures, at least, need no second drawing.
        await keeping.record()
        raise
