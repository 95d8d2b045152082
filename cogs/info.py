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
        await replies.private(interaction, embed=describe(view))


def describe(view: AccountView) -> discord.Embed:
    """The panel of /info."""
    embed = discord.Embed(title="Your info", colour=_GREEN)
    quota, profile = view.quota, view.profile
    embed.add_field(name="Credits", value=funds.balance(view.balance, quota), inline=False)
    embed.add_field(
        name="Limits",
        value=f"{quota.running} drawn at once, {quota.waiting} waiting",
        inline=False,
    )
    embed.add_field(name=f"Running jobs ({len(view.running)})", value=_jobs(view.running))
    embed.add_field(name=f"Queued jobs ({len(view.waiting)})", value=_jobs(view.waiting))
    embed.add_field(
        name="Lifetime use",
        value=f"{profile.grids} grids, {profile.pictures} pictures,"
        f" {profile.seconds / 60:.1f} min of drawing",
        inline=False,
    )
    embed.add_field(name="Model", value=_model(view), inline=False)
    return embed


def _jobs(jobs: Sequence[Job]) -> str:
    lines = [_job(job) for job in jobs[:_LISTED]]
    if len(jobs) > _LISTED:
        lines.append(f"and {len(jobs) - _LISTED} more")
    return "\n".join(lines) or "None"


def _job(job: Job) -> str:
    text = wording.quoted(job.request.prompt.text, 80) + wording.mode(job.request)
    if not job.notice or job.hidden:
        return text
    return f"{text} [show]({wording.link(job.origin.guild, job.origin.channel, job.notice)})"


def _model(view: AccountView) -> str:
    card = view.model
    lines = [f"{wording.escape(card.name)}, {card.native}×{card.native} px, {card.steps} steps"]
    for worker in view.workers:
        if error := worker.trouble:
            lines.append(f"⚠️ {worker.device}: {wording.escape(error)}")
        else:
            state = "drawing" if worker.busy else "ready"
            lines.append(f"{worker.device}: {state if worker.loaded else 'loading'}")
    if not view.workers:
        lines.append("⚠️ No worker is running just now; jobs wait until one is.")
    return "\n".join(lines)[:1024]


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Account(bot.service, bot.acknowledger))
