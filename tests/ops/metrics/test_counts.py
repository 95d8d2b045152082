"""What is counted of the news, and by which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
    Gateway,
    Planned,
    Posted,
    Posting,
    Postponed,
    Stepped,
    Tried,
)
from bot.ops.metrics.counts import ANSWER_S, Counts
from tests.kit.executor import Clock
from tests.kit.values import MORNING, a_job

SEAT = ("node", "cuda:0")


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING)


@pytest.fixture
def seconds() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def counts(clock: Clock, seconds: Clock) -> Counts:
    return Counts(clock, seconds)


def ended(status: JobStatus = JobStatus.SUCCEEDED, after_s: float = 9.0, code: str = "") -> Job:
    failure = Failure("It failed.", "ABCDEF", code=code) if code else None
    return replace(a_job(status=status), finished_at=MORNING + after_s, failure=failure)


def test_a_job_that_goes_on_after_a_start_was_counted_before(counts: Counts) -> None:
    counts(Accepted(a_job(), 0.02))
    counts(Accepted(a_job(), again=True))
    assert dict(counts.accepted) == {("imagine", "fast"): 1}
    assert counts.submits.count == 1


def test_only_the_first_attempt_ends_a_wait(counts: Counts) -> None:
    job = replace(a_job(), started_at=MORNING + 40, attempt=1)
    counts(Begun(job, "w1", SEAT))
    counts(Begun(replace(job, attempt=2, started_at=MORNING + 400), "w1", SEAT))
    assert (counts.waits["fast"].count, counts.waits["fast"].sum) == (1, 40)


def test_steps_are_counted_by_model_and_place_with_their_company(counts: Counts) -> None:
    counts(Stepped("a" * 32, "tiny", SEAT, 1, 4, 0.0, 1))  # the first has none before it
    counts(Stepped("a" * 32, "tiny", SEAT, 2, 4, 0.3, 4))
    assert counts.steps["tiny", "node", "cuda:0"].sum == 0.3
    assert (counts.company.count, counts.company.sum) == (1, 4)


def test_ends_are_counted_by_status_and_code(counts: Counts) -> None:
    counts(Ended(ended(), 3.5))
    counts(Ended(ended(JobStatus.FAILED, 2.0, "out_of_memory"), why="no room"))
    counts(Ended(ended(JobStatus.CANCELLED)))
    assert dict(counts.ended) == {
        ("succeeded", ""): 1,
        ("failed", "out_of_memory"): 1,
        ("cancelled", ""): 1,
    }
    assert counts.lives["succeeded"].sum == 9.0
    assert counts.drawings["tiny"].sum == 3.5


def test_attempts_are_counted_by_what_came_of_them(counts: Counts) -> None:
    for outcome in ("drawn", "lost", "lost"):
        counts(Tried(a_job(), 1, outcome))
    assert dict(counts.tried) == {("drawn",): 1, ("lost",): 2}


def test_deliveries_are_timed_from_the_end_of_the_job(counts: Counts, clock: Clock) -> None:
    job = ended(after_s=10)
    clock.now = MORNING + 12.5
    counts(Posting(job, Kind.RESULT))
    counts(Postponed(job, Kind.RESULT, "away"))
    counts(Posted(job, Kind.RESULT, 7, 1))
    counts(Posted(job, Kind.END, 0, 0))
    counts(Abandoned(job, Kind.DM, "refused"))
    assert dict(counts.delivered) == {("result",): 1, ("end",): 1}
    assert dict(counts.undelivered) == {("result", "away"): 1, ("dm", "given up: refused"): 1}
    assert counts.deliveries["result"].sum == 2.5


def test_the_first_answer_is_timed_once(counts: Counts, seconds: Clock) -> None:
    counts(Asked(1, "command", "imagine"))
    seconds.now += 0.4
    counts(Called("interaction answer", 500, 0.1, interaction=1))
    counts(Called("interaction answer", 204, 0.1, interaction=1))
    seconds.now += 5
    counts(Called("interaction answer", 204, 0.1, interaction=1))
    counts(Called("interaction answer", 204, 0.1, interaction=99))
    counts(Answered(1, "command", "imagine", "QueueFull"))
    assert (counts.answers.count, counts.answers.sum) == (1, pytest.approx(0.4))
    assert dict(counts.interactions) == {("command", "imagine", "QueueFull"): 1}
    assert counts.unanswered() == 0


def test_who_waits_in_vain_is_counted_when_discord_gives_up(counts: Counts, seconds: Clock) -> None:
    for id in range(3):
        counts(Asked(id, "press", "like"))
    counts(Called("interaction answer", 404, 2.0, interaction=0))
    assert counts.unanswered() == 0
    seconds.now += ANSWER_S + 0.1
    counts(Asked(3, "press", "like"))
    assert counts.unanswered() == 3
    counts(Called("interaction answer", 204, 0.1, interaction=1))
    assert counts.answers.count == 0
    seconds.now += ANSWER_S + 0.1
    assert counts.unanswered() == 4
    assert counts._asked == {}


def test_requests_are_counted_by_class_and_limits_by_whose_they_are(counts: Counts) -> None:
    counts(Called("message post", 200, 0.1, exhausted=True))
    counts(Called("message post", 0, 0.1))
    for scope in ("user", "shared", "global", "made up"):
        counts(Called("message post", 429, 0.1, scope))
    assert counts.calls["message post", "200"] == 1
    assert counts.calls["message post", "lost"] == 1
    assert counts.calls["message post", "429"] == 4
    assert {words[1] for words, _ in counts.limited} == {"user", "shared", "global", "unknown"}
    assert counts.exhausted["message post"] == 1
    assert counts.roads["message post"].count == 6


def test_the_rest(counts: Counts) -> None:
    counts(Planned(0.01))
    counts(Gateway(0, "connected"))
    counts(Gateway(0, "lost"))
    assert counts.plans.sum == 0.01
    assert dict(counts.gateway) == {("connected",): 1, ("lost",): 1}
