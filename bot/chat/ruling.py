"""What messages say of a server's rules: words, places, bans, time-outs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.chat import plans
from bot.chat.forms import Field
from bot.chat.wording import duration, escape
from bot.domain.moderation import Ban, ServerRules, TimeoutRule, WordKind
from bot.service.moderation import Overview, Verdict
from bot.service.purging import Count

FORM = "words"
"""The code of the form for several words; its argument is their kind."""
_ROOM = 1000
"""Characters of one list."""
_TITLES = {
    WordKind.BLOCKED: "Blocked",
    WordKind.ADULT: "In age-restricted channels only",
    WordKind.ALLOWED: "Always allowed",
}
_TAKEN = {
    WordKind.BLOCKED: "blocked",
    WordKind.ADULT: "for age-restricted channels only",
    WordKind.ALLOWED: "always allowed",
}
FIELDS = (
    Field(
        "words", "Words and phrases", "One a line; * at an end stands for any letters", "", 4000,
        required=True, long=True,
    ),
)  # fmt: skip


def title(kind: WordKind) -> str:
    """Of words of a kind."""
    return f"Words: {_TAKEN[kind]}"


def taken(words: Sequence[str], changed: int) -> str:
    """What became of words that were given."""
    before = len(words) - changed
    known = f"\n-# {before} of them {'was' if before == 1 else 'were'} so before." if before else ""
    return f"{listed(words)}{known}"


def listed(words: Iterable[str], room: int = _ROOM) -> str:
    """Words behind bars, which cover them until somebody wants to see them."""
    kept: list[str] = []
    words = [*words]
    for word in words:
        shown = escape(word)
        if sum(map(len, kept)) + 2 * len(kept) + len(shown) > room:
            break
        kept.append(shown)
    more = len(words) - len(kept)
    return f"||{', '.join(kept)}||{f' and {more} more' if more else ''}"


def overview(found: Overview) -> str:
    """Everything that holds on a server."""
    rules, lines = found.rules, []
    for kind, name in _TITLES.items():
        if words := rules.of(kind):
            lines.append(f"**{name}** ({len(words)}): {listed(words)}")
    if found.operators:
        lines.append(f"The operator of this bot blocks {_words(found.operators)} everywhere.")
    lines.append(f"**Channels**: {channels(rules)}")
    lines.append(f"**Roles**: {roles(rules)}")
    lines.append(f"**Time-outs**: {timeouts(rules.timeout)}")
    if found.bans:
        shown = "\n".join(f"- {banned(ban)}" for ban in found.bans[:20])
        more = f"\n-# and {len(found.bans) - 20} more" if len(found.bans) > 20 else ""
        lines.append(f"**Banned**\n{shown}{more}")
    return "\n".join(lines)


def _words(count: int) -> str:
    return f"{count} word{'' if count == 1 else 's'}"


def channels(rules: ServerRules) -> str:
    """Where a server draws."""
    return _mentions("#", rules.channels) or "everywhere"


def roles(rules: ServerRules) -> str:
    """Who may draw on a server."""
    return _mentions("@&", rules.roles) or "everybody"


def _mentions(sign: str, ids: Iterable[int]) -> str:
    return ", ".join(f"<{sign}{each}>" for each in sorted(ids))


def timeouts(rule: TimeoutRule) -> str:
    """When somebody is timed out, and for how long."""
    if not rule.refusals:
        return "off"
    return (
        f"{plans.count(rule.refusals, 'refused prompt')} within {duration(rule.within_s)}: no"
        f" drawing for {duration(rule.lasts_s)}, twice as long each further time, up to a day"
    )


def desk(channel: int | None) -> str:
    """Where moderators are told what waits for them."""
    if not channel:
        return "None: they are told nowhere; `/reports` shows what waits."
    return (
        f"<#{channel}>: what members report comes there, with buttons that members with Manage"
        " Messages on the whole server may press. Whoever may read that channel sees it."
    )


def log(channel: int | None) -> str:
    """Where the audit trail is posted."""
    if not channel:
        return "None: `/quota log` shows what was changed."
    return f"<#{channel}>: what is changed from now on comes there, a line each."


def purge(user: int, days: int, count: Count) -> str:
    """What would be deleted of somebody's, before it is."""
    when = f" of the last {plans.count(days, 'day')}" if days else ""
    pictures = plans.count(count.pictures, "picture")
    under = f" What is under way ({count.unfinished}) ends free of charge." * bool(count.unfinished)
    return (
        f"Delete **{pictures}**{when} by <@{user}> on this server for good, with their messages and"
        f" what others took out of them by U, zoomed or panned?{under}"
    )


def banned(ban: Ban) -> str:
    """Who is banned, until when and why."""
    until = "for good" if ban.ends_at is None else f"until <t:{ban.ends_at:.0f}:f>"
    return f"<@{ban.user}> {until}{f' ({escape(ban.reason)})' if ban.reason else ''}"


def verdict(found: Verdict) -> str:
    """What would be refused of a text, and why."""
    if not found.findings:
        return "Nothing in it is blocked here."
    head = "It would be refused here." if found.refused else "It would be drawn in this channel."
    return "\n".join([head, *map(_finding, found.findings)])


def _finding(each: Any) -> str:
    whose = "the operator's" if each.operators else _TAKEN[each.kind]
    said = "" if each.said.casefold() == each.word else f", written ||{escape(each.said)}||"
    return f"- ||{escape(each.word)}|| ({whose}){said}"


def deed(name: str, detail: Mapping[str, Any]) -> str:
    """What an admin did, from the audit trail, in one line."""
    match name:
        case "words":
            kind = _TAKEN[WordKind(detail["kind"])] if detail["kind"] else "forgotten"
            words = listed(detail["words"], 200) if detail["words"] else "words"
            return f"{words}: {kind}"
        case "places":
            sign = "#" if detail["kind"] == "channel" else "@&"
            named = _mentions(sign, detail["places"][:10]) or f"every {detail['kind']}"
            return f"Drawing is for {named}"
        case "timeouts":
            return f"Time-outs: {timeouts(TimeoutRule(**detail))}"
        case "ban":
            ban = Ban(detail["user"], detail["reason"], 0, 0.0, detail["ends_at"])
            return f"{banned(ban)}: banned"
        case _:
            return f"<@{detail['user']}>: may draw again"
