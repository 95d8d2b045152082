"""What messages on the desk of a server's moderators say, and /reports. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.chat import wording
from bot.chat.buttons import APPROVE, DENY, DISMISS, TAKE_DOWN, JobButton
from bot.chat.sheets import VIOLET
from bot.domain.action import ALL, Tile
from bot.domain.desk import Appeal, Settled
from bot.domain.language import N_, _, counted, pgettext
from bot.service.reports import Report

Face = tuple[discord.Embed, discord.ui.View | None]
"""What a message has."""
_VERDICTS = {
    "dismissed": N_("Dismissed: the picture stays."),
    "deleted": N_("Deleted, with its messages."),
    "approved": N_("Approved."),
    "denied": N_("Denied."),
}
_VERDICTS_BY = {
    "dismissed": N_("Dismissed: the picture stays by {person}."),
    "deleted": N_("Deleted, with its messages by {person}."),
    "approved": N_("Approved by {person}."),
    "denied": N_("Denied by {person}."),
}
_TIME = re.compile(r"\\<t\\:(\d+)\\:(\w)\\>")
"""A time of ours among what is escaped."""
_GREY = discord.Colour(0x8B8D98)

_AGAINST = {
    "words": N_("{person}, against words of a prompt, {when}"),
    "picture": N_("{person}, against a picture that the check stopped, {when}"),
    "timeout": N_("{person}, against a time-out, {when}"),
    "ban": N_("{person}, against a ban, {when}"),
}
_APPROVED = {
    "words": N_(
        "Your appeal against words of a prompt ({texts}) was approved: you may draw that very"
        " prompt once within a day, whatever its words."
    ),
    "picture": N_(
        "Your appeal against a picture that the check stopped ({texts}) was approved: the next time"
        " within a day that you ask for the same, it is shown as a spoiler."
    ),
    "timeout": N_("Your appeal against a time-out was approved: your time-out is over."),
    "ban": N_("Your appeal against a ban was approved: that ban is lifted."),
}
_DENIED = {
    "words": N_("Your appeal against words of a prompt ({texts}) was denied: it stays as it is."),
    "picture": N_(
        "Your appeal against a picture that the check stopped ({texts}) was denied: it stays as it"
        " is."
    ),
    "timeout": N_("Your appeal against a time-out was denied: it stays as it is."),
    "ban": N_("Your appeal against a ban was denied: it stays as it is."),
}
_APPEALED = {
    "words": N_("{person}: appealed against words of a prompt"),
    "picture": N_("{person}: appealed against a picture that the check stopped"),
    "timeout": N_("{person}: appealed against a time-out"),
    "ban": N_("{person}: appealed against a ban"),
}
_ANSWERED = {
    ("words", "approved"): N_("{person}: approved, against words of a prompt"),
    ("words", "denied"): N_("{person}: denied, against words of a prompt"),
    ("picture", "approved"): N_("{person}: approved, against a picture that the check stopped"),
    ("picture", "denied"): N_("{person}: denied, against a picture that the check stopped"),
    ("timeout", "approved"): N_("{person}: approved, against a time-out"),
    ("timeout", "denied"): N_("{person}: denied, against a time-out"),
    ("ban", "approved"): N_("{person}: approved, against a ban"),
    ("ban", "denied"): N_("{person}: denied, against a ban"),
}
_REPORTED = {
    "dismissed": N_("{person}: a reported picture was dismissed"),
    "deleted": N_("{person}: a reported picture was deleted"),
}
_TEXTS_ROOM, _SAID_ROOM, _TOLD_ROOM = 900, 700, 200


def face(content: Report | Appeal | Settled) -> Face:
    """What a card says, and can be answered by."""
    if isinstance(content, Settled):
        by = content.actor
        said = _((_VERDICTS_BY if by else _VERDICTS)[content.verdict], person=wording.person(by))
        return discord.Embed(title=_("Answered"), description=said, colour=_GREY), None
    if isinstance(content, Appeal):
        return _appeal(content)
    title = _("A picture was reported")
    embed = discord.Embed(title=title, description=described(content), colour=VIOLET)
    return embed, choice(content)


def _appeal(appeal: Appeal) -> Face:
    person, when = wording.person(appeal.user), f"<t:{appeal.refused_at:.0f}:R>"
    lines = [_(_AGAINST[appeal.kind], person=person, when=when)]
    if texts := "\n".join(appeal.texts):
        lines.append(_("**Refused** {texts}", texts=_covered(texts, _TEXTS_ROOM)))
    why = wording.shortened(appeal.ground.said(), _TEXTS_ROOM)
    lines.append(_("**Why** {sentence}", sentence=_TIME.sub(r"<t:\1:\2>", why)))
    said = wording.shortened(" ".join((appeal.said or "").split()), _SAID_ROOM)
    lines.append(_("**They say** {text}", text=said))
    if appeal.kind == "picture":
        kept = _("The picture itself was not kept. Approved, the next one is shown as a spoiler.")
        lines.append(f"-# {kept}")
    title = pgettext("title", "Appeal")
    embed = discord.Embed(title=title, description="\n".join(lines), colour=VIOLET)
    view, tile = discord.ui.View(timeout=None), Tile(appeal.id, ALL)
    good, bad = discord.ButtonStyle.success, discord.ButtonStyle.danger
    view.add_item(JobButton(APPROVE, tile, label=pgettext("button", "Approve"), style=good))
    view.add_item(JobButton(DENY, tile, label=pgettext("button", "Deny"), style=bad))
    return embed, view


def _covered(text: str, room: int) -> str:
    return f"||{wording.shortened(text, room)}||"


def outcomes(appeals: Sequence[Appeal]) -> tuple[str, int]:
    """What somebody is told of answers to theirs, of as many as one message holds; of how many."""
    said = ""
    for count, appeal in enumerate(appeals):
        longer = f"{said}\n{outcome(appeal)}".strip()
        if len(longer) > wording.CONTENT_LIMIT:
            return said, count
        said = longer
    return said, len(appeals)


def outcome(appeal: Appeal) -> str:
    """The same of one."""
    said = _APPROVED if appeal.answer == "approved" else _DENIED
    texts = "\n".join(appeal.texts) or "…"
    return _(said[appeal.kind], texts=_covered(texts, _TOLD_ROOM))


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
            return _("The moderators' channel: {channel}", channel=_there(detail))
        case "report answered":
            return _(_REPORTED[detail["verdict"]], person=wording.person(detail["user"]))
        case "log":
            return _("This log: {channel}", channel=_there(detail))
        case "purge":
            return _purged(detail["user"], detail["pictures"], detail["days"])
        case "appeal":
            return _(_APPEALED[detail["kind"]], person=wording.person(detail["user"]))
        case "appeal answered":
            said = _ANSWERED[detail["kind"], detail["verdict"]]
            return _(said, person=wording.person(detail["user"]))
        case _:
            return ""


def _there(detail: Mapping[str, Any]) -> str:
    return wording.channel(detail["channel"]) if detail["channel"] else _("no channel")


def _purged(user: int, pictures: int, days: int) -> str:
    person = wording.person(user)
    if not days:
        return counted(
            "{person}: deleted {n} picture", "{person}: deleted {n} pictures", pictures,
            person=person,
        )  # fmt: skip
    return counted(
        "{person}: deleted {n} picture of {days}", "{person}: deleted {n} pictures of {days}",
        pictures, person=person, days=counted("{n} day", "{n} days", days),
    )  # fmt: skip
