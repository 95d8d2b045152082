"""What is said and drawn of an overview."""

from __future__ import annotations

import datetime

import pytest

from bot.chat import charts
from bot.domain.language import speaking
from bot.domain.overview import Overview, Span, Spender, Tally
from bot.language import CATALOGUES, language
from tests.kit import pseudo

DAY = (datetime.date(2026, 1, 3) - datetime.date(1970, 1, 1)).days


def overview(days: int, *rows: Tally, **more: object) -> Overview:
    return Overview(Span(DAY, days), rows, **more)  # type: ignore[arg-type]


def chart(shown: Overview, name: str, names: dict[int, str] | None = None) -> charts.Chart:
    return next(each for each in charts.charts(shown, names or {}) if each.name == name)


def values(made: charts.Chart, name: str) -> list[float | None]:
    return next(each["values"] for each in made.order["series"] if each["name"] == name)


def test_a_week_and_a_month_are_shown_by_day() -> None:
    rows = [Tally("ended", DAY, "succeeded", 4), Tally("ended", DAY - 6, "failed", 1)]
    jobs = chart(overview(7, *rows), "jobs")
    assert jobs.order["labels"] == [
        "Dec 28", "Dec 29", "Dec 30", "Dec 31", "Jan 1", "Jan 2", "Jan 3"
    ]  # fmt: skip
    assert values(jobs, "well") == [0, 0, 0, 0, 0, 0, 4]
    assert values(jobs, "failed") == [1, 0, 0, 0, 0, 0, 0]
    assert jobs.order["title"] == "Jobs by day"
    said = "Jobs by day, Dec 28 2025 to Jan 3 2026 (UTC): 4 well, 1 failed, 0 stopped."
    assert jobs.description == said


def test_more_is_shown_by_whole_weeks() -> None:
    rows = [Tally("ended", DAY - ago, "succeeded", 1) for ago in (0, 6, 7, 83, 84, 89)]
    jobs = chart(overview(90, *rows), "jobs")
    assert len(jobs.order["labels"]) == 12
    assert jobs.order["labels"][-2:] == ["Dec 27", "Jan 3"]
    assert values(jobs, "well") == [1, *[0] * 9, 1, 2]
    assert "Oct 12 2025 to Jan 3 2026" in jobs.description
    assert "4 well" in jobs.description
    assert len(chart(overview(365, *rows), "jobs").order["labels"]) == 52


def test_a_day_on_which_nothing_was_drawn_has_no_waiting_time() -> None:
    rows = [Tally("waited", DAY - 1, "20", 3), Tally("drawn", DAY - 1, "", 3)]
    waits = chart(overview(7, *rows), "waiting")
    assert values(waits, "half within")[-1] is None
    assert values(waits, "half within")[-2] == pytest.approx(3.5, rel=0.15)
    assert waits.order["axis"] == "duration"
    assert "95 of 100 within" in waits.description


def test_who_has_no_name_is_a_number_and_nobody_is_mentioned() -> None:
    spenders = (Spender(11, 40), Spender(12, 1200))
    shown = overview(30, Tally("credits", DAY, "spent", 1240), spenders=spenders)
    members = chart(shown, "members", {12: "@everyone"})
    assert members.order["names"] == ["number 1", "@everyone"]
    assert members.order["instead"] == ["number 1", "number 2"]
    assert "number 1: 40, @everyone: 1,200" in members.description


def test_what_never_happened_is_not_drawn_beside_what_did() -> None:
    rows = [Tally("credits", DAY, "spent", 9), Tally("credits", DAY - 2, "expired", 3)]
    made = chart(overview(7, *rows), "credits")
    assert [each["name"] for each in made.order["series"]] == ["spent", "expired"]
    alone = chart(overview(7, *rows[:1]), "credits")
    assert (alone.order["title"], len(alone.order["series"])) == ("Credits spent by day", 1)


def test_all_kinds_of_refusals_are_one() -> None:
    rows = [Tally("refused", DAY, "word", 2), Tally("refused", DAY, "picture", 3)]
    made = chart(overview(7, *rows), "refusals")
    assert values(made, "refused")[-1] == 5


def test_of_nothing_there_is_one_friendly_picture() -> None:
    [made] = charts.charts(overview(30), {})
    assert "/imagine" in made.order["empty"]
    assert not any(value for each in made.order["series"] for value in each["values"])


def test_words_for_who_sees_no_pictures() -> None:
    rows = [
        Tally("ended", DAY, "succeeded", 1200), Tally("ended", DAY, "failed", 8),
        Tally("waited", DAY, "30", 1200), Tally("credits", DAY, "granted", 50),
        Tally("model", DAY, "sdxl", 900), Tally("model", DAY, "*odd*", 300),
        Tally("failed", DAY, "out_of_memory", 5), Tally("failed", DAY, "anew", 3),
        Tally("refused", DAY, "word", 2),
    ]  # fmt: skip
    spenders = tuple(Spender(user, 9) for user in range(1, 8))
    said = charts.summary(
        overview(30, *rows, spenders=spenders, waiting=3, running=1), lambda model: model.upper()
    )
    for words in (
        "Dec 5 2025 to Jan 3 2026", "**1,208** jobs ended: 1,200 well, 8 failed, 0 stopped",
        "1 drawn, 3 waiting", "half of them; 95 of 100 within", "50 granted", "<@5> 9 …",
        "SDXL 900, \\*ODD\\* 300", "memory did not suffice 5, other errors 3",
        "Refused: blocked words 2",
    ):  # fmt: skip
        assert words in said


def test_alt_texts_fit() -> None:
    spenders = tuple(Spender(user, 10**9) for user in range(10))
    names = {user: "n" * 400 for user in range(10)}
    shown = overview(30, Tally("ended", DAY, "failed", 1), spenders=spenders)
    for each in charts.charts(shown, names):
        assert 0 < len(each.description) <= 1024


BUSY = (
    *(Tally("ended", DAY, state, 1234) for state in ("succeeded", "failed", "cancelled")),
    *(Tally("credits", DAY, name, 1234) for name in ("spent", "granted", "expired")),
    *(Tally("failed", DAY, code, 5) for code in (*charts._FAILURES, "anew")),
    Tally("waited", DAY, "30", 9), Tally("refused", DAY, "word", 2), Tally("model", DAY, "x", 1),
)  # fmt: skip


def test_german_words_numbers_and_days() -> None:
    shown = overview(7, *BUSY, spenders=(Spender(11, 1234),))
    with speaking(language("de")):
        said = charts.summary(shown, str.upper)
        jobs, waits, members = (chart(shown, name) for name in ("jobs", "waiting", "members"))
    assert said.startswith("**28. Dez. 2025\u2009–\u20093. Jan. 2026 (UTC)**\n**3.702** Aufträge")
    assert jobs.order["labels"][:2] == ["28. Dez.", "29. Dez."]
    assert (jobs.order["title"], jobs.order["locale"]) == ("Aufträge pro Tag", "de")
    assert "1.234 fertig, 1.234 fehlgeschlagen, 1.234 gestoppt." in jobs.description
    assert "Nummer 1: 1.234" in members.description
    # For a machine whose fonts lack letters.
    assert waits.order["plain"] == chart(shown, "waiting").order
    assert waits.order["plain"]["title"] == "Waiting time until drawn by day"
    assert "plain" not in waits.order["plain"]


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_language_has_charts_of_its_own(code: str) -> None:
    spenders = tuple(Spender(user, 10**9) for user in range(10))
    busy = overview(365, *BUSY, spenders=spenders)
    with speaking(language(code)):
        made = [*charts.charts(busy, {}), *charts.charts(overview(30), {})]
        assert len(charts.summary(busy, lambda model: "m" * 400)) <= 4000
    for each in made:
        assert len(each.description) <= charts.ALT_TEXT
        assert each.order["title"] != each.order["plain"]["title"]
        assert each.order["empty"] != each.order["plain"]["empty"]
        assert [one["values"] for one in each.order["series"]] == [
            one["values"] for one in each.order["plain"]["series"]
        ]


def test_no_word_of_a_chart_is_without_a_translation() -> None:
    shown = overview(90, *BUSY, spenders=(Spender(11, 1),))
    with speaking(pseudo.Pseudo()):
        said = [charts.summary(shown, lambda model: "M")]
        for each in (*charts.charts(shown, {}), *charts.charts(overview(7), {})):
            order = each.order
            names = [one["name"] for one in order["series"]]
            units = [text for _, text in order["units"]]
            said += [each.description, order["title"], order["empty"], *order["labels"], *names]
            said += [*units, *order.get("instead", ())]
    assert pseudo.forgotten(said, ["UTC"]) == []
