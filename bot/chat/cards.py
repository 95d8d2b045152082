"""What messages on the desk of a server's moderators say, and /reports. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.chat import wording
from bot.chat.buttons import APPROVE, DENY, DISMISS, TAKE_DOWN, JobButton
from bot.chat.plans import count
from bot.chat.sheets import VIOLET
from bot.domain.action import ALL, Tile
from bot.domain.desk import Appeal, Settled
from bot.domain.language import counted, pgettext
from bot.service.reports import Report

Face = tuple[discord.Embed, discord.ui.View | None]
"""What a message has."""
_VERDICTS = {
    "dismissed": "Dismissed: the picture stays",
    "deleted": "Deleted, with its messages",
    "approved": "Approved",
    "denied": "Denied",
}
_TIME = re.compile(r"\\<t\\:(\d+)\\:(\w)\\>")
"""A time of ours among what is escaped."""
_GREY = discord.Colour(0x8B8D98)


_KINDS = {
    "words": "words of a prompt",
    "picture": "a picture that the check stopped",
    "timeout": "a time-out",
    "ban": "a ban",
}
_GRANTED = {
    "words": "you may draw that very prompt once within a day, whatever its words",
    "picture": "the next time within a day that you ask for the same, it is shown as a spoiler",
    "timeout": "your time-out is over",
    "ban": "that ban is lifted",
}
_STOPPED = "-# The picture itself was not kept. Approved, the next one is shown as a spoiler."
_TEXTS_ROOM, _SAID_ROOM = 900, 700


def face(content: Report | Appeal | Settled) -> Face:
    """What a card says, and can be answered by."""
    if isinstance(content, Settled):
        by = f" by <@{content.actor}>" if content.actor else ""
        said = f"{_VERDICTS[content.verdict]}{by}."
        return discord.Embed(title="Answered", description=said, colour=_GREY), None
    if isinstance(content, Appeal):
        return _appeal(content)
    embed = discord.Embed(
        title="A picture was reported", description=described(content), colour=VIOLET
    )
    return embed, choice(content)


def _appeal(appeal: Appeal) -> Face:
    lines = [f"<@{appeal.user}>, against {_KINDS[appeal.kind]}, <t:{appeal.refused_at:.0f}:R>"]
    if texts := "\n".join(appeal.texts):
        lines.append(f"**Refused** ||{wording.shortened(texts, _TEXTS_ROOM)}||")
    why = _TIME.sub(r"<t:\1:\2>", wording.shortened(appeal.why, _TEXTS_ROOM))
    lines.append(f"**Why** {why}")
    said = wording.shortened(" ".join((appeal.said or "").split()), _SAID_ROOM)
    lines.append(f"**They say** {said}")
    if appeal.kind == "picture":
        lines.append(_STOPPED)
    embed = discord.Embed(title="Appeal", description="\n".join(lines), colour=VIOLET)
    view, tile = discord.ui.View(timeout=None), Tile(appeal.id, ALL)
    good, bad = discord.ButtonStyle.success, discord.ButtonStyle.danger
    view.add_item(JobButton(APPROVE, tile, label="Approve", style=good))
    view.add_item(JobButton(DENY, tile, label="Deny", style=bad))
    return embed, view


def outcomes(appeals: Sequence[Appeal]) -> str:
    """What somebody is told of answers to theirs."""
    return "\n".join(map(outcome, appeals))


def outcome(appeal: Appeal) -> str:
    """The same of one."""
    what = f"Your appeal against {_KINDS[appeal.kind]}"
    if texts := "\n".join(appeal.texts):
        what += f" (||{wording.shortened(texts, 200)}||)"
    if appeal.answer == "approved":
        return f"{what} was approved: {_GRANTED[appeal.kind]}."
    return f"{what} was denied: it stays as it is."


def described(report: Report) -> str:
    """Without the prompt where it is its owner's alone."""
    job = report.job
    times = len(report.reporters)
    when = f"<t:{report.at:.0f}:R>"
    lines = [counted("Reported once, {when}", "Reported {n} times, {when}", times, when=when)]
    ends = [wording.headline(job)]
    if report.message and not job.hidden:
        ends.insert(0, wording.link(job.origin.guild, report.channel, report.message))
    room = wording.CONTENT_LIMIT - len("\n".join([*lines, *ends])) - 2
    each = max(0, room // 5 - 4)
    lines += [
        f"> {wording.shortened(' '.join(reason.split()), each)}" for reason in report.reasons[:5]
    ]
    return "\n".join([*lines, *ends])


def choice(report: Report) -> discord.ui.View:
    """How a report is answered."""
    view, job = discord.ui.View(timeout=None), Tile(report.job.id, ALL)
    danger, quiet = discord.ButtonStyle.danger, discord.ButtonStyle.secondary
    view.add_item(
        JobButton(TAKE_DOWN, job, label=pgettext("button", "Delete picture"), style=danger)
    )
    view.add_item(JobButton(DISMISS, job, label=pgettext("button", "Dismiss"), style=quiet))
    return view


def deed(name: str, detail: Mapping[str, Any]) -> str:
    """What was done, from the audit trail, in one line; empty for what is no deed of these."""
    match name:
        case "desk":
            there = f"<#{detail['channel']}>" if detail["channel"] else "no channel"
            return f"The moderators' channel: {there}"
        case "report answered":
            return f"<@{detail['user']}>: a reported picture was {detail['verdict']}"
        case "log":
            there = f"<#{detail['channel']}>" if detail["channel"] else "no channel"
            return f"This log: {there}"
        case "purge":
            days = f" of {count(detail['days'], 'day')}" if detail["days"] else ""
            gone = count(detail["pictures"], "picture")
            return f"<@{detail['user']}>: deleted {gone}{days}"
        case "appeal":
            return f"<@{detail['user']}>: appealed against {_KINDS[detail['kind']]}"
        case "appeal answered":
            return f"<@{detail['user']}>: {detail['verdict']}, against {_KINDS[detail['kind']]}"
        case _:
            return ""
