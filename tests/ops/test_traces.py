"""Spans of a job: one trace from the interaction to the delivery."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import StatusCode

from bot.domain.delivery import Kind
from bot.domain.job import Failure, Job, JobStatus
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
from bot.ops.traces import Traces
from bot.watching import _collector
from tests.kit.spans import Spans, about, seconds
from tests.kit.values import a_job, a_request

SEAT = ("node", "cuda:0")
SECOND = 1_000_000_000


class Times:
    """Nanoseconds; one second passes with each look unless told otherwise."""

    def __init__(self) -> None:
        self.now = 1000 * SECOND

    def __call__(self) -> int:
        return self.now

    def after(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def spans(times: Times) -> Spans:
    return Spans(clock=times)


@pytest.fixture
def hear(spans: Spans, times: Times) -> Callable[..., None]:
    """Everything in one task, a second between each piece of news and the next."""
    task = contextvars.copy_context()

    def heard(*news: News) -> None:
        for each in news:
            task.run(spans.traces, each)
            times.after(1)

    return heard


def job(status: JobStatus = JobStatus.WAITING, **more: object) -> Job:
    return replace(a_job(a_request("a very secret fox"), status=status), **more)  # type: ignore[arg-type]


def step(of: Job, number: int, company: int = 1) -> Stepped:
    return Stepped(of.id, "tiny", SEAT, number, 4, 0.1, company)


def drawn(one: Job, attempt: int = 1) -> list[News]:
    running = replace(one, status=JobStatus.RUNNING, attempt=attempt)
    done = replace(one, status=JobStatus.SUCCEEDED, attempt=attempt)
    steps = [step(one, number) for number in range(1, 5)]
    return [Begun(running, "w1", SEAT), *steps, Tried(done, attempt, "drawn"), Ended(done, 2.0)]


def test_one_trace_from_the_interaction_to_the_delivery(spans: Spans, hear) -> None:
    one = job()
    hear(
        Asked(7, "command", "imagine"), Planned(0.25), Accepted(one, 0.5),
        Called("interaction answer", 200, 0.1, interaction=7),
        Answered(7, "command", "imagine"), *drawn(one),
        Posting(one, Kind.RESULT), Posted(one, Kind.RESULT, 77, 0), Posted(one, Kind.END, 0, 0),
    )  # fmt: skip
    asked, whole = spans.one("command imagine"), spans.one("job")
    assert spans.under(asked) == ["plan", "submit", "job"]
    assert spans.under(whole) == ["waiting", "drawing", "encoding", "posting"]
    assert len({span.context.trace_id for span in spans.ended}) == 1
    assert (seconds(spans.one("plan")), seconds(spans.one("submit"))) == (0.25, 0.5)
    assert seconds(spans.one("waiting")) == 3
    assert seconds(spans.one("drawing")) == 4  # to its last step
    assert seconds(spans.one("encoding")) == 1
    assert [event.name for event in asked.events] == ["first answer"]
    assert about(asked) == {"interaction": "7", "outcome": "done"}
    assert about(whole)["job"] == one.id
    assert (about(whole)["action"], about(whole)["status"]) == ("imagine", "succeeded")
    assert about(whole)["speed"] == Speed.FAST.value
    drawing = spans.one("drawing")
    assert [event.attributes["easel.step"] for event in drawing.events] == [1, 2, 3, 4]
    assert about(drawing) == {"attempt": 1, "worker": "w1", "steps": 4, "outcome": "drawn"}
    assert about(spans.one("posting"))["tries"] == 1


def test_an_attempt_that_is_lost_is_a_span_of_its_own(spans: Spans, hear) -> None:
    one = job()
    again = replace(one, attempt=1)
    hear(
        Asked(7, "press", "reroll"), Accepted(one, 0.1), Answered(7, "press", "reroll"),
        Begun(replace(one, attempt=1), "w1", SEAT), step(one, 1), Tried(again, 1, "lost", "gone"),
        *drawn(one, 2), Posting(one, Kind.RESULT), Postponed(one, Kind.RESULT, "away"),
        Posting(one, Kind.RESULT), Posted(one, Kind.RESULT, 77, 1),
    )  # fmt: skip
    whole = spans.one("job")
    assert spans.under(whole) == [
        "waiting", "drawing", "waiting", "drawing", "encoding", "posting", "posting",
    ]  # fmt: skip
    lost, drawing = spans.all("drawing")
    assert (lost.status.status_code, lost.status.description) == (StatusCode.ERROR, "lost")
    assert drawing.status.status_code is StatusCode.UNSET
    away, posted = spans.all("posting")
    assert (away.status.status_code, away.status.description) == (StatusCode.ERROR, "away")
    assert about(posted)["tries"] == 2


def test_several_jobs_of_one_interaction_are_in_its_trace(spans: Spans, hear) -> None:
    jobs = [job() for _ in range(3)]
    hear(Asked(7, "press", "draw"), *(Accepted(one, 0.1) for one in jobs))
    hear(Answered(7, "press", "draw"))
    for one in jobs:
        hear(*drawn(one), Posting(one, Kind.RESULT), Posted(one, Kind.RESULT, 1, 0))
    [asked] = spans.all("press draw")
    assert {about(span)["job"] for span in spans.children(asked) if span.name == "job"} == {
        one.id for one in jobs
    }


@pytest.mark.parametrize(
    ("status", "failure"),
    [(JobStatus.CANCELLED, None), (JobStatus.FAILED, Failure("No.", "A1B2C3", code="bad_input"))],
)
def test_a_job_without_pictures_ends_with_its_end(
    spans: Spans, hear, status: JobStatus, failure: Failure | None
) -> None:
    one = job()
    hear(Accepted(one, 0.1), Ended(replace(one, status=status, failure=failure)))
    whole = spans.one("job")
    assert about(whole)["status"] == status.value
    assert about(whole).get("reference") == (failure.reference if failure else None)
    assert (whole.status.status_code is StatusCode.ERROR) is (failure is not None)
    assert spans.under(whole) == ["waiting"]
    assert spans.traces._lives == {}


def test_after_a_start_a_job_begins_a_trace_that_names_it(spans: Spans, hear) -> None:
    one, drawn_before = job(), job(JobStatus.SUCCEEDED)
    hear(Accepted(one, again=True), *drawn(one))
    for each in (one, drawn_before):
        hear(Posting(each, Kind.RESULT), Posted(each, Kind.RESULT, 77, 0))
    first, second = spans.all("job")
    assert first.parent is second.parent is None
    assert (about(first)["job"], about(first)["after_start"]) == (one.id, True)
    assert about(second)["job"] == drawn_before.id
    assert spans.under(second) == ["posting"]


def test_what_cannot_be_posted_ends_it(spans: Spans, hear) -> None:
    one = job()
    hear(Accepted(one, 0.1), *drawn(one), Posting(one, Kind.RESULT))
    hear(Abandoned(one, Kind.RESULT, "refused"))
    assert spans.one("posting").status.description == "refused"
    assert spans.one("job").end_time


def test_other_messages_of_a_job_are_no_spans(spans: Spans, hear) -> None:
    one = job(JobStatus.SUCCEEDED)
    hear(Posting(one, Kind.END), Posted(one, Kind.END, 0, 0), Posting(one, Kind.DM))
    assert list(spans.ended) == []


def test_no_more_are_followed_than_there_is_room_for(times: Times) -> None:
    spans = Spans(clock=times, most=3)
    for number in range(10):
        spans.traces(Asked(number, "command", "imagine"))
        spans.traces(Accepted(job(), 0.1))
    assert len(spans.traces._lives) == 3
    assert len(spans.traces._interactions) == 3
    assert len(spans.all("job")) == 7
    assert all(span.end_time for span in spans.ended)


async def test_closing_ends_what_is_under_way(spans: Spans, hear) -> None:
    hear(Asked(7, "command", "imagine"), Accepted(job(), 0.1))
    await spans.traces.close()
    assert {span.name for span in spans.ended} == {"command imagine", "submit", "job", "waiting"}


async def test_closing_waits_for_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    provider = TracerProvider()
    monkeypatch.setattr(provider, "shutdown", answered.wait)
    await Traces(provider).close(flush_s=0.02)
    assert not answered.is_set()
    answered.set()


def test_no_span_says_who_and_what(spans: Spans, hear) -> None:
    one = job()
    hear(Asked(7, "command", "imagine"), Accepted(one, 0.1), *drawn(one))
    hear(Answered(7, "command", "imagine"), Posting(one, Kind.RESULT))
    hear(Posted(one, Kind.RESULT, 77, 0))
    text = "".join(span.to_json() for span in spans.ended)
    assert "secret" not in text
    assert str(one.user) not in {
        str(value) for span in spans.ended for value in about(span).values()
    }


TO = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, ""),
        (TO, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "x"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ({**TO, "OTEL_EXPORTER_OTLP_ENDPOINT": ""}, ""),
        ({**TO, "OTEL_SDK_DISABLED": "true"}, ""),
        ({**TO, "OTEL_TRACES_EXPORTER": "none"}, ""),
    ],
)
def test_the_standard_variables_say_whether_there_are_any(
    environ: Mapping[str, str], variable: str
) -> None:
    assert _collector(environ) == variable
