"""A server's waiting and running jobs as a message for its admins. Pure."""

from __future__ import annotations

import discord
from discord import ui

from bot.chat import wording
from bot.chat.buttons import ADMIN_CANCEL, ADMIN_JOBS, JobButton
from bot.domain.action import ALL, Tile
from bot.domain.job import Job, JobStatus
from bot.domain.language import N_, _, pgettext, spoken
from bot.domain.links import brief
from bot.service.overview import AT_ONCE, Unfinished

_BLUE = discord.Colour(0x3E63DD)
_PROMPT = 120
"""Characters of a prompt in a line."""
_ACROSS, _LAST_ROW = 4, 4
_NO_JOB = "0" * 32
NOTHING = N_("Nothing waits here, and nothing is being drawn.")


def embed(page: Unfinished) -> discord.Embed:
    """A line for each job; of one that is its owner's alone that it is there."""
    lines = [line(number, job) for number, job in enumerate(page.jobs, page.first + 1)]
    text = "\n".join(lines) or _(NOTHING)
    said = discord.Embed(title=_("Waiting and being drawn"), description=text, colour=_BLUE)
    if page.jobs:
        said.set_footer(text=head(page))
    return said


def head(page: Unfinished) -> str:
    """Which of all jobs are shown, and what can be done with them."""
    number = spoken().number
    return _(
        "{first} to {last} of {count}; ✖️ cancels, free of charge.",
        first=number(page.first + 1),
        last=number(page.first + len(page.jobs)),
        count=number(page.count),
    )


def view(page: Unfinished) -> ui.View:
    """A button for each job that may be cancelled, and those that turn the page."""
    shown, quiet = ui.View(timeout=None), discord.ButtonStyle.secondary
    here = str(page.first)
    for place, job in enumerate(page.jobs):
        if job.hidden:
            continue
        look = {"label": str(page.first + place + 1), "emoji": "✖️", "style": quiet}
        shown.add_item(
            JobButton(ADMIN_CANCEL, Tile(job.id, ALL), here, row=place // _ACROSS, **look)
        )
    more = page.first + len(page.jobs) < page.count
    turns = [(pgettext("button", "Back"), max(0, page.first - AT_ONCE), page.first > 0)]
    turns += [(pgettext("button", "Refresh"), page.first, True)]
    turns += [(pgettext("button", "More"), page.first + AT_ONCE, more)]
    for label, first, there in turns:
        if there:
            turn = JobButton(
                ADMIN_JOBS, Tile(_NO_JOB, ALL), f"{first}", label=label, style=quiet, row=_LAST_ROW
            )
            shown.add_item(turn)
    return shown


def line(number: int, job: Job) -> str:
    """A job, with its place in the list."""
    state = "🎨" if job.status is JobStatus.RUNNING else "⏳"
    if job.hidden:
        stealth = _("stealth")
        return f"`{number}` {state} *{stealth}*"
    prompt = wording.quoted(brief(str(job.request.prompt)), _PROMPT)
    return f"`{number}` {state} {prompt} <@{job.user}> <t:{job.created_at:.0f}:R>"
