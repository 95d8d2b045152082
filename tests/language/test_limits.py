"""What is put together of translations is no longer than Discord takes, in any language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat import batches, wording
from bot.dispatch.outcome import SENTENCES
from bot.domain import legend
from bot.domain.batch import BatchUpdate
from bot.domain.delivery import GivenUp, Kind
from bot.domain.job import NEEDS_MEMORY, Failure, JobStatus, JobUpdate
from bot.domain.language import speaking
from bot.domain.size import Size
from bot.domain.vocabulary import Vocabulary
from bot.language import CATALOGUES, language
from tests.kit import jobs

LONG = "*" * 4000
"""Each of its characters takes two."""
SMALLER = Size(1024, 1024)
REASONS = [
    *SENTENCES.values(),
    *(each.format(size=jobs.request().size, smaller=SMALLER) for each in NEEDS_MEMORY),
]


@pytest.fixture(params=["en-US", *CATALOGUES], autouse=True)
def spoken(request: pytest.FixtureRequest):
    with speaking(language(request.param)):
        yield


def test_progress_and_ends_of_jobs() -> None:
    shown = replace(jobs.variation(), request=replace(jobs.variation().request))
    for status in JobStatus:
        for reason in REASONS:
            failed = Failure(reason, "ABC123", SMALLER)
            job = jobs.job(LONG, status, attempt=1, failure=failed)
            update = JobUpdate(job, position=10**6, wait_s=1e7, fraction=1.0, note="_" * 500)
            assert len(wording.progress(update)) <= wording.CONTENT_LIMIT
    for why in GivenUp:
        assert len(wording.given_up(jobs.job(LONG), why)) <= wording.CONTENT_LIMIT
    assert f"<@{jobs.USER}>" in wording.headline(shown)
    assert len(wording.untold([Kind.DM, *[Kind.RESULT] * 99])) <= wording.CONTENT_LIMIT


def test_progress_of_many_at_once() -> None:
    states = [*JobStatus] * 8
    updates = tuple(
        JobUpdate(
            jobs.job(LONG, state, batch="f" * 32, failure=Failure(reason, "ABC123", SMALLER)),
            position=99, wait_s=1e6, note="_" * 500,
        )
        for state, reason in zip(states, REASONS * 9, strict=False)
    )  # fmt: skip
    text = batches.progress(BatchUpdate(updates, unposted=3))
    assert len(text) <= wording.CONTENT_LIMIT


def test_fields_of_the_help() -> None:
    assert len("\n".join(legend.help_lines())) <= wording.FIELD_LIMIT
    vocabulary = Vocabulary(("thing",) * 300, ("place",) * 20, ("style",) * 20)
    assert len(wording.words(vocabulary)) <= wording.FIELD_LIMIT
    passed = ["*" * 40] * 9
    assert len(wording.hint(passed, vocabulary)) <= wording.CONTENT_LIMIT
