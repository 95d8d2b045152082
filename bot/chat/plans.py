"""What messages say of plans, of prices, and of why somebody has what they have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.chat.wording import escape
from bot.domain.action import ACTIONS, Action
from bot.domain.period import Period
from bot.domain.quota import Decision, Level, Quota, QuotaSetting
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.service.accounts import Entry, Holdings
from bot.service.gifts import Code, Offer
from bot.service.plans import Book

_GIVEN = {"welcome": "at first use", "rollover": "carried over", "grant": "granted"}
_NAMES = {Speed.TURBO: "turbo", Speed.FAST: "fast", Speed.RELAX: "relaxed"}


def count(number: int, word: str) -> str:
    """1 grid, 2 grids."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def gives(setting: QuotaSetting) -> str:
    """What a plan or a setting says, in one line; empty for nothing."""
    parts = []
    if setting.credits is not None:
        parts.append(f"{count(setting.credits, 'grid')} a {setting.period or Period.DAY}")
    if setting.rollover is not None:
        parts.append("carried over once" if setting.rollover else "nothing carried over")
    if setting.welcome is not None:
        ends = ", in the first period" if setting.lapse else ""
        parts.append(f"{count(setting.welcome, 'grid')} at first use{ends}")
    if setting.running is not None:
        parts.append(f"{setting.running} at once")
    if setting.waiting is not None:
        parts.append(f"{setting.waiting} waiting")
    if setting.batch is not None:
        parts.append(f"{count(setting.batch, 'grid')} by one command")
    if setting.speeds is not None:
        parts.append(speeds(setting.speeds))
    if setting.relaxed is not None:
        parts.append("relaxed for free once they are out" if setting.relaxed else "none for free")
    if setting.side is not None:
        parts.append(f"up to {setting.side} × {setting.side}" if setting.side else "any size")
    if setting.models is not None:
        parts.append("models: " + escape(", ".join(sorted(setting.models)) or "all"))
    if setting.pool is not None:
        parts.append("with the pool" if setting.pool else "without the pool")
    return ", ".join(parts)


def speeds(allowed: Iterable[Speed]) -> str:
    """Turbo, fast and relaxed, of these."""
    *some, last = [_NAMES[each] for each in Speed if each in frozenset(allowed)] or ["no speed"]
    return f"{', '.join(some)} and {last}" if some else last


def listed(book: Book) -> str:
    """All plans, and who has which."""
    lines = []
    for name, setting in book.plans.items():
        having = [whose(*target) for target, plan in book.assigned.items() if plan == name]
        whom = f" — {', '.join(having[:20])}" if having else " — nobody so far"
        lines.append(f"**{escape(name)}**{whom}\n{gives(setting)}")
    return "\n".join(lines) or (
        "There are none so far: everybody has the operator's limits, and what `/quota set` says."
        " `/plan preset` has some to begin with."
    )


def whose(scope: str, target: int) -> str:
    """Who has a plan or a setting."""
    return {"server": "everybody", "role": f"<@&{target}>", "user": f"<@{target}>"}[scope]


def explained(holdings: Holdings) -> str:
    """What somebody has and may do, and why, in one readable answer."""
    balance, decision = holdings.balance, holdings.decision
    quota = decision.quota
    parts = []
    if quota.credits:
        left = f"{balance.allowance_left} of {quota.credits} a {quota.period}"
        parts.append(f"{left} {_from(decision, 'credits')}")
    for source, bucket in holdings.sources:
        ends = f" until <t:{bucket.expires_at:.0f}:D>" if bucket.expires_at else ""
        kind = "in the server's pool" if bucket.pool else _GIVEN.get(source, escape(source))
        parts.append(f"+{bucket.left} {kind}{ends}")
    if balance.held:
        parts.append(f"{balance.held} held for jobs under way")
    lines = [f"**{count(balance.spendable, 'grid')}** to spend: {', '.join(parts) or 'none'}."]
    if quota.credits:
        again = f"Whole again <t:{balance.resets_at:.0f}:R>"
        kept = "for the next one" if quota.rollover else "no longer"
        lines.append(f"{again}; what is left of a {quota.period} stays {kept}.")
    lines += [*_allowed(quota, decision), *_capped(decision)]
    return "\n".join(lines)


def _allowed(quota: Quota, decision: Decision) -> Iterable[str]:
    yield (
        f"{quota.running} at once {_from(decision, 'running')}, {quota.waiting} waiting"
        f" {_from(decision, 'waiting')}, {count(quota.batch, 'grid')} by one command"
        f" {_from(decision, 'batch')}."
    )
    for each in Speed:
        if each not in quota.speeds:
            yield f"No {_NAMES[each]}: {_says(decision, 'speeds')} {speeds(quota.speeds)}."
    if quota.side:
        yield f"Up to {quota.side} × {quota.side} pixels {_from(decision, 'side')}."
    if quota.models:
        names = escape(", ".join(sorted(quota.models)))
        yield f"Only the models {names} {_from(decision, 'models')}."
    if quota.relaxed:
        yield f"Relaxed for free once the credits are out {_from(decision, 'relaxed')}."


def _capped(decision: Decision) -> Iterable[str]:
    if decision.capped:
        names = {"credits": "credits a period", "running": "at once", "waiting": "waiting"}
        said = ", ".join(names[each] for each in names if each in decision.capped)
        yield f"The operator of this bot allows less than was set: {said}."


def _from(decision: Decision, name: str) -> str:
    """Who decided a field: "from the plan Patron of @Role"."""
    return f"from {_who(decision.by.get(name))}"


def _says(decision: Decision, name: str) -> str:
    return f"{_who(decision.by.get(name))} allows"


def _who(level: Level | None) -> str:
    if level is None:
        return "the operator"
    plan = f"the plan {escape(level.plan)}" if level.plan else ""
    if level.scope == "bought":
        return f"{plan} that was bought"
    if level.scope == "role":
        return f"{plan} of the role <@&{level.target}>" if plan else f"role <@&{level.target}>"
    if level.scope == "user":
        return f"{plan} that was given to them" if plan else "a setting for them alone"
    return f"{plan} of everybody here" if plan else "this server"


def statement(entries: Sequence[Entry]) -> str:
    """What changed, newest first, a line each."""
    return "\n".join(_line(each) for each in entries) or "Nothing was given or spent here so far."


def _line(entry: Entry) -> str:
    when = f"<t:{entry.at:.0f}:d>"
    of = " from the pool" if entry.pool else ""
    if entry.kind == "hold":
        state = "held for" if entry.held else "spent on"
        return f"{when} **{entry.amount:+}**{of} {state} job `{entry.job[-8:]}`"
    if entry.kind == "expire":
        return f"{when} **{entry.amount:+}** past their date"
    why = _GIVEN.get(entry.source, entry.source) if entry.amount > 0 else "taken back"
    reason = "" if entry.reason in ("", "grant", entry.source) else f" ({escape(entry.reason)})"
    return f"{when} **{entry.amount:+}** {escape(why)}{reason}"


def tariff(tariff: Tariff) -> str:
    """What things cost, where that is not as usual."""
    lines = [
        f"{called(action)}: {count(price, 'credit')}" for action, price in tariff.actions.items()
    ]
    lines += [f"{_NAMES[each]}: × {factor:g}" for each, factor in tariff.speeds.items()]
    lines += [f"Model {escape(model)}: × {factor:g}" for model, factor in tariff.models.items()]
    if not tariff.size:
        lines.append("Larger pictures cost no more.")
    if tariff.steps:
        lines.append("More steps than usual cost as much more.")
    usual = "A grid costs 1 credit, turbo twice that, U1 to U4 nothing."
    return "\n".join(lines) or f"As usual. {usual}"


def called(code: Action) -> str:
    """An action as its button has it, or its command."""
    spec = ACTIONS[code]
    label = spec.on_single.label or spec.on_single.emoji if spec.on_single else ""
    return f"{label} ({code.value})" if label else code.value


def gifts(offers: Sequence[Offer], codes: Sequence[Code], pool: int) -> str:
    """What can be taken, and what is shared."""
    lines = [f"In the server's pool: **{count(pool, 'grid')}**"]
    for offer in offers:
        until = f" until <t:{offer.expires_at:.0f}:D>" if offer.expires_at else ""
        lines.append(
            f"Offer {offer.id}: {count(offer.amount, 'grid')} to <@&{offer.role}>{until}, taken by"
            f" {offer.taken}"
        )
    for code in codes:
        terms = code.terms
        until = f", to be used until <t:{terms.ends_at:.0f}:D>" if terms.ends_at else ""
        lasting = f", for {count(terms.days, 'day')}" if terms.days else ""
        note = f" ({escape(terms.note)})" if terms.note else ""
        lines.append(
            f"Code {code.id}: {count(terms.amount, 'grid')}{lasting}, used {code.used} of"
            f" {terms.uses} times{until}{note}"
        )
    return "\n".join(lines)


def deed(name: str, detail: Mapping[str, Any]) -> str | None:
    """What an admin did about plans and gifts, from the audit trail; None for anything else."""
    reason = (
        f" ({escape(detail['reason'])})" if detail.get("reason") not in (None, "", "grant") else ""
    )
    match name:
        case "plan set":
            gone = [f"no {each}" for each in detail.get("silent", ())]
            said = ", ".join(filter(None, [gives(QuotaSetting.read(detail)), *gone]))
            return f"Plan {escape(detail['plan'])}: {said}"
        case "plan remove":
            return f"Plan {escape(detail['plan'])} removed"
        case "plan give":
            plan = f"plan {escape(detail['plan'])}" if detail["plan"] else "no plan any more"
            return f"{whose(detail['scope'], detail['target'])}: {plan}"
        case "plan preset":
            return f"Preset {escape(detail['preset'])} taken over"
        case "tariff":
            return f"Prices: {tariff(Tariff.read(detail))}".replace("\n", ", ")
        case "quota pool":
            return f"Pool: {detail['changed']:+}{reason}"
        case "quota offer":
            return f"<@&{detail['role']}>: {detail['amount']:+} for each{reason}"
        case "quota code":
            return f"Code {detail['code']}: {detail['amount']:+} for {detail['uses']}{reason}"
        case "quota offer end":
            return f"Offer {detail['offer']} ended"
        case "quota code end":
            return f"Code {detail['code']} ended"
    return None
