"""An overview as charts, and in words for who cannot see them. Pure.

Every text that is drawn comes in the language that is spoken, and in English for a machine whose
fonts lack its letters.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bot.chat import wording
from bot.domain.language import ENGLISH, N_, NP_, _, counted, joined, pgettext, speaking, spoken
from bot.domain.overview import Overview, percentile

T = TypeVar("T")

ALT_TEXT = 1024
_DAILY = 31
"""Days up to which a chart shows each; else weeks, the last one with today."""
_WEEK = 7
_LISTED = 5
_BLUE, _ORANGE, _WHITE, _GREEN, _RED = range(5)
_FAILURES = {
    "out_of_memory": N_("memory did not suffice"),
    "bad_input": N_("the model cannot draw it"),
    "model_missing": N_("its model was not there"),
    "worker_died": N_("drawing it stopped the machine"),
    "storage": N_("the disk"),
    "not_finite": N_("black pictures"),
    "source_gone": N_("its picture was cleared away"),
    "unreadable": N_("it could not be read any more"),
    "blocked": N_("the picture check stopped it"),
    "unchecked": N_("it could not be checked"),
    "unknown": N_("unknown reasons"),
}
_OTHERS = N_("other errors")
_REFUSALS = {"word": N_("blocked words")}
# By day, and by week.
_JOBS = NP_("heading", "Jobs by day"), NP_("heading", "Jobs by week")
_WAITS = (
    NP_("heading", "Waiting time until drawn by day"),
    NP_("heading", "Waiting time until drawn by week"),
)
_CREDITS = NP_("heading", "Credits by day"), NP_("heading", "Credits by week")
_SPENT = NP_("heading", "Credits spent by day"), NP_("heading", "Credits spent by week")
_TROUBLE = NP_("heading", "Refused or failed by day"), NP_("heading", "Refused or failed by week")
_UNITS = (
    (86_400, N_("{number} d")), (3600, N_("{number} h")), (60, N_("{number} min")),
    (1, N_("{number} s")),
)  # fmt: skip
"""Seconds, and as what they are written."""


@dataclass(frozen=True)
class Chart:
    """What `bot.worker.chart` is ordered to draw, the file's name, and what is on it in words."""

    name: str
    order: dict[str, Any] = field(repr=False)
    description: str


def charts(shown: Overview, names: Mapping[int, str]) -> list[Chart]:
    """Each picture of an overview; one of emptiness where nothing happened."""
    made = _charts(shown, names)
    if spoken() is ENGLISH:
        return made
    with speaking(ENGLISH):
        plain = _charts(shown, names)
    return [
        replace(one, order={**one.order, "plain": other.order})
        for one, other in zip(made, plain, strict=True)
    ]


def _charts(shown: Overview, names: Mapping[int, str]) -> list[Chart]:
    made = [_jobs(shown), _waits(shown), _spenders(shown, names), _credits(shown), _trouble(shown)]
    return made[:1] if shown.empty else made


def summary(shown: Overview, model_name: Callable[[str], str]) -> str:
    """The most telling numbers."""
    ended, credits = shown.named("ended"), shown.named("credits")
    said = counted(
        "**{n}** job ended: {well} well, {failed} failed, {stopped} stopped",
        "**{n}** jobs ended: {well} well, {failed} failed, {stopped} stopped",
        ended.total(),
        well=_number(ended["succeeded"]),
        failed=_number(ended["failed"]),
        stopped=_number(ended["cancelled"]),
    )
    running, waiting = _number(shown.running), _number(shown.waiting)
    lines = [
        f"**{_between(shown.span.dates())}**",
        said,
        _("Just now {running} drawn, {waiting} waiting", running=running, waiting=waiting),
        _waiting(shown),
        _(
            "Credits: {spent} spent, {granted} granted, {expired} expired",
            spent=_number(credits["spent"]),
            granted=_number(credits["granted"]),
            expired=_number(credits["expired"]),
        ),
        _listed(
            N_("Most credits: {list}"), [(f"<@{one.user}>", one.grids) for one in shown.spenders]
        ),
        _listed(
            N_("Models: {list}"), _named(shown, "model", lambda id: wording.escape(model_name(id)))
        ),
        _listed(N_("Failed for: {list}"), _named(shown, "failed", _why)),
        _listed(N_("Refused: {list}"), _named(shown, "refused", _rule)),
    ]
    return "\n".join(filter(None, lines))


def _waiting(shown: Overview) -> str:
    half, most = shown.wait(0.5), shown.wait(0.95)
    if half is None or most is None:
        return ""
    return _(
        "Drawn within {half} of being asked for, half of them; 95 of 100 within {most}",
        half=wording.duration(half),
        most=wording.duration(most),
    )


def _named(shown: Overview, topic: str, said: Callable[[str], str]) -> list[tuple[str, int]]:
    return [(said(name), count) for name, count in shown.named(topic).most_common()]


def _why(code: str) -> str:
    return _(_FAILURES.get(code, _OTHERS))


def _rule(code: str) -> str:
    return _(_REFUSALS[code]) if code in _REFUSALS else wording.escape(code)


def _listed(title: str, rows: Sequence[tuple[str, int]]) -> str:
    if not rows:
        return ""
    said = joined([f"{name} {_number(count)}" for name, count in rows[:_LISTED]])
    said += " …" if len(rows) > _LISTED else ""
    return _(title, list=said)


def _jobs(shown: Overview) -> Chart:
    series = (
        (pgettext("legend", "well"), "succeeded", _BLUE),
        (pgettext("legend", "failed"), "failed", _RED),
        (pgettext("legend", "stopped"), "cancelled", _WHITE),
    )
    rows = [_series(name, colour, _sums(shown, "ended", state)) for name, state, colour in series]
    nothing = pgettext(
        "caption", "Nothing was drawn in these {days} days. /imagine begins.", days=shown.span.days
    )
    return _over_time(shown, "jobs", _JOBS, "bars", rows, nothing)


def _waits(shown: Overview) -> Chart:
    weeks = [sum(some, Counter()) for some in _parts(shown, shown.waits())]
    rows = [
        _series(name, colour, [percentile(kinds, share) for kinds in weeks])
        for name, share, colour in (
            (pgettext("legend", "half within"), 0.5, _BLUE),
            (pgettext("legend", "95 of 100 within"), 0.95, _ORANGE),
        )
    ]
    nothing = pgettext("caption", "Nobody waited for anything in these days.")
    made = _over_time(shown, "waiting", _WAITS, "lines", rows, nothing, axis="duration")
    half, title = _waiting(shown), made.order["title"]
    if not half:
        return made
    days = _between(_days(shown))
    said = _("{title}, {days}. {sentence}.", title=title, days=days, sentence=half)
    return replace(made, description=said[:ALT_TEXT])


def _spenders(shown: Overview, names: Mapping[int, str]) -> Chart:
    instead = [_("number {place}", place=place) for place in range(1, len(shown.spenders) + 1)]
    known = [names.get(one.user, other) for one, other in zip(shown.spenders, instead, strict=True)]
    grids = [one.grids for one in shown.spenders]
    said = joined([f"{name}: {_number(count)}" for name, count in zip(known, grids, strict=True)])
    title = pgettext("heading", "Who spent most credits in {days} days", days=shown.span.days)
    order = {
        "kind": "ranks", "title": title,
        "empty": pgettext("caption", "Nobody spent a credit in these days."),
        "labels": [], "names": known, "instead": instead,
        "series": [_series(pgettext("legend", "credits"), _BLUE, grids)], **_numbers(),
    }  # fmt: skip
    described = (
        _("{title}: {list}.", title=title, list=said)
        if said
        else _("{title}: nobody.", title=title)
    )
    return Chart("members", order, described[:ALT_TEXT])


def _credits(shown: Overview) -> Chart:
    series = (
        (pgettext("legend", "spent"), "spent", _BLUE),
        (pgettext("legend", "granted"), "granted", _GREEN),
        (pgettext("legend", "expired"), "expired", _ORANGE),
    )
    rows = [_series(said, hue, _sums(shown, "credits", name)) for said, name, hue in series]
    rows = rows[:1] + [row for row in rows[1:] if any(row["values"])]
    titles = _SPENT if len(rows) == 1 else _CREDITS
    nothing = pgettext("caption", "No credit was spent or granted in these days.")
    return _over_time(shown, "credits", titles, "bars", rows, nothing, beside=True)


def _trouble(shown: Overview) -> Chart:
    refused = [_sums(shown, "refused", name) for name in shown.named("refused")]
    days = [sum(each) for each in zip(*refused, strict=True)] or [0] * len(_labels(shown))
    rows = [
        _series(pgettext("legend", "refused"), _ORANGE, days),
        _series(pgettext("legend", "failed"), _RED, _sums(shown, "ended", "failed")),
    ]
    nothing = pgettext("caption", "Nothing was refused in these days, and nothing failed.")
    return _over_time(shown, "refusals", _TROUBLE, "bars", rows, nothing)


def _over_time(
    shown: Overview, name: str, titles: tuple[str, str], kind: str, series: list[dict[str, Any]],
    empty: str, **more: Any,
) -> Chart:  # fmt: skip
    title = pgettext("heading", titles[shown.span.days > _DAILY])
    order = {
        "kind": kind, "title": title, "empty": empty, "labels": _labels(shown), "series": series,
        **_numbers(), **more,
    }  # fmt: skip
    days = _between(_days(shown))
    if kind == "bars":
        said = _("{title}, {days}: {list}.", title=title, days=days, list=_totals(series))
    else:
        said = _("{title}, {days}.", title=title, days=days)
    return Chart(name, order, said[:ALT_TEXT])


def _totals(series: Sequence[Mapping[str, Any]]) -> str:
    # Translators: such as "4 failed".
    said = N_("{number} {what}")
    return joined([_(said, number=_number(sum(e["values"])), what=e["name"]) for e in series])


def _numbers() -> dict[str, Any]:
    """How heights are written."""
    units = [[size, _(said)] for size, said in _UNITS]
    return {"axis": "count", "locale": spoken().locale, "units": units}


def _series(name: str, colour: int, values: Sequence[float | None]) -> dict[str, Any]:
    return {"name": name, "colour": colour, "values": list(values)}


def _sums(shown: Overview, topic: str, name: str) -> list[int]:
    return [sum(some) for some in _parts(shown, shown.daily(topic, name))]


def _parts(shown: Overview, days: Sequence[T]) -> list[Sequence[T]]:
    """Days, or whole weeks of them."""
    size = 1 if shown.span.days <= _DAILY else _WEEK
    first = len(days) % size
    return [days[at : at + size] for at in range(first, len(days), size)]


def _labels(shown: Overview) -> list[str]:
    """The last day of each part."""
    return [spoken().day(some[-1]) for some in _parts(shown, shown.span.dates())]


def _days(shown: Overview) -> list[datetime.date]:
    """Those of all parts."""
    return [day for some in _parts(shown, shown.span.dates()) for day in some]


def _between(days: Sequence[datetime.date]) -> str:
    return f"{spoken().days(days[0], days[-1])} (UTC)"


def _number(value: float) -> str:
    return spoken().number(value)
