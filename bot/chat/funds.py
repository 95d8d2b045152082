"""What messages say of credits and limits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.chat import cards, caution, looks, plans, ruling, tastes
from bot.chat.wording import escape
from bot.domain.credits import Balance
from bot.domain.period import Period
from bot.domain.quota import Caps, Quota, QuotaSetting, Scope

# What a grant is recorded with when nobody gave a reason.
_NO_REASON = ("", "grant")
_WHEN = {Period.DAY: "today's", Period.WEEK: "this week's", Period.MONTH: "this month's"}


def grids(count: int) -> str:
    """1 grid, 2 grids."""
    return f"{count} grid{'' if count == 1 else 's'}"


def balance(balance: Balance, quota: Quota) -> str:
    """What is left, of what, what is held, and when the allowance is whole again."""
    parts = []
    if balance.allowance:
        parts.append(f"{balance.allowance_left} of {_WHEN[quota.period]} {balance.allowance}")
    if balance.lasting:
        parts.append(f"{balance.lasting} that stay")
    if balance.pooled:
        parts.append(f"{balance.pooled} in the server's pool")
    if balance.held:
        parts.append(f"{balance.held} held for jobs under way")
    number, word = grids(balance.spendable).split()
    lines = [f"**{number}** {word} left", ", ".join(parts)]
    if (
        balance.room is not None
        and balance.room < balance.allowance_left + balance.lasting + balance.pooled
    ):
        lines.append(f"The operator of this bot allows {quota.most} a {quota.period} in all")
    if balance.allowance:
        lines.append(f"Back to {balance.allowance} <t:{balance.resets_at:.0f}:R>")
    else:
        lines.append("None come by themselves here; an admin can give some.")
    return "\n".join(filter(None, lines))


def limits(quota: Quota) -> str:
    """The whole quota in one line."""
    return f"{grids(quota.credits)} a {quota.period}, {_jobs(quota.running, quota.waiting)}"


def setting(setting: QuotaSetting) -> str:
    """What an admin's setting says, in one line."""
    return plans.gives(setting) or "nothing set"


def whose(scope: Scope, target: int) -> str:
    """To whom a setting applies."""
    return {"server": "Everybody", "role": f"<@&{target}>", "user": f"<@{target}>"}[scope]


def deed(name: str, detail: Mapping[str, Any]) -> str:
    """What an admin did, from the audit trail, in one line."""
    match name:
        case "quota set":
            said = QuotaSetting.read(detail)
            return f"{whose(detail['scope'], detail['target'])}: {setting(said)}"
        case "quota reset limits":
            return f"{whose(detail['scope'], detail['target'])}: limits forgotten"
        case "quota grant":
            reason = "" if detail["reason"] in _NO_REASON else f" ({escape(detail['reason'])})"
            return f"<@{detail['user']}>: {detail['changed']:+} lasting{reason}"
        case "quota reset credits":
            return f"<@{detail['user']}>: allowance refilled ({detail['changed']:+})"
        case "settings":
            return f"Settings of this server: {tastes.changes(detail)}"
        case "safety set":
            return f"Unsafe pictures: {caution.changes(detail)}"
        case "safety reset":
            return "Unsafe pictures: as the operator of this bot wants it"
        case "style add" | "style edit" | "style remove":
            return looks.deed(name, detail)
        case "admin pause" | "admin resume":
            return "paused drawing" if name == "admin pause" else "let drawing go on"
        case "admin cancel":
            return f"<@{detail['user']}>: a job was cancelled"
        case "words" | "places" | "timeouts" | "ban" | "unban":
            return ruling.deed(name, detail)
        case _:
            return plans.deed(name, detail) or cards.deed(name, detail) or name


def caps(caps: Caps) -> str:
    """The operator's caps in one line; empty without any."""
    credits = [f"{grids(caps.credits)} a period"] if caps.credits else []
    jobs = _jobs(caps.running or None, caps.waiting or None)
    return ", ".join([*credits, jobs] if jobs else credits)


def _jobs(running: int | None, waiting: int | None) -> str:
    parts = [f"{running} at once"] if running is not None else []
    parts += [f"{waiting} waiting"] if waiting is not None else []
    return ", ".join(parts)
