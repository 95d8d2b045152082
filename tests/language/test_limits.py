"""What is put together of translations is no longer than Discord takes, in any language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat import batches, cards, caution, chronicle, goods, holdings, plans, ruling, wording
from bot.dispatch.outcome import SENTENCES
from bot.domain import legend
from bot.domain.batch import BatchUpdate
from bot.domain.credits import Balance, Bucket
from bot.domain.delivery import GivenUp, Kind
from bot.domain.desk import Appeal, Settled
from bot.domain.grounds import Banned, BlockedWord, Ground, TimedOut, Told
from bot.domain.job import NEEDS_MEMORY, Failure, JobStatus, JobUpdate
from bot.domain.language import _, speaking
from bot.domain.moderation import Ban, ServerRules, TimeoutRule, WordKind
from bot.domain.period import Period
from bot.domain.quota import Caps, Level, Quota, QuotaSetting, Scope, decide
from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting, Stance
from bot.domain.shop import Assortment, Pack, Possession, Stock
from bot.domain.size import Size
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.domain.vocabulary import Vocabulary
from bot.language import CATALOGUES, language
from bot.service.accounts import Entry, Holdings
from bot.service.chronicle import Chapter, Line
from bot.service.moderation import Overview, Verdict
from bot.service.plans import Book
from bot.service.purging import Count
from bot.service.reports import Report
from bot.service.rulebook import Finding
from bot.service.safety import SafetyView
from bot.service.shop import Counter
from bot.storage.audit import AuditEntry
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


MANY = 10**18
"""As long as the id of anybody."""
GROUNDS: list[Ground] = [
    BlockedWord(LONG, "adult", MANY), TimedOut(MANY), Banned(MANY, LONG),
    *(Told(each, "ABC123") for each in REASONS),
]  # fmt: skip
TITLE, DESCRIPTION, EMBED = 256, 4096, 6000


def test_cards_of_moderators() -> None:
    report = Report(jobs.job(LONG), (MANY,) * 9999, (LONG,) * 9, MANY, MANY, MANY)
    shown: list[Report | Appeal | Settled] = [report]
    shown += [Settled(each, MANY) for each in ("dismissed", "deleted", "approved", "denied")]
    for ground in GROUNDS:
        appeal = Appeal("a" * 32, MANY, MANY, ground.kind, (LONG, LONG), ground, MANY, LONG)
        shown.append(appeal)
        for answer in ("approved", "denied"):
            told = cards.outcome(replace(appeal, answer=answer))
            assert len(told) <= wording.CONTENT_LIMIT
            assert cards.outcomes([replace(appeal, answer=answer)] * 3)[1] >= 3
    for content in shown:
        embed, _ = cards.face(content)
        assert 0 < len(embed.title or "") <= TITLE
        assert 0 < len(embed.description or "") <= DESCRIPTION
        assert len(embed) <= EMBED
    assert len(cards.described(report)) <= wording.CONTENT_LIMIT


def test_refusals() -> None:
    for ground in GROUNDS:
        assert len(ground.said()) <= wording.CONTENT_LIMIT // 2


def test_answers_of_moderation() -> None:
    words = tuple((f"{n:03}" + "*" * 57, kind) for kind in WordKind for n in range(166))
    rules = ServerRules(words, frozenset({MANY}), frozenset({MANY}), TimeoutRule(100, 86400, 86400))
    found = ruling.overview(Overview(rules, [Ban(MANY, "", MANY, 0.0, MANY)] * 1000, 999))
    assert len(wording.cut(found)) <= DESCRIPTION
    assert f"<@{MANY}>" in wording.cut(found)
    for count in (Count(1, 0), Count(MANY, MANY)):
        for days in (0, 3650):
            assert len(ruling.purge(MANY, days, count)) <= wording.CONTENT_LIMIT
    assert len(ruling.desk(MANY)) <= wording.CONTENT_LIMIT
    blocked = [Finding("*" * 60, WordKind.ADULT, False, "*" * 60)] * 9
    assert len(ruling.verdict(Verdict(blocked, True))) <= DESCRIPTION


@pytest.mark.parametrize("reaction", Reaction)
def test_what_holds_of_unsafe_pictures(reaction: Reaction) -> None:
    for policy in (SafetyPolicy(reaction), SafetyPolicy(reaction, 0.9, False)):
        for stance in (Stance(checked=True), Stance(chosen=False), Stance()):
            for setting in (SafetySetting(), SafetySetting(reaction, 0.9, False)):
                said = caution.view(SafetyView(setting, policy, stance))
                assert len(said) <= wording.CONTENT_LIMIT


def test_a_page_of_the_log() -> None:
    deeds = [
        ("ban", {"user": MANY, "reason": "*" * 200, "ends_at": MANY}),
        ("words", {"kind": "adult", "words": ["*" * 60] * 500}),
        ("places", {"kind": "channel", "places": [MANY] * 99}),
        ("timeouts", {"refusals": 100, "within_s": 86400, "lasts_s": 86400}),
        ("safety set", {"reaction": "block", "threshold": 0.9, "spares_adults": False}),
        ("appeal answered", {"user": MANY, "kind": "picture", "verdict": "denied"}),
        ("purge", {"user": MANY, "days": 3650, "pictures": MANY}),
    ]
    lines = [
        Line(n, AuditEntry(MANY, name, detail, 1e9)) for n, (name, detail) in enumerate(deeds * 5)
    ]
    page = chronicle.fitting(Chapter(MANY, MANY, lines, "x", None, 0))
    assert len(deeds) < len(page.lines)
    assert len(chronicle.page(page).description or "") <= DESCRIPTION
