"""The log of what becomes of each job: one line for each change of its state, by its id.

It holds who asked and where, by their ids, and never what for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from bot.domain.delivery import Kind
from bot.domain.job import Job, JobStatus
from bot.domain.news import Abandoned, Accepted, Begun, Ended, News, Posted, Tried
from bot.domain.speed import Speed
from bot.ops.logs import said

log = logging.getLogger(__name__)


class JobLog:
    """Hears of jobs. `clock` returns UTC seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def __call__(self, news: News) -> None:
        """Whatever is no change of a job's state is passed over."""
        match news:
            case Accepted(job=job, again=again):
                _line(job, "waits again after a start" if again else "accepted", **_asked(job))
            case Begun(job=job, worker=worker):
                waited = None if job.started_at is None else job.started_at - job.created_at
                _line(job, "started", attempt=job.attempt, worker=worker, waited=waited)
            case Tried(job=job, no=no, outcome=outcome, why=why):
                if job.status is JobStatus.WAITING:
                    _line(job, _because("waits again", why), attempt=no, after=outcome)
            case Ended(job=job, seconds=seconds, why=why):
                _end(job, seconds, why)
            case Posted(job=job, kind=kind, message=message, tries=tries) if kind is not Kind.END:
                after = self._clock() - (job.finished_at or job.created_at)
                _line(job, "delivered", kind=kind.value, message_id=message, tries=tries + 1,
                      after=after)  # fmt: skip
            case Abandoned(job=job, kind=kind, why=why):
                _line(job, "not delivered", logging.WARNING, kind=kind.value, why=why)


def _asked(job: Job) -> dict[str, Any]:
    request = job.request
    return {
        "action": request.action.value,
        "speed": Speed.of(request.extra).value,
        "model": request.model,
        "user": job.user,
        "server": job.origin.guild,
        "batch": job.batch,
    }


def _end(job: Job, seconds: float, why: str) -> None:
    total = None if job.finished_at is None else job.finished_at - job.created_at
    spent = {"attempt": job.attempt, "drawing": seconds or None, "total": total}
    failure = job.failure
    if failure is None:
        _line(job, _because(job.status.value, why), **spent)
        return
    text = _because(f"failed, reference {failure.reference}", why)
    level = logging.INFO if failure.code == "blocked" else logging.ERROR
    _line(job, text, level, code=failure.code, **spent)


def _because(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what


def _line(job: Job, what: str, level: int = logging.INFO, **fields: Any) -> None:
    log.log(level, "job %s %s", job.id, what, extra=said(**fields))
