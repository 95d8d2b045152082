"""What is put together of translations is no longer than Discord takes, in any language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat import batches, goods, holdings, plans, wording
from bot.dispatch.outcome import SENTENCES
from bot.domain import legend
from bot.domain.batch import BatchUpdate
from bot.domain.credits import Balance, Bucket
from bot.domain.delivery import GivenUp, Kind
from bot.domain.job import NEEDS_MEMORY, Failure, JobStatus, JobUpdate
from bot.domain.language import _, speaking
from bot.domain.period import Period
from bot.domain.quota import Caps, Level, Quota, QuotaSetting, Scope, decide
from bot.domain.shop import Assortment, Pack, Possession, Stock
from bot.domain.size import Size
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.domain.vocabulary import Vocabulary
from bot.language import CATALOGUES, language
from bot.service.accounts import Entry, Holdings
from bot.service.plans import Book
from bot.service.shop import Counter
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


PLAN = "*" * 32
LATE = 1_780_000_000.0
EVERYTHING = QuotaSetting(
    10**6, Period.MONTH, 100, 1000, 10**6, True, True, True, True,
    frozenset({Speed.FAST, Speed.RELAX}), 40, 8192, frozenset(f"model-{n}" for n in range(5)),
)  # fmt: skip
ROLE = 10**18
"""As long as Discord's ids are."""


def test_why_somebody_has_what_they_have_and_how_it_came_to_that() -> None:
    """Nothing is cut: all that can be decided, ten gifts, and as many dear jobs as a
    statement has."""
    level = Level(EVERYTHING, "role", ROLE, plan=PLAN)
    balance = Balance(10**6, 10**6, 10**4, 10**6, LATE, pooled=10**6)
    gifts = tuple(("gift code", Bucket(id, 10**4, LATE)) for id in range(10))
    decision = decide(Quota(), [[level]], Caps(10, 1, 1))
    had = holdings.explained(Holdings(balance, decision, Tariff(), gifts, 0.0))
    job = Entry(LATE, "hold", -1000, "", "f" * 32, ROLE, "job", True, True)
    text = f"{had}\n\n{holdings.statement([job] * 25)}"
    assert len(had) <= wording.CONTENT_LIMIT
    assert wording.cut(text) == text


def test_plans_that_are_listed() -> None:
    """Four of the longest are shown whole; of as many as there may be, as many as there is room."""
    some = {f"{n:02}{PLAN[2:]}": EVERYTHING for n in range(25)}
    having: dict[tuple[Scope, int], str] = {("role", ROLE + n): name for n, name in enumerate(some)}
    few = dict(list(some.items())[:4])
    text = plans.listed(Book({}, having, few))
    assert wording.cut(text) == text
    cut = wording.cut(plans.listed(Book({}, having, some)))
    assert len(cut) <= wording.DESCRIPTION_LIMIT
    assert cut.endswith("\n…")
    assert len(cut.splitlines()) > 2 * len(few)


def test_titles_with_names() -> None:
    """A role's name has 100 characters, each of which takes two."""
    name = wording.escape("*" * 100)
    assert len(_("Limits of {name}", name=name)) <= 256
    assert len(_("Plan {name}", name=wording.escape(PLAN))) <= 256


def test_what_somebody_bought() -> None:
    packs = tuple(Stock(1, 10**6, LATE) for _n in range(40))
    has = Possession(packs, 10**6, (1,), {f"{n:02}{PLAN[2:]}": LATE for n in range(20)})
    sold = Assortment({1: Pack(115)}, {})
    window = goods.window(Counter(1, sold, has, True), {}, {})
    assert len(window.fields[0].value or "") <= wording.FIELD_LIMIT
    assert len(window) <= 6000
