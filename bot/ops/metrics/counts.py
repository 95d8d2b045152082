"""Counts what happens. Every label is a word of this program's own, a status or a model's name;
none is a person, a server, a job or anything that somebody typed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bot.domain.delivery import Kind
from bot.domain.job import Job
from bot.domain.measures import COUNTS, LONG, SECONDS, Spread, Spreads, Tally
from bot.domain.news import (
    Abandoned,
    Accepted,
    Answered,
    Asked,
    Begun,
    Called,
    Ended,
    Gateway,
    News,
    Planned,
    Posted,
    Postponed,
    Stepped,
    Tried,
)
from bot.domain.speed import Speed

ANSWER_S = 3.0
"""So long Discord waits for the first answer to an interaction."""
STEPS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MANY = 1000
"""Commands and what came of them, or models and devices, that are told apart."""
_OK = 200, 300
_SCOPES = frozenset({"user", "global", "shared"})


class Counts:
    """Hears everything. `clock` returns UTC seconds since the epoch, `monotonic` those that only
    grow."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._asked: dict[int, float] = {}
        self.accepted, self.ended, self.tried = Tally(), Tally(), Tally()
        self.waits, self.lives = Spreads(LONG), Spreads(LONG)
        self.steps, self.company = Spreads(STEPS, MANY), Spread(COUNTS)
        self.drawings = Spreads(LONG)
        self.plans, self.submits = Spread(SECONDS), Spread(SECONDS)
        self.delivered, self.undelivered = Tally(), Tally()
        self.deliveries = Spreads(LONG)
        self.interactions, self._late = Tally(MANY), 0
        self.answers = Spread(SECONDS)
        self.calls, self.limited, self.exhausted = Tally(MANY), Tally(), Tally()
        self.roads = Spreads(SECONDS)
        self.gateway = Tally()
        self._heard: dict[type, Callable[[Any], None]] = {
            Planned: self._planned,
            Accepted: self._accepted,
            Begun: self._begun,
            Stepped: self._stepped,
            Tried: self._tried,
            Ended: self._ended,
            Posted: self._posted,
            Postponed: self._postponed,
            Abandoned: self._abandoned,
            Asked: self._was_asked,
            Answered: self._answered,
            Called: self._called,
            Gateway: self._connection,
        }

    def __call__(self, news: News) -> None:
        """Count it, where it is something to be counted."""
        if hear := self._heard.get(type(news)):
            hear(news)

    # Jobs

    def _planned(self, news: Planned) -> None:
        self.plans.add(news.seconds)

    def _accepted(self, news: Accepted) -> None:
        if not news.again:
            self.accepted.add(news.job.action.value, _speed(news.job))
            if news.seconds:  # what is taken out of a grid needs no hold
                self.submits.add(news.seconds)

    def _begun(self, news: Begun) -> None:
        job = news.job
        if job.attempt == 1 and job.started_at is not None:
            self.waits.add(job.started_at - job.created_at, _speed(job))

    def _stepped(self, news: Stepped) -> None:
        if news.seconds:
            self.steps.add(news.seconds, news.model, *news.device)
            self.company.add(news.company)

    def _tried(self, news: Tried) -> None:
        self.tried.add(news.outcome)

    def _ended(self, news: Ended) -> None:
        job = news.job
        self.ended.add(job.status.value, job.failure.code if job.failure else "")
        if job.finished_at is not None:
            self.lives.add(job.finished_at - job.created_at, job.status.value)
        if news.seconds:
            self.drawings.add(news.seconds, job.request.model)

    # Deliveries

    def _posted(self, news: Posted) -> None:
        self.delivered.add(news.kind.value)
        if news.kind is Kind.RESULT:
            since = news.job.finished_at or news.job.created_at
            self.deliveries.add(self._clock() - since, news.kind.value)

    def _postponed(self, news: Postponed) -> None:
        self.undelivered.add(news.kind.value, news.why)

    def _abandoned(self, news: Abandoned) -> None:
        self.undelivered.add(news.kind.value, f"given up: {news.why}")

    # Discord

    def _was_asked(self, news: Asked) -> None:
        now = self._monotonic()
        self._forget(now)
        self._asked[news.id] = now

    def _forget(self, now: float) -> None:
        """Whoever was not answered in time: Discord told them that the bot failed."""
        while self._asked:
            id, since = next(iter(self._asked.items()))
            if now - since <= ANSWER_S:
                return
            del self._asked[id]
            self._late += 1

    def _answered(self, news: Answered) -> None:
        self.interactions.add(news.kind, news.name, news.error or "done")

    def _called(self, news: Called) -> None:
        self.calls.add(news.road, str(news.status or "lost"))
        self.roads.add(news.seconds, news.road)
        if news.status == 429:
            scope = news.scope if news.scope in _SCOPES else "unknown"
            self.limited.add(news.road, scope)
        if news.exhausted:
            self.exhausted.add(news.road)
        if news.interaction and _OK[0] <= news.status < _OK[1]:
            self._first_answer(news.interaction)

    def _first_answer(self, id: int) -> None:
        now = self._monotonic()
        self._forget(now)
        since = self._asked.pop(id, None)
        if since is not None:
            self.answers.add(now - since)

    def _connection(self, news: Gateway) -> None:
        self.gateway.add(news.what)

    def unanswered(self) -> int:
        """Interactions that were not answered in time, as of now."""
        self._forget(self._monotonic())
        return self._late


def _speed(job: Job) -> str:
    return Speed.of(job.request.extra).value
