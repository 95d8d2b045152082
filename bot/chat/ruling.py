"""What messages say of a server's rules: words, places, bans, time-outs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.chat import wording
from bot.chat.forms import Field
from bot.chat.wording import duration, escape
from bot.domain.language import N_, NP_, _, counted, pgettext, spoken
from bot.domain.moderation import Ban, PlaceKind, ServerRules, TimeoutRule, WordKind
from bot.service.moderation import Banished, Overview, Verdict
from bot.service.purging import Count
from bot.service.rulebook import Finding

FORM = "words"
"""The code of the form for several words; its argument is their kind."""
_ROOM = 1000
"""Characters of one list."""
_BANS = 20
_LINES = {
    WordKind.BLOCKED: N_("**Blocked** ({count}): {words}"),
    WordKind.ADULT: N_("**In age-restricted channels only** ({count}): {words}"),
    WordKind.ALLOWED: N_("**Always allowed** ({count}): {words}"),
}
_TITLES = {
    WordKind.BLOCKED: NP_("form", "Words: blocked"),
    WordKind.ADULT: NP_("form", "Words: for age-restricted channels only"),
    WordKind.ALLOWED: NP_("form", "Words: always allowed"),
}
_TAKEN = {
    WordKind.BLOCKED: N_("{words}: blocked"),
    WordKind.ADULT: N_("{words}: for age-restricted channels only"),
    WordKind.ALLOWED: N_("{words}: always allowed"),
}
_FOUND = {
    WordKind.BLOCKED: N_("- {word} (blocked)"),
    WordKind.ADULT: N_("- {word} (for age-restricted channels only)"),
}
_WRITTEN = {
    WordKind.BLOCKED: N_("- {word} (blocked), written {typed}"),
    WordKind.ADULT: N_("- {word} (for age-restricted channels only), written {typed}"),
}
FIELDS = (
    Field(
        "words", NP_("field", "Words and phrases"),
        NP_("hint", "One a line; * at an end stands for any letters"), "", 4000,
        required=True, long=True,
    ),
)  # fmt: skip


def title(kind: WordKind) -> str:
    """Of words of a kind, no longer than that of a form."""
    return pgettext("form", _TITLES[kind])


def taken(words: Sequence[str], changed: int) -> str:
    """What became of words that were given."""
    before = len(words) - changed
    known = counted("{n} of them was so before.", "{n} of them were so before.", before)
    return f"{listed(words)}\n-# {known}" if before else listed(words)


def listed(words: Iterable[str], room: int = _ROOM) -> str:
    """Words behind bars, which cover them until somebody wants to see them."""
    kept: list[str] = []
    words = [*words]
    for word in words:
        shown = escape(word)
        if sum(map(len, kept)) + 2 * len(kept) + len(shown) > room:
            break
        kept.append(shown)
    more, covered = len(words) - len(kept), f"||{', '.join(kept)}||"
    if not more:
        return covered
    return counted("{words} and {n} more", "{words} and {n} more", more, words=covered)


def overview(found: Overview, posts: bool = True) -> str:
    """Everything that holds on a server; whether the bot posts where its moderators are told."""
    rules, lines = found.rules, []
    for kind, line in _LINES.items():
        if words := rules.of(kind):
            count = spoken().number(len(words))
            lines.append(_(line, count=count, words=listed(words)))
    if found.operators:
        lines.append(
            counted(
                "The operator of this bot blocks {n} word everywhere.",
                "The operator of this bot blocks {n} words everywhere.",
                found.operators,
            )
        )
    lines.append(_("**Channels**: {channels}", channels=channels(rules)))
    lines.append(_("**Roles**: {roles}", roles=roles(rules)))
    lines.append(_("**Time-outs**: {rule}", rule=timeouts(rules.timeout)))
    lines.append(told_in(found.desk, posts))
    return "\n".join([*lines, *_bans(found.bans)])


def _bans(bans: Sequence[Ban]) -> list[str]:
    shown = [f"- {banned(ban)}" for ban in bans[:_BANS]]
    if more := len(bans) - len(shown):
        rest = counted("and {n} more", "and {n} more", more)
        shown.append(f"-# {rest}")
    return [_("**Banned**"), *shown] if bans else []


def channels(rules: ServerRules) -> str:
    """Where a server draws."""
    return _mentions("#", rules.channels) or _("everywhere")


def roles(rules: ServerRules) -> str:
    """Who may draw on a server."""
    return _mentions("@&", rules.roles) or _("everybody")


def _mentions(sign: str, ids: Iterable[int]) -> str:
    return ", ".join(f"<{sign}{each}>" for each in sorted(ids))


def timeouts(rule: TimeoutRule) -> str:
    """When somebody is timed out, and for how long."""
    if not rule.refusals:
        return _("off")
    return counted(
        "{n} refused prompt within {within}: no drawing for {lasts}, twice as long each further"
        " time, up to a day",
        "{n} refused prompts within {within}: no drawing for {lasts}, twice as long each further"
        " time, up to a day",
        rule.refusals,
        within=duration(rule.within_s),
        lasts=duration(rule.lasts_s),
    )


def desk(channel: int | None) -> str:
    """Where moderators are told what waits for them."""
    if not channel:
        return _("None: they are told nowhere; `/reports` shows what waits.")
    return _(
        "{channel}: what members report comes there, with buttons that members with Manage"
        " Messages on the whole server may press. Whoever may read that channel sees it.",
        channel=wording.channel(channel),
    )


def told_in(channel: int, posts: bool) -> str:
    """Where moderators are told what waits, and whether the bot `posts` there."""
    where = wording.channel(channel) if channel else _("no channel")
    line = _("The moderators' channel: {channel}", channel=where)
    if posts or not channel:
        return line
    gone = _(
        "It is gone, or I may not post there, so nobody is told what waits; choose another by"
        " `/moderation desk`."
    )
    return f"{line}\n⚠️ {gone}"


def log(channel: int | None) -> str:
    """Where the audit trail is posted."""
    if not channel:
        return _("None: `/quota log` shows what was changed.")
    return _(
        "{channel}: what is changed from now on comes there, a line each.",
        channel=wording.channel(channel),
    )


def purge(user: int, days: int, count: Count) -> str:
    """What would be deleted of somebody's, before it is."""
    person = wording.person(user)
    if days:
        asked = counted(
            "Delete **{n} picture** of the last {days} by {person} on this server for good, with"
            " its messages and what others took out of it by U, zoomed or panned?",
            "Delete **{n} pictures** of the last {days} by {person} on this server for good, with"
            " their messages and what others took out of them by U, zoomed or panned?",
            count.pictures,
            days=counted("{n} day", "{n} days", days),
            person=person,
        )
    else:
        asked = counted(
            "Delete **{n} picture** by {person} on this server for good, with its messages and"
            " what others took out of it by U, zoomed or panned?",
            "Delete **{n} pictures** by {person} on this server for good, with their messages and"
            " what others took out of them by U, zoomed or panned?",
            count.pictures,
            person=person,
        )
    if not count.unfinished:
        return asked
    unfinished = spoken().number(count.unfinished)
    under = _("What is under way ({count}) ends free of charge.", count=unfinished)
    return f"{asked} {under}"


def banished(done: Banished) -> str:
    """Who is banned, and what came of their jobs."""
    if not done.stopped:
        return banned(done.ban)
    return f"{banned(done.ban)}\n" + counted(
        "{n} unfinished job of theirs cancelled, free of charge.",
        "{n} unfinished jobs of theirs cancelled, free of charge.",
        done.stopped,
    )


def banned(ban: Ban) -> str:
    """Who is banned, until when and why."""
    person, reason = wording.person(ban.user), escape(ban.reason)
    when = "" if ban.ends_at is None else f"<t:{ban.ends_at:.0f}:f>"
    if when and reason:
        return _("{person} until {when} ({reason})", person=person, when=when, reason=reason)
    if when:
        return _("{person} until {when}", person=person, when=when)
    if reason:
        return _("{person} for good ({reason})", person=person, reason=reason)
    return _("{person} for good", person=person)


def verdict(found: Verdict) -> str:
    """What would be refused of a text, and why."""
    if not found.findings:
        return _("Nothing in it is blocked here.")
    refused, drawn = _("It would be refused here."), _("It would be drawn in this channel.")
    head = refused if found.refused else drawn
    return "\n".join([head, *map(_finding, found.findings)])


def _finding(each: Finding) -> str:
    word, typed = f"||{escape(each.word)}||", f"||{escape(each.said)}||"
    plain = each.said.casefold() == each.word
    if each.operators and plain:
        return _("- {word} (the operator's)", word=word)
    if each.operators:
        return _("- {word} (the operator's), written {typed}", word=word, typed=typed)
    if plain:
        return _(_FOUND[each.kind], word=word)
    return _(_WRITTEN[each.kind], word=word, typed=typed)


def deed(name: str, detail: Mapping[str, Any]) -> str:
    """What an admin did, from the audit trail, in one line."""
    match name:
        case "words":
            return _words(detail["kind"], detail["words"])
        case "places":
            return _places(detail["kind"], detail["places"][:10])
        case "timeouts":
            return _("Time-outs: {rule}", rule=timeouts(TimeoutRule(**detail)))
        case "ban":
            ban = Ban(detail["user"], detail["reason"], 0, 0.0, detail["ends_at"])
            return _("{ban}: banned", ban=banned(ban))
        case _:
            return _("{person}: may draw again", person=wording.person(detail["user"]))


def _words(kind: str, words: Sequence[str]) -> str:
    shown = listed(words, 200) if words else _("words")
    return _(_TAKEN[WordKind(kind)] if kind else N_("{words}: forgotten"), words=shown)


def _places(kind: str, ids: Sequence[int]) -> str:
    channels = kind == PlaceKind.CHANNEL
    if not ids:
        every, any_role = _("Drawing is for every channel"), _("Drawing is for every role")
        return every if channels else any_role
    return _("Drawing is for {places}", places=_mentions("#" if channels else "@&", ids))
