"""One line for each change of a job's state, by its id; never what it shows."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from bot.domain.delivery import Kind
from bot.domain.job import Failure, Job, JobStatus
from bot.domain.news import (
    Abandoned,
    Accepted,
    Begun,
    Ended,
    News,
    Planned,
    Posted,
    Posting,
    Stepped,
    Tried,
)
from bot.ops.joblog import JobLog
from bot.ops.logs import Redacting
from tests.kit.executor import Clock
from tests.kit.values import ANNA, GUILD, MORNING, a_job, a_request

SEAT = ("node", "cuda:0")


class Line:
    """A logged line as an operator sees it."""

    def __init__(self, record: logging.LogRecord) -> None:
        self.level = record.levelno
        self.text = Redacting().format(record).partition("joblog: ")[2]


@pytest.fixture
def hear(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "bot.ops.joblog")
    log = JobLog(Clock(MORNING + 30))

    def heard(news: News) -> Line | None:
        caplog.clear()
        log(news)
        return Line(caplog.records[0]) if caplog.records else None

    return heard


def job(**more: object) -> Job:
    return replace(a_job(a_request("a very secret fox")), **more)  # type: ignore[arg-type]


def test_the_life_of_a_job_can_be_read(hear) -> None:
    one = job()
    running = replace(one, attempt=2, started_at=MORNING + 3.5, status=JobStatus.RUNNING)
    done = replace(running, status=JobStatus.SUCCEEDED, finished_at=MORNING + 20)
    assert hear(Accepted(one, 0.1)).text == (
        f"job {one.id} accepted action=imagine speed=fast model=tiny user={ANNA} server={GUILD}"
    )
    assert hear(Begun(running, "w1", SEAT)).text == (
        f"job {one.id} started attempt=2 worker=w1 waited=3.500"
    )
    assert hear(Ended(done, 12.25)).text == (
        f"job {one.id} succeeded attempt=2 drawing=12.250 total=20.000"
    )
    assert hear(Posted(done, Kind.RESULT, 77, 1)).text == (
        f"job {one.id} delivered kind=result message_id=77 tries=2 after=10.000"
    )


def test_what_waits_again_says_why(hear) -> None:
    line = hear(Tried(job(), 1, "lost", "Worker w1 ended with status 1."))
    assert "waits again: Worker w1 ended with status 1. attempt=1 after=lost" in line.text
    assert hear(Tried(job(status=JobStatus.SUCCEEDED), 1, "drawn")) is None
    assert "waits again after a start" in hear(Accepted(job(), again=True)).text


@pytest.mark.parametrize(
    ("code", "level"), [("out_of_memory", logging.ERROR), ("blocked", logging.INFO)]
)
def test_a_failure_has_the_reference_that_people_are_told(hear, code: str, level: int) -> None:
    failure = Failure("It needs more memory.", "A1B2C3", code=code)
    failed = job(status=JobStatus.FAILED, failure=failure, finished_at=MORNING + 9, attempt=3)
    line = hear(Ended(failed, why="CUDA out of memory"))
    assert line.level == level
    assert line.text == (
        f"job {failed.id} failed, reference A1B2C3: CUDA out of memory"
        f" code={code} attempt=3 total=9.000"
    )


def test_who_cancelled_is_said(hear) -> None:
    cancelled = job(status=JobStatus.CANCELLED, finished_at=MORNING + 1)
    line = hear(Ended(cancelled, why=f"by {ANNA}")).text
    assert line.startswith(f"job {cancelled.id} cancelled: by {ANNA}")


def test_what_cannot_be_posted_is_a_warning(hear) -> None:
    line = hear(Abandoned(job(), Kind.RESULT, "refused"))
    assert (line.level, "not delivered kind=result why=refused" in line.text) == (
        logging.WARNING, True,
    )  # fmt: skip


def test_what_changes_no_state_is_no_line(hear) -> None:
    one = job()
    for news in (
        Planned(0.1),
        Stepped(one.id, "tiny", SEAT, 1, 4, 0.1, 1),
        Posting(one, Kind.RESULT),
        Posted(one, Kind.END, 0, 0),
    ):
        assert hear(news) is None


def test_no_line_says_what_somebody_typed(hear) -> None:
    one = job(status=JobStatus.FAILED, failure=Failure("No.", "A1B2C3"))
    for news in (
        Accepted(one), Begun(one, "w1", SEAT), Ended(one), Posted(one, Kind.RESULT, 1, 0),
        Tried(job(), 1, "lost"), Abandoned(one, Kind.RESULT, "gone"),
    ):  # fmt: skip
        assert "secret" not in hear(news).text
