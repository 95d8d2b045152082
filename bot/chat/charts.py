"""An overview as charts, and in words for who cannot see them. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.chat import wording
from bot.domain.overview import Overview, percentile

T = TypeVar("T")

ALT_TEXT = 1024
_DAILY = 31
"""Days up to which a chart shows each; else weeks, the last one with today."""
_WEEK = 7
_LISTED = 5
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BLUE, _ORANGE, _WHITE, _GREEN, _RED = range(5)
_FAILURES = {
    "out_of_memory": "memory did not suffice",
    "bad_input": "the model cannot draw it",
    "model_missing": "its model was not there",
    "worker_died": "drawing it stopped the machine",
    "storage": "the disk",
    "not_finite": "black pictures",
    "source_gone": "its picture was cleared away",
    "unreadable": "it could not be read any more",
    "unknown": "unknown reasons",
}


@dataclass(frozen=True)
class Chart:
    """What `bot.worker.chart` is ordered to draw, the file's name, and what is on it in words."""

    name: str
    order: dict[str, Any] = field(repr=False)
    description: str


def charts(shown: Overview, names: Mapping[int, str]) -> list[Chart]:
    """Each picture of an overview; one of emptiness where nothing happened."""
    made = [_jobs(shown), _waits(shown), _spenders(shown, names), _credits(shown), _trouble(shown)]
    return made[:1] if shown.empty else made


def summary(shown: Overview, model_name: Callable[[str], str]) -> str:
    """The most telling numbers."""
    ended, spent = shown.named("ended"), shown.named("credits")
    lines = [
        f"**{_between(shown.span.dates())}**",
        f"**{_number(ended.total())}** jobs ended: {_number(ended['succeeded'])} well,"
        f" {_number(ended['failed'])} failed, {_number(ended['cancelled'])} stopped",
        f"Just now {_number(shown.running)} drawn, {_number(shown.waiting)} waiting",
        _waiting(shown),
        "Credits: " + ", ".join(f"{_number(spent[name])} {said}" for name, said, _ in _CREDITS),
        _listed("Most credits", [(f"<@{one.user}>", one.grids) for one in shown.spenders]),
        _listed("Models", _named(shown.named("model"), lambda id: wording.escape(model_name(id)))),
        _listed("Failed for", _named(shown.named("failed"), _why)),
        _listed("Refused", _named(shown.named("refused"), wording.escape)),
    ]
    return "\n".join(filter(None, lines))


def _waiting(shown: Overview) -> str:
    half, most = shown.wait(0.5), shown.wait(0.95)
    if half is None or most is None:
        return ""
    return (
        f"Drawn within {wording.duration(half)} of being asked for, half of them;"
        f" 95 of 100 within {wording.duration(most)}"
    )


def _named(counted: Counter[str], said: Callable[[str], str]) -> list[tuple[str, int]]:
    return [(said(name), count) for name, count in counted.most_common()]


def _why(code: str) -> str:
    return _FAILURES.get(code, "other errors")


def _listed(title: str, rows: Sequence[tuple[str, int]]) -> str:
    if not rows:
        return ""
    said = ", ".join(f"{name} {_number(count)}" for name, count in rows[:_LISTED])
    return f"{title}: {said}{' …' if len(rows) > _LISTED else ''}"


def _jobs(shown: Overview) -> Chart:
    series = (
        ("well", "succeeded", _BLUE),
        ("failed", "failed", _RED),
        ("stopped", "cancelled", _WHITE),
    )
    rows = [_series(name, colour, _sums(shown, "ended", state)) for name, state, colour in series]
    nothing = f"Nothing was drawn in these {shown.span.days} days. /imagine begins."
    return _over_time(shown, "jobs", "Jobs", "bars", rows, nothing)


def _waits(shown: Overview) -> Chart:
    weeks = [sum(some, Counter()) for some in _parts(shown, shown.waits())]
    rows = [
        _series(name, colour, [percentile(kinds, share) for kinds in weeks])
        for name, share, colour in (
            ("half within", 0.5, _BLUE),
            ("95 of 100 within", 0.95, _ORANGE),
        )
    ]
    made = _over_time(
        shown, "waiting", "Waiting time until drawn", "lines", rows,
        "Nobody waited for anything in these days.", axis="duration",
    )  # fmt: skip
    said = f" {half}." if (half := _waiting(shown)) else ""
    return Chart(made.name, made.order, f"{made.description}{said}"[:ALT_TEXT])


def _spenders(shown: Overview, names: Mapping[int, str]) -> Chart:
    instead = [f"number {place}" for place, _ in enumerate(shown.spenders, 1)]
    known = [names.get(one.user, other) for one, other in zip(shown.spenders, instead, strict=True)]
    grids = [one.grids for one in shown.spenders]
    said = ", ".join(f"{name}: {_number(count)}" for name, count in zip(known, grids, strict=True))
    order = {
        "kind": "ranks", "title": f"Who spent most credits in {shown.span.days} days",
        "empty": "Nobody spent a credit in these days.", "labels": [], "axis": "count",
        "names": known, "instead": instead, "series": [_series("credits", _BLUE, grids)],
    }  # fmt: skip
    return Chart("members", order, f"{order['title']}: {said or 'nobody'}."[:ALT_TEXT])


_CREDITS = (
    ("spent", "spent", _BLUE),
    ("granted", "granted", _GREEN),
    ("expired", "expired", _ORANGE),
)


def _credits(shown: Overview) -> Chart:
    rows = [_series(said, hue, _sums(shown, "credits", name)) for name, said, hue in _CREDITS]
    rows = rows[:1] + [row for row in rows[1:] if any(row["values"])]
    title = "Credits spent" if len(rows) == 1 else "Credits"
    nothing = "No credit was spent or granted in these days."
    return _over_time(shown, "credits", title, "bars", rows, nothing, beside=True)


def _trouble(shown: Overview) -> Chart:
    refused = [_sums(shown, "refused", name) for name in shown.named("refused")]
    days = [sum(each) for each in zip(*refused, strict=True)] or [0] * len(_labels(shown))
    rows = [
        _series("refused", _ORANGE, days), _series("failed", _RED, _sums(shown, "ended", "failed"))
    ]  # fmt: skip
    nothing = "Nothing was refused in these days, and nothing failed."
    return _over_time(shown, "refusals", "Refused or failed", "bars", rows, nothing)


def _over_time(
    shown: Overview, name: str, title: str, kind: str, series: list[dict[str, Any]], empty: str,
    **more: Any,
) -> Chart:  # fmt: skip
    title = f"{title} by {'day' if shown.span.days <= _DAILY else 'week'}"
    order = {
        "kind": kind, "title": title, "empty": empty, "labels": _labels(shown), "axis": "count",
        "series": series, **more,
    }  # fmt: skip
    totals = [f"{_number(sum(each['values']))} {each['name']}" for each in series if kind == "bars"]
    said = f": {', '.join(totals)}" if totals else ""
    days = [day for some in _parts(shown, shown.span.dates()) for day in some]
    return Chart(name, order, f"{title}, {_between(days)}{said}."[:ALT_TEXT])


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
    return [_date(some[-1]) for some in _parts(shown, shown.span.dates())]


def _between(days: Sequence[datetime.date]) -> str:
    first, last = days[0], days[-1]
    year = f" {first.year}" if first.year != last.year else ""
    return f"{_date(first)}{year} to {_date(last)} {last.year} (UTC)"


def _date(day: datetime.date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}"


def _number(value: float) -> str:
    return f"{value:,.0f}"
