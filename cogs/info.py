"""/info: what a user has, may do, and has under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, funds, replies, wording
from bot.chat.acknowledge import Acknowledger
from bot.domain.job import Job
from bot.domain.language import _, counted, spoken
from bot.service import Service
from bot.service.accounts import AccountView

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_GREEN = discord.Colour(0x30A46C)
_LISTED = 5


class Account(commands.Cog):
    """Private answers about the asker alone."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._service = service
        self._privately = acknowledger.privately

    @app_commands.command(description="Your credits, limits and jobs, and the model")
    async def info(self, interaction: discord.Interaction) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        view = await self._privately(interaction, self._service.accounts.account(asker, guild))
        await replies.private(interaction, embed=describe(view, direct=not guild))


def describe(view: AccountView, direct: bool) -> discord.Embed:
    """The panel of /info, on a server or in `direct` messages."""
    embed = discord.Embed(title=_("Your info"), colour=_GREEN)
    quota, profile = view.quota, view.profile
    credits = funds.balance(view.balance, quota, direct)
    embed.add_field(name=_("Credits"), value=credits, inline=False)
    embed.add_field(
        name=_("Limits"),
        value=_(
            "{running} drawn at once, {waiting} waiting",
            running=quota.running,
            waiting=quota.waiting,
        ),
        inline=False,
    )
    running = _("Running jobs ({count})", count=len(view.running))
    waiting = _("Queued jobs ({count})", count=len(view.waiting))
    embed.add_field(name=running, value=_jobs(view.running))
    embed.add_field(name=waiting, value=_jobs(view.waiting))
    embed.add_field(
        name=_("Lifetime use"),
        value=_(
            "{grids} grids, {pictures} pictures, {minutes} min of drawing",
            grids=spoken().number(profile.grids),
            pictures=spoken().number(profile.pictures),
            minutes=spoken().number(profile.seconds / 60, 1),
        ),
        inline=False,
    )
    embed.add_field(name=_("Model"), value=_model(view), inline=False)
    return embed


def _jobs(jobs: Sequence[Job]) -> str:
    lines = [_job(job) for job in jobs[:_LISTED]]
    if len(jobs) > _LISTED:
        left = len(jobs) - _LISTED
        lines.append(counted("and {n} more", "and {n} more", left))
    return "\n".join(lines) or _("None")


def _job(job: Job) -> str:
    text = wording.quoted(job.request.prompt.text, 80) + wording.mode(job.request)
    if not job.notice or job.hidden:
        return text
    address = wording.link(job.origin.guild, job.origin.channel, job.notice)
    return " ".join([text, wording.linked(_("show"), address)])


def _model(view: AccountView) -> str:
    card = view.model
    size, steps = f"{card.native}×{card.native}", card.steps
    name = wording.escape(card.name)
    lines = [
        counted(
            "{name}, {size} px, {n} step",
            "{name}, {size} px, {n} steps",
            steps,
            name=name,
            size=size,
        )
    ]
    loading = _("loading")
    for worker in view.workers:
        if error := worker.trouble:
            lines.append(f"⚠️ {worker.device}: {wording.escape(error)}")
        else:
            state = _("drawing") if worker.busy else _("ready")
            lines.append(f"{worker.device}: {state if worker.loaded else loading}")
    if not view.workers:
        lines.append("⚠️ " + _("No worker is running just now; jobs wait until one is."))
    return "\n".join(lines)[:1024]


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Account(bot.service, bot.acknowledger))
