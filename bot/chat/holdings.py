"""What messages say of what somebody has and may do, of why, and of how it came to that. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from bot.chat import plans
from bot.chat.wording import escape, shortened
from bot.domain.credits import Balance, Bucket
from bot.domain.language import N_, _, counted, joined, moment, spoken
from bot.domain.period import Period
from bot.domain.quota import Decision, Level, Quota
from bot.domain.speed import Speed
from bot.service.accounts import Entry, Holdings

_NAMED = 8
"""Sources of credits."""
_REASON_ROOM = 100
_GIVEN = {
    "welcome": N_("at first use"),
    "rollover": N_("carried over"),
    "grant": N_("granted"),
    "gift code": N_("gift code"),
    "pack": N_("pack"),
}
_POOL = N_("in the server's pool")
_REASONS = {
    "pack bought": N_("pack bought"),
    "pack given back": N_("pack given back"),
    "pack spent, written off": N_("pack spent, written off"),
    "gift code": N_("gift code"),
}
"""Those that nobody typed."""
_LEFT = {
    # Translators: {why} is such as "from the operator".
    Period.DAY: N_("{left} of {all} a day {why}"),
    Period.WEEK: N_("{left} of {all} a week {why}"),
    Period.MONTH: N_("{left} of {all} a month {why}"),
}
_KEPT = {
    Period.DAY: N_("Whole again {when}; what is left of a day stays for the next one."),
    Period.WEEK: N_("Whole again {when}; what is left of a week stays for the next one."),
    Period.MONTH: N_("Whole again {when}; what is left of a month stays for the next one."),
}
_LOST = {
    Period.DAY: N_("Whole again {when}; what is left of a day stays no longer."),
    Period.WEEK: N_("Whole again {when}; what is left of a week stays no longer."),
    Period.MONTH: N_("Whole again {when}; what is left of a month stays no longer."),
}


_MOST = {
    Period.DAY: N_("The operator of this bot allows {most} a day in all"),
    Period.WEEK: N_("The operator of this bot allows {most} a week in all"),
    Period.MONTH: N_("The operator of this bot allows {most} a month in all"),
}


def explained(holdings: Holdings) -> str:
    """What somebody has and may do, and why, in one readable answer."""
    balance, decision = holdings.balance, holdings.decision
    lines = [_sources(holdings), *bound(balance, decision.quota)]
    if decision.quota.credits:
        again = (_KEPT if decision.quota.rollover else _LOST)[decision.quota.period]
        lines.append(_(again, when=moment(balance.resets_at, "R")))
    lines += [*_allowed(decision.quota, decision), *_capped(decision)]
    return "\n".join(lines)


def _sources(holdings: Holdings) -> str:
    balance, decision, number = holdings.balance, holdings.decision, spoken().number
    quota, parts = decision.quota, []
    if quota.credits:
        left, all = number(balance.allowance_left), number(quota.credits)
        parts.append(_(_LEFT[quota.period], left=left, all=all, why=_from(decision, "credits")))
    parts += _buckets(holdings.sources)
    if balance.held:
        parts.append(held(balance.held))
    if not parts:
        return _("**0 grids** to spend: none.")
    return counted(
        "**{n} grid** to spend: {sources}.",
        "**{n} grids** to spend: {sources}.",
        balance.spendable,
        sources=joined(parts),
    )


def bound(balance: Balance, quota: Quota) -> Iterable[str]:
    """What the operator allows, where there is more."""
    if balance.bound and quota.most is not None:
        yield _(_MOST[quota.period], most=spoken().number(quota.most))


def held(number: int) -> str:
    """What jobs under way may cost."""
    return counted("{n} held for jobs under way", "{n} held for jobs under way", number)


def _buckets(sources: Sequence[tuple[str, Bucket]]) -> Iterable[str]:
    """Those that pay first by name, and how much the others are."""
    first = sorted(sources, key=lambda each: (each[1].pool, each[1].expires_at or math.inf))
    named = first if len(first) <= _NAMED else first[: _NAMED - 1]
    yield from (_bucket(*each) for each in named)
    if others := first[len(named) :]:
        left = spoken().signed(sum(bucket.left for _source, bucket in others))
        # Translators: of what somebody has to spend; {left} is such as "+40".
        yield counted("{left} from {n} more", "{left} from {n} more", len(others), left=left)


def _bucket(source: str, bucket: Bucket) -> str:
    kind = _(_POOL) if bucket.pool else _given(source)
    said = f"{spoken().signed(bucket.left)} {kind}"
    return ending(said, bucket.expires_at)


def _given(source: str) -> str:
    known = _GIVEN.get(source)
    return _(known) if known else shortened(source, _REASON_ROOM)


def ending(said: str, at: float | None) -> str:
    """What somebody has, and until when (UTC seconds) if that is known."""
    return _("{what} until {date}", what=said, date=moment(at, "D")) if at else said


def _allowed(quota: Quota, decision: Decision) -> Iterable[str]:
    batch = min(quota.batch, quota.running + quota.waiting)
    yield counted(
        # Translators: each {why_…} is such as "from the operator".
        "{running} {why_running}, {waiting} {why_waiting}, {n} grid by one command {why_batch}.",
        "{running} {why_running}, {waiting} {why_waiting}, {n} grids by one command {why_batch}.",
        batch,
        running=plans.running(quota.running),
        waiting=plans.waiting(quota.waiting),
        why_running=_from(decision, "running"),
        why_waiting=_from(decision, "waiting"),
        why_batch=_from(decision, "batch" if batch == quota.batch else "waiting"),
    )
    for each in Speed:
        if each not in quota.speeds:
            reason = joined([_allows(level, quota) for level in decision.levels("speeds")])
            # Translators: such as "No turbo: the operator allows fast and relaxed."
            yield _("No {speed}: {reason}.", speed=plans.speed(each), reason=reason)
    if quota.side:
        why = _from(decision, "side")
        yield _("Up to {side} × {side} pixels {why}.", side=quota.side, why=why)
    if quota.models:
        named, why = plans.models(quota.models), _from(decision, "models")
        yield _("Only the models {models} {why}.", models=named, why=why)
    if quota.relaxed:
        why = _from(decision, "relaxed")
        yield _("Relaxed for free once the credits are out {why}.", why=why)


def _capped(decision: Decision) -> Iterable[str]:
    names = {"credits": _("credits a period"), "running": _("at once"), "waiting": _("waiting")}
    if said := [names[each] for each in names if each in decision.capped]:
        limits = joined(said)
        yield _("The operator of this bot allows less than was set: {limits}.", limits=limits)


def _from(decision: Decision, name: str) -> str:
    """Who decided a field: "from the plan Patron of @Role"."""
    return joined([_of(level) for level in decision.levels(name)])


def _of(level: Level | None) -> str:
    if level is None:
        return _("from the operator")
    plan, role = escape(level.plan), f"<@&{level.target}>"
    match level.scope, bool(plan):
        case "bought", _named:
            return _("from the plan {plan} that was bought", plan=plan)
        case "role", True:
            return _("from the plan {plan} of the role {role}", plan=plan, role=role)
        case "role", False:
            return _("from role {role}", role=role)
        case "user", True:
            return _("from the plan {plan} that was given to them", plan=plan)
        case "user", False:
            return _("from a setting for them alone")
        case _scope, True:
            return _("from the plan {plan} of everybody here", plan=plan)
    return _("from this server")


def _allows(level: Level | None, quota: Quota) -> str:
    """The same of who says by what speeds somebody may draw."""
    what = plans.speeds((level and level.setting.speeds) or quota.speeds)
    if level is None:
        return _("the operator allows {what}", what=what)
    said = {"plan": escape(level.plan), "role": f"<@&{level.target}>", "what": what}
    match level.scope, bool(level.plan):
        case "bought", _named:
            return _("the plan {plan} that was bought allows {what}", **said)
        case "role", True:
            return _("the plan {plan} of the role {role} allows {what}", **said)
        case "role", False:
            return _("role {role} allows {what}", **said)
        case "user", True:
            return _("the plan {plan} that was given to them allows {what}", **said)
        case "user", False:
            return _("a setting for them alone allows {what}", **said)
        case _scope, True:
            return _("the plan {plan} of everybody here allows {what}", **said)
    return _("this server allows {what}", **said)


def statement(entries: Sequence[Entry]) -> str:
    """What changed, newest first, a line each."""
    return "\n".join(map(_line, entries)) or _("Nothing was given or spent here so far.")


def _line(entry: Entry) -> str:
    amount = spoken().signed(entry.amount)
    return f"{moment(entry.at, 'd')} **{amount}** {_change(entry)}"


def _change(entry: Entry) -> str:
    if entry.kind == "hold":
        return _drawn(entry)
    if entry.kind == "expire":
        return _("past their date")
    why = _given(entry.source) if entry.amount > 0 else _("taken back")
    if entry.reason in ("", "grant", entry.source):
        return why
    known = _REASONS.get(entry.reason)
    return f"{why} ({_(known) if known else shortened(entry.reason, _REASON_ROOM)})"


def _drawn(entry: Entry) -> str:
    job = entry.job[-8:]
    match entry.pool, entry.held:
        case True, True:
            return _("from the pool held for job `{job}`", job=job)
        case True, False:
            return _("from the pool spent on job `{job}`", job=job)
        case False, True:
            return _("held for job `{job}`", job=job)
    return _("spent on job `{job}`", job=job)
