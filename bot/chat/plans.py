"""What messages say of plans, of prices, and of gifts. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.chat.wording import escape
from bot.domain.action import ACTIONS, Action
from bot.domain.language import N_, _, counted, joined, moment, pgettext, spoken
from bot.domain.period import Period
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.service.gifts import Code, Offer
from bot.service.plans import Book

_NAMES = {Speed.TURBO: N_("turbo"), Speed.FAST: N_("fast"), Speed.RELAX: N_("relaxed")}
_NAMED = 20
"""Of those who have a plan."""
_ROOM = 1900
"""Characters of a list of gifts, two of which are in one message."""


def grids(number: int) -> str:
    """1 grid, 2 grids."""
    return counted("{n} grid", "{n} grids", number)


def lasting(days: int) -> str:
    """For how long credits are there."""
    return counted("for {n} day", "for {n} days", days)


def grids_a(period: Period, number: int) -> str:
    """1 grid a day, 2 grids a month."""
    match period:
        case Period.DAY:
            return counted("{n} grid a day", "{n} grids a day", number)
        case Period.WEEK:
            return counted("{n} grid a week", "{n} grids a week", number)
        case Period.MONTH:
            return counted("{n} grid a month", "{n} grids a month", number)


def running(number: int) -> str:
    """How many jobs are drawn."""
    return counted("{n} at once", "{n} at once", number)


def waiting(number: int) -> str:
    """How many jobs wait."""
    # Translators: a limit of somebody's jobs.
    return _("{number} waiting", number=spoken().number(number))


def gives(setting: QuotaSetting) -> str:
    """What a plan or a setting says, in one line; empty for nothing."""
    return joined(_parts(setting))


def _parts(setting: QuotaSetting) -> list[str]:
    return [*_credits(setting), *_limits(setting)]


def _credits(setting: QuotaSetting) -> Iterable[str]:
    if setting.credits is not None:
        yield grids_a(setting.period or Period.DAY, setting.credits)
    if setting.rollover is not None:
        yield _("carried over once") if setting.rollover else _("nothing carried over")
    if setting.welcome is not None and setting.lapse:
        yield counted(
            "{n} grid at first use, in the first period",
            "{n} grids at first use, in the first period",
            setting.welcome,
        )
    elif setting.welcome is not None:
        yield counted("{n} grid at first use", "{n} grids at first use", setting.welcome)


def _limits(setting: QuotaSetting) -> Iterable[str]:
    if setting.running is not None:
        yield running(setting.running)
    if setting.waiting is not None:
        yield waiting(setting.waiting)
    if setting.batch is not None:
        yield counted("{n} grid by one command", "{n} grids by one command", setting.batch)
    if setting.speeds is not None:
        yield speeds(setting.speeds)
    if setting.relaxed is not None:
        yield _("relaxed for free once they are out") if setting.relaxed else _("none for free")
    if setting.side is not None:
        side = setting.side
        yield _("up to {side} × {side}", side=side) if side else _("any size")
    if setting.models is not None:
        named = models(setting.models)
        yield _("models: {models}", models=named) if named else _("models: all")
    if setting.pool is not None:
        yield _("with the pool") if setting.pool else _("without the pool")


def models(named: Iterable[str]) -> str:
    """Which may be used."""
    return joined([escape(each) for each in sorted(named)])


def speed(one: Speed) -> str:
    """What a speed is called."""
    return _(_NAMES[one])


def speeds(allowed: Iterable[Speed]) -> str:
    """Turbo, fast and relaxed, of these."""
    some = frozenset(allowed)
    return spoken().listed([speed(each) for each in Speed if each in some]) or _("no speed")


def listed(book: Book) -> str:
    """All plans, and who has which."""
    lines = []
    for name, setting in book.plans.items():
        having = [whose(*target) for target, plan in book.assigned.items() if plan == name]
        whom = joined(having[:_NAMED]) or _("nobody so far")
        lines.append(f"**{escape(name)}** — {whom}\n{gives(setting)}")
    return "\n".join(lines) or _(
        "There are none so far: everybody has the operator's limits, and what `/quota set` says."
        " `/plan preset` has some to begin with."
    )


def whose(scope: str, target: int) -> str:
    """Who has a plan or a setting."""
    return {"server": _("everybody"), "role": f"<@&{target}>", "user": f"<@{target}>"}[scope]


def tariff(tariff: Tariff) -> str:
    """What things cost, where that is not as usual; a line each."""
    return "\n".join(_prices(tariff))


def _prices(tariff: Tariff) -> Sequence[str]:
    factor = spoken().factor
    lines = [
        counted("{action}: {n} credit", "{action}: {n} credits", price, action=called(action))
        for action, price in tariff.actions.items()
    ]
    lines += [
        _("{speed}: × {factor}", speed=speed(each), factor=factor(times))
        for each, times in tariff.speeds.items()
    ]
    lines += [
        _("Model {model}: × {factor}", model=escape(model), factor=factor(times))
        for model, times in tariff.models.items()
    ]
    if not tariff.size:
        lines.append(_("Larger pictures cost no more."))
    if tariff.steps:
        lines.append(_("More steps than usual cost as much more."))
    usual = _("As usual. A grid costs 1 credit, turbo twice that, U1 to U4 nothing.")
    return lines or [usual]


def called(code: Action) -> str:
    """An action as its button has it, or its command."""
    face = ACTIONS[code].on_single
    label = (pgettext("button", face.label) if face.label else face.emoji) if face else ""
    return f"{label} ({code.value})" if label else code.value


def gifts(offers: Sequence[Offer], codes: Sequence[Code], pool: int) -> str:
    """What can be taken, newest first, and what is shared. Offers and codes come oldest first."""
    head = counted(
        "In the server's pool: **{n} grid**", "In the server's pool: **{n} grids**", pool
    )
    lists = [_newest([*map(_offer, offers)]), _newest([*map(_code, codes)])]
    return "\n".join([head, *itertools.chain(*lists)])


def _newest(lines: Sequence[str]) -> list[str]:
    """Of lines the last ones that there is room for, the very last first; and how many more."""
    sizes = itertools.accumulate(len(line) + 1 for line in reversed(lines))
    shown = sum(size <= _ROOM for size in sizes)
    more = len(lines) - shown
    found = [*reversed(lines)][:shown]
    return [*found, "-# " + counted("and {n} more", "and {n} more", more)] if more else found


def _offer(offer: Offer) -> str:
    given = {"id": offer.id, "role": _offered(offer.role), "taken": spoken().number(offer.taken)}
    if offer.expires_at:
        return counted(
            "Offer {id}: {n} grid to {role} until {date}, taken by {taken}",
            "Offer {id}: {n} grids to {role} until {date}, taken by {taken}",
            offer.amount,
            date=moment(offer.expires_at, "D"),
            **given,
        )
    return counted(
        "Offer {id}: {n} grid to {role}, taken by {taken}",
        "Offer {id}: {n} grids to {role}, taken by {taken}",
        offer.amount,
        **given,
    )


def _offered(role: int | None) -> str:
    """To whom."""
    return whose("server" if role is None else "role", role or 0)


def _code(code: Code) -> str:
    terms = code.terms
    parts = [grids(terms.amount), *([lasting(terms.days)] if terms.days else [])]
    used = spoken().number(code.used)
    parts.append(
        # Translators: how often a code was used, of how often it may be.
        counted("used {used} of {n} times", "used {used} of {n} times", terms.uses, used=used)
    )
    if terms.ends_at:
        parts.append(_("to be used until {date}", date=moment(terms.ends_at, "D")))
    said = _("Code {id}: {what}", id=code.id, what=joined(parts))
    return f"{said} ({escape(terms.note)})" if terms.note else said


def deed(name: str, detail: Mapping[str, Any]) -> str | None:
    """What an admin did about plans and gifts, from the audit trail; None for anything else."""
    said = _deed(name, detail)
    if said and detail.get("reason") not in (None, "", "grant"):
        return f"{said} ({escape(detail['reason'])})"
    return said


def _deed(name: str, detail: Mapping[str, Any]) -> str | None:
    signed = spoken().signed
    match name:
        case "plan set":
            gone = [pgettext("option", each) for each in detail.get("silent", ())]
            parts = [*_parts(QuotaSetting.read(detail)), *(_("no {what}", what=it) for it in gone)]
            return _("Plan {plan}: {gives}", plan=escape(detail["plan"]), gives=joined(parts))
        case "plan remove":
            return _("Plan {plan} removed", plan=escape(detail["plan"]))
        case "plan give":
            who, plan = whose(detail["scope"], detail["target"]), escape(detail["plan"])
            if not plan:
                return _("{who}: no plan any more", who=who)
            return _("{who}: plan {plan}", who=who, plan=plan)
        case "plan preset":
            return _("Preset {preset} taken over", preset=escape(detail["preset"]))
        case "tariff":
            lines = [each.rstrip(".。") for each in _prices(Tariff.read(detail))]
            return _("Prices: {prices}", prices=joined(lines))
        case "quota pool":
            return _("Pool: {change}", change=signed(detail["changed"]))
        case "quota offer":
            who, change = _offered(detail["role"]), signed(detail["amount"])
            return _("{who}: {change} for each", who=who, change=change)
        case "quota code":
            change, uses = signed(detail["amount"]), spoken().number(detail["uses"])
            return _(
                "Code {code}: {change} for {uses}", code=detail["code"], change=change, uses=uses
            )
        case "quota offer end":
            return _("Offer {offer} ended", offer=detail["offer"])
        case "quota code end":
            return _("Code {code} ended", code=detail["code"])
    return None
