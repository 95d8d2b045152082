"""OpenTelemetry traces, from an interaction to the delivery of what it asked for.

A job's span holds those of its waiting, drawing, encoding and posting, and is part of the trace of
the interaction that asked for it. Which one that is is known by the job's id, in memory: after a
start of the bot a job begins a trace of its own, which names the job. No span holds what somebody
typed, nor who they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from bot.domain.delivery import Kind
from bot.domain.job import Job, JobStatus
from bot.domain.news import (
    Abandoned,
    Accepted,
    Answered,
    Asked,
    Begun,
    Called,
    Ended,
    News,
    Planned,
    Posted,
    Posting,
    Postponed,
    Stepped,
    Tried,
)
from bot.domain.speed import Speed

MOST = 5000
"""Jobs, and interactions, that are followed at the same time; of more the first is let go."""
FLUSH_S = 3.0

_ASKING: ContextVar[Span | None] = ContextVar("asking", default=None)
"""The interaction that the running task works for."""


@dataclass
class _Life:
    """The spans of a job: its own, and that of what is being done with it. `drawn` is when its
    last step was made, in nanoseconds since the epoch; 0 before that."""

    whole: Span
    stage: Span | None = None
    drawn: int = 0
    posting: Span | None = None


class Traces:
    """Hears of everything between people and their pictures. `clock` returns nanoseconds since the
    epoch."""

    def __init__(
        self, provider: TracerProvider, clock: Callable[[], int] = time.time_ns, most: int = MOST
    ) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("easel")
        self._clock = clock
        self._most = most
        self._interactions: dict[int, Span] = {}
        self._lives: dict[str, _Life] = {}

    def __call__(self, news: News) -> None:
        """Begin and end what it tells of."""
        match news:
            case Asked():
                self._asked(news)
            case Called(interaction=id) if id:
                self._called(id, news)
            case Answered():
                self._answered(news)
            case Planned(seconds=seconds):
                self._past("plan", _ASKING.get(), seconds)
            case Accepted():
                self._accepted(news)
            case Begun() | Stepped() | Tried() | Ended():
                self._drawing(news)
            case Posting(kind=Kind.RESULT) | Posted(kind=Kind.RESULT):
                self._delivery(news)
            case Postponed(kind=Kind.RESULT) | Abandoned(kind=Kind.RESULT):
                self._delivery(news)

    async def close(self, flush_s: float = FLUSH_S) -> None:
        """End everything and hand it over; returns after `flush_s` seconds at most, whether that
        works or not."""
        for life in list(self._lives.values()):
            self._let_go(life)
        for span in self._interactions.values():
            self._end(span)
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def shut() -> None:
            self._provider.shutdown()  # which tries again and again where nobody listens
            with contextlib.suppress(RuntimeError):  # the loop is closed by now
                loop.call_soon_threadsafe(over.set)

        threading.Thread(target=shut, name="traces", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(flush_s):
                await over.wait()

    # Interactions

    def _asked(self, news: Asked) -> None:
        span = self._start(f"{news.kind} {news.name}", None, {"easel.interaction": str(news.id)})
        self._interactions[news.id] = span
        _ASKING.set(span)
        if len(self._interactions) > self._most:
            self._end(self._interactions.pop(next(iter(self._interactions))))

    def _called(self, id: int, news: Called) -> None:
        if span := self._interactions.get(id):
            about = {"http.response.status_code": news.status}
            span.add_event("first answer", about, self._clock())

    def _answered(self, news: Answered) -> None:
        if span := self._interactions.pop(news.id, None):
            span.set_attribute("easel.outcome", news.error or "done")
            self._end(span)

    # Jobs

    def _accepted(self, news: Accepted) -> None:
        asking = None if news.again else _ASKING.get()
        if asking:
            self._past("submit", asking, news.seconds)
        life = self._life(news.job, asking, again=news.again)
        life.stage = self._start("waiting", life.whole)

    def _life(self, job: Job, asking: Span | None = None, again: bool = True) -> _Life:
        request = job.request
        about: dict[str, Any] = {
            "easel.job": job.id,
            "easel.action": request.action.value,
            "easel.speed": Speed.of(request.extra).value,
            "easel.model": request.model,
            "easel.pictures": request.count,
            "easel.after_start": again,
        }
        if len(self._lives) >= self._most:
            self._let_go(self._lives.pop(next(iter(self._lives))))
        life = self._lives[job.id] = _Life(self._start("job", asking, about))
        return life

    def _drawing(self, news: Begun | Stepped | Tried | Ended) -> None:
        life = self._lives.get(news.job if isinstance(news, Stepped) else news.job.id)
        if life is None:
            return
        match news:
            case Begun(job=job, worker=worker):
                self._end(life.stage)
                about = {"easel.attempt": job.attempt, "easel.worker": worker}
                life.stage, life.drawn = self._start("drawing", life.whole, about), 0
            case Stepped():
                self._stepped(life, news)
            case Tried(job=job, outcome=outcome):
                self._tried(life, outcome)
                if job.status is JobStatus.WAITING:
                    life.stage = self._start("waiting", life.whole)
            case Ended(job=job):
                self._ended(life, job)

    def _stepped(self, life: _Life, news: Stepped) -> None:
        if life.stage is None:
            return
        about = {"easel.step": news.step, "easel.company": news.company}
        life.stage.add_event("step", about, self._clock())
        life.stage.set_attribute("easel.steps", news.step)
        life.drawn = self._clock() if news.step >= news.of else 0

    def _tried(self, life: _Life, outcome: str) -> None:
        if life.stage is None:
            return
        life.stage.set_attribute("easel.outcome", outcome)
        if outcome != "drawn":
            life.stage.set_status(Status(StatusCode.ERROR, outcome))
        self._end(life.stage, life.drawn)
        if life.drawn:
            self._end(self._start("encoding", life.whole, at=life.drawn))
        life.stage, life.drawn = None, 0

    def _ended(self, life: _Life, job: Job) -> None:
        self._end(life.stage)
        life.stage = None
        life.whole.set_attribute("easel.status", job.status.value)
        if job.status is JobStatus.SUCCEEDED:
            return  # until it is delivered
        if failure := job.failure:
            life.whole.set_attribute("easel.reference", failure.reference)
            life.whole.set_status(Status(StatusCode.ERROR, failure.code))
        self._end(life.whole)
        del self._lives[job.id]

    # Deliveries

    def _delivery(self, news: Posting | Posted | Postponed | Abandoned) -> None:
        life = self._lives.get(news.job.id) or self._life(news.job)
        match news:
            case Posting(job=job):
                self._end(life.posting)
                life.posting = self._start("posting", life.whole, {"easel.job": job.id})
                return
            case Posted(tries=tries) if life.posting:
                life.posting.set_attribute("easel.tries", tries + 1)
            case Postponed(why=why) | Abandoned(why=why) if life.posting:
                life.posting.set_status(Status(StatusCode.ERROR, why))
        self._end(life.posting)
        life.posting = None
        if not isinstance(news, Postponed):
            self._end(life.whole)
            del self._lives[news.job.id]

    # Spans

    def _start(
        self, name: str, parent: Span | None, about: Mapping[str, Any] | None = None, at: int = 0
    ) -> Span:  # fmt: skip
        within = set_span_in_context(parent) if parent else None
        return self._tracer.start_span(
            name, within, attributes=about, start_time=at or self._clock()
        )

    def _end(self, span: Span | None, at: int = 0) -> None:
        if span is not None:
            span.end(at or self._clock())

    def _past(self, name: str, parent: Span | None, seconds: float) -> None:
        """What is over took so long."""
        if parent:
            self._end(self._start(name, parent, at=self._clock() - int(seconds * 1e9)))

    def _let_go(self, life: _Life) -> None:
        self._end(life.stage)
        self._end(life.posting)
        self._end(life.whole)


def traces_of(environ: Mapping[str, str], version: str) -> Traces:
    """To where the standard variables say (OTEL_EXPORTER_OTLP_ENDPOINT and others), by OTLP over
    HTTP."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = {SERVICE_VERSION: version}
    named = "OTEL_SERVICE_NAME" in environ or "service.name=" in environ.get(_ATTRIBUTES, "")
    resource = Resource.create(about if named else about | {SERVICE_NAME: "easel"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)


_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"
