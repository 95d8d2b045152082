"""What messages say of credits and limits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.chat import cards, caution, holdings, looks, plans, ruling, tastes
from bot.chat.wording import escape
from bot.domain.credits import Balance
from bot.domain.language import N_, _, counted, joined, moment, spoken
from bot.domain.period import Period
from bot.domain.quota import Caps, Quota, QuotaSetting, Scope

# What a grant is recorded with when nobody gave a reason.
_NO_REASON = ("", "grant")
_LEFT = {
    Period.DAY: N_("{left} of today's {all}"),
    Period.WEEK: N_("{left} of this week's {all}"),
    Period.MONTH: N_("{left} of this month's {all}"),
}


def balance(balance: Balance, quota: Quota, direct: bool = False) -> str:
    """What is left, of what, what is held, and when the allowance is whole again; `direct` is in
    direct messages, where nobody can give any."""
    number, spendable = spoken().number, balance.spendable
    lines = [
        counted("**{n}** grid left", "**{n}** grids left", spendable),
        joined([*_sources(balance, quota)]),
    ]
    lines += holdings.bound(balance, quota)
    if balance.allowance:
        when = moment(balance.resets_at, "R")
        lines.append(_("Back to {all} {when}", all=number(balance.allowance), when=when))
    elif direct:
        lines.append(_("Drawing in direct messages is switched off; ask on a server."))
    else:
        lines.append(_("None come by themselves here; an admin can give some."))
    return "\n".join(filter(None, lines))


def _sources(balance: Balance, quota: Quota) -> Iterable[str]:
    number = spoken().number
    if balance.allowance:
        left, all = number(balance.allowance_left), number(balance.allowance)
        yield _(_LEFT[quota.period], left=left, all=all)
    if balance.lasting:
        yield counted("{n} besides", "{n} besides", balance.lasting)
    if balance.pooled:
        yield counted("{n} in the server's pool", "{n} in the server's pool", balance.pooled)
    if balance.held:
        yield holdings.held(balance.held)


def limits(quota: Quota) -> str:
    """The whole quota in one line."""
    credits = plans.grids_a(quota.period, quota.credits)
    return joined([credits, *_jobs(quota.running, quota.waiting)])


def setting(setting: QuotaSetting) -> str:
    """What an admin's setting says, in one line."""
    return plans.gives(setting) or _("nothing set")


def whose(scope: Scope, target: int) -> str:
    """To whom a setting applies."""
    return {"server": _("Everybody"), "role": f"<@&{target}>", "user": f"<@{target}>"}[scope]


def deed(name: str, detail: Mapping[str, Any]) -> str:
    """What an admin did, from the audit trail, in one line."""
    match name:
        case "quota set":
            said = setting(QuotaSetting.read(detail))
            who = whose(detail["scope"], detail["target"])
            return _("{who}: {limits}", who=who, limits=said)
        case "quota reset limits":
            who = whose(detail["scope"], detail["target"])
            return _("{who}: limits forgotten", who=who)
        case "quota grant":
            who, change = f"<@{detail['user']}>", spoken().signed(detail["changed"])
            said = _("{who}: {change} lasting", who=who, change=change)
            known = detail["reason"] in _NO_REASON
            return said if known else f"{said} ({escape(detail['reason'])})"
        case "quota reset credits":
            who, change = f"<@{detail['user']}>", spoken().signed(detail["changed"])
            return _("{who}: allowance refilled ({change})", who=who, change=change)
        case "settings":
            return _("Settings of this server: {changes}", changes=tastes.changes(detail))
        case "safety set":
            return _("Unsafe pictures: {changes}", changes=caution.changes(detail))
        case "safety reset":
            return _("Unsafe pictures: as the operator of this bot wants it")
        case "style add" | "style edit" | "style remove":
            return looks.deed(name, detail)
        case "admin pause" | "admin resume":
            return _("paused drawing") if name == "admin pause" else _("let drawing go on")
        case "admin cancel":
            who = f"<@{detail['user']}>"
            return _("{who}: a job was cancelled", who=who)
        case "words" | "places" | "timeouts" | "ban" | "unban":
            return ruling.deed(name, detail)
        case _:
            return plans.deed(name, detail) or cards.deed(name, detail) or name


def caps(caps: Caps) -> str:
    """The operator's caps in one line; empty without any."""
    credits = counted("{n} grid a period", "{n} grids a period", caps.credits)
    jobs = _jobs(caps.running or None, caps.waiting or None)
    return joined([*([credits] if caps.credits else []), *jobs])


def _jobs(running: int | None, waiting: int | None) -> Iterable[str]:
    if running is not None:
        yield plans.running(running)
    if waiting is not None:
        yield plans.waiting(waiting)
