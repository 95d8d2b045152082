"""The two forms in which a plan is written, and what was written in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from discord import ui

from bot.chat import forms
from bot.chat.admin.page import Press
from bot.chat.forms import Choice, Field
from bot.domain.language import NP_, pgettext
from bot.domain.period import Period
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed
from bot.service.plans import CREDITS_MAX, NAME_MAX

TERMS, LIMITS, NEW = "terms", "limits", "new"
_EMPTY = NP_("hint", "Empty: as what else holds for them has it")
_NO_LIMIT = NP_("hint", "0: no limit. Empty: as what else holds for them has it")
_CREDITS = NP_("field", "Grids each period")
_SWITCHES = {
    "rollover": NP_("line", "What is left of a period stays for the next"),
    "lapse": NP_("line", "What comes at first use ends with the first period"),
    "relaxed": NP_("line", "Relaxed for free once the credits are out"),
    "pool": NP_("line", "Draws on the server's pool once their own are out"),
}
_PERIODS = {
    Period.DAY: NP_("line", "Each day"),
    Period.WEEK: NP_("line", "Each week"),
    Period.MONTH: NP_("line", "Each month"),
}
_SPEEDS = {
    Speed.TURBO: NP_("line", "Turbo"),
    Speed.FAST: NP_("line", "Fast"),
    Speed.RELAX: NP_("line", "Relaxed"),
}
_NUMBERS = {
    "running": (NP_("field", "Pictures of one member drawn at once"), 1, 100),
    "waiting": (NP_("field", "Jobs of one member in the queue"), 1, 1000),
    "batch": (NP_("field", "Grids by one command"), 1, 40),
    "side": (NP_("field", "Side of the largest square"), 0, 8192),
}


@dataclass(frozen=True)
class Written:
    """What a form says of a plan, and the fields of which it says nothing any more."""

    gives: QuotaSetting
    silent: frozenset[str]


def form(kind: str, name: str, plan: QuotaSetting, argument: str) -> ui.Modal:
    """What the plan gives now stands in it."""
    if kind == LIMITS:
        title = pgettext("form", "Limits of {name}", name=name)
        return forms.form(title, "panel", argument, _limits(plan))
    fields = _terms(plan)
    if kind == NEW:
        label, hint = NP_("field", "Name"), NP_("hint", "As members read it")
        own = Field("name", label, hint, "", NAME_MAX, required=True)
        return forms.form(pgettext("form", "A new plan"), "panel", argument, [own, *fields])
    title = pgettext("form", "Credits of {name}", name=name)
    return forms.form(title, "panel", argument, fields)


def _terms(plan: QuotaSetting) -> list[forms.AnyField]:
    on = tuple(each for each in _SWITCHES if getattr(plan, each))
    period = (str(plan.period or Period.DAY),)
    return [
        _line("credits", _CREDITS, plan.credits),
        Choice(
            "period", NP_("field", "How often they come back"),
            NP_("hint", "Weeks and months from a member's first use"),
            tuple((str(each), label) for each, label in _PERIODS.items()), chosen=period, most=1,
        ),
        _line("welcome", NP_("field", "Grids once, at first use"), plan.welcome),
        Choice(
            "switches", NP_("field", "Besides"), NP_("hint", "What holds of these"),
            tuple(_SWITCHES.items()), NP_("placeholder", "None of these"), on,
        ),
    ]  # fmt: skip


def _limits(plan: QuotaSetting) -> list[forms.AnyField]:
    on = tuple(str(each) for each in Speed if each in (plan.speeds or ()))
    lines: list[forms.AnyField] = [
        _line(name, label, getattr(plan, name), _NO_LIMIT if name == "side" else _EMPTY)
        for name, (label, _, _) in _NUMBERS.items()
    ]
    speeds = tuple((str(each), label) for each, label in _SPEEDS.items())
    label, unsaid = NP_("field", "Speeds"), NP_("placeholder", "Not said")
    return [*lines, Choice("speeds", label, _EMPTY, speeds, unsaid, on)]


def _line(name: str, label: str, value: int | None, hint: str = _EMPTY) -> Field:
    return Field(name, label, hint, "" if value is None else str(value), 12)


def written(kind: str, press: Press, plan: QuotaSetting) -> Written:
    """The other way, beside what the plan said before. Raises UserError for what is no number."""
    return _read_limits(press) if kind == LIMITS else _read_terms(press, plan)


def _read_terms(press: Press, plan: QuotaSetting) -> Written:
    credits = _number(press, "credits", _CREDITS, 0, CREDITS_MAX)
    welcome = _number(press, "welcome", NP_("field", "Grids at first use"), 0, CREDITS_MAX)
    switches: dict[str, Any] = {name: _switched(press, plan, name) for name in _SWITCHES}
    period = None if credits is None else Period(press.written("period") or Period.DAY)
    gives = QuotaSetting(credits, period, welcome=welcome, **switches)
    gone = frozenset({"credits", "period"} if credits is None else ())
    return Written(gives, gone | frozenset({"welcome"} if welcome is None else ()))


def _switched(press: Press, plan: QuotaSetting, name: str) -> bool | None:
    """What was never said and is not chosen stays unsaid."""
    chosen = name in press.fields.get("switches", ())
    return chosen if chosen or getattr(plan, name) is not None else None


def _read_limits(press: Press) -> Written:
    values = {name: _number(press, name, *rule) for name, rule in _NUMBERS.items()}
    chosen = press.fields.get("speeds", ())
    speeds = frozenset(each for each in Speed if str(each) in chosen) or None
    gives = QuotaSetting(**values, speeds=speeds)  # type: ignore[arg-type]
    return Written(gives, frozenset({*_NUMBERS, "speeds"} - gives.said().keys()))


def _number(press: Press, name: str, label: str, least: int, most: int) -> int | None:
    return press.number(name, pgettext("field", label), least, most)
