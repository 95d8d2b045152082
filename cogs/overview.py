"""/admin: a server's numbers, and what its admins do with what is under way. Answers are private;
deeds are audited."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, charts, replies, unfinished
from bot.chat.acknowledge import Acknowledger
from bot.chat.admin.desk import FORM, Desk
from bot.chat.admin.overview import MISSING, Pictures, look
from bot.chat.buttons import ADMIN_CANCEL, ADMIN_JOBS
from bot.domain.action import Tile
from bot.domain.errors import NotFound
from bot.domain.language import _, counted
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_BLUE = discord.Colour(0x3E63DD)
_LAST = 1_000_000
"""Beyond the number of any job that waits."""


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(dms=False)
class Overseeing(
    commands.GroupCog, group_name="admin", group_description="This server at a glance"
):
    """The service checks the right again: Discord's own check can be edited by servers."""

    def __init__(self, service: Service, acknowledger: Acknowledger, desk: Desk) -> None:
        super().__init__()
        self._service = service
        self._privately = acknowledger.privately
        self._desk = desk

    @app_commands.command(description="What was drawn here, by whom, how soon, for how much")
    @app_commands.describe(days="How many days back (default: 30)")
    async def overview(
        self, interaction: discord.Interaction, days: Literal[7, 30, 90, 365] = 30
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        work = look(self._service, interaction.guild, asker, guild, days)
        shown, pictures = await self._privately(interaction, work)
        text = charts.summary(shown, self._service.overview.model_name)
        if self._service.overview.paused(interaction.guild_id or 0):
            paused = _("Drawing is paused here; `/admin resume` goes on.")
            text = f"⏸️ {paused}\n{text}"
        if not pictures:
            text += f"\n-# {_(MISSING)}"
        await _send(interaction, text, pictures)

    @app_commands.command(description="Everything that admins see and decide, to press")
    async def panel(self, interaction: discord.Interaction) -> None:
        await self._desk.open(interaction)

    @app_commands.command(
        description="Let everything that is asked for here wait, until /admin resume"
    )
    async def pause(self, interaction: discord.Interaction) -> None:
        waiting = await self._pause(interaction, True)
        said = counted(
            "Drawing is paused here: what is being drawn is finished, everything else waits and"
            " says so ({n} job now). `/admin resume` goes on.",
            "Drawing is paused here: what is being drawn is finished, everything else waits and"
            " says so ({n} jobs now). `/admin resume` goes on.",
            waiting,
        )
        await replies.private(interaction, f"⏸️ {said}")

    @app_commands.command(description="Let drawing go on after /admin pause")
    async def resume(self, interaction: discord.Interaction) -> None:
        waiting = await self._pause(interaction, False)
        said = counted(
            "Drawing goes on here; {n} job had waited.",
            "Drawing goes on here; {n} jobs had waited.",
            waiting,
        )
        await replies.private(interaction, f"▶️ {said}")

    async def _pause(self, interaction: discord.Interaction, on: bool) -> int:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        work = self._service.overview.pause(asker, guild, on)
        return await self._privately(interaction, work)

    @app_commands.command(description="What waits and what is being drawn here, to be cancelled")
    async def jobs(self, interaction: discord.Interaction) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        work = self._service.overview.unfinished(asker, guild)
        page = await self._privately(interaction, work)
        await replies.private(
            interaction, embed=unfinished.embed(page), view=unfinished.view(page)
        )  # fmt: skip

    async def press(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Cancel a job of the list, or turn its page; it is shown anew."""
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        if not argument.isdecimal():
            raise NotFound(
                _("This list is from another version of Easel; use `/admin jobs` again.")
            )
        if code == ADMIN_CANCEL:
            await self._privately(
                interaction, self._service.overview.cancel(asker, guild, tile.job)
            )  # fmt: skip
        first = min(int(argument), _LAST)
        work = self._service.overview.unfinished(asker, guild, first)
        page = await self._privately(interaction, work)
        await replies.look(interaction, unfinished.view(page), unfinished.embed(page))


async def _send(interaction: discord.Interaction, text: str, pictures: Pictures) -> None:
    """Each chart below the other, which a phone shows as wide as it is."""
    embeds = [discord.Embed(title=_("Overview"), description=text, colour=_BLUE)]
    embeds += [discord.Embed(colour=_BLUE) for _ in pictures[1:]]
    files = []
    for embed, (chart, png) in zip(embeds, pictures, strict=False):
        embed.set_image(url=f"attachment://{chart.name}.png")
        file = discord.File(io.BytesIO(png), f"{chart.name}.png", description=chart.description)
        files.append(file)
    if interaction.response.is_done():
        await interaction.followup.send(embeds=embeds, files=files, ephemeral=True)
        interaction.extras["said"] = True
    else:
        await interaction.response.send_message(embeds=embeds, files=files, ephemeral=True)


async def setup(bot: EaselBot) -> None:
    desk = Desk(bot.service, bot.acknowledger)
    cog = Overseeing(bot.service, bot.acknowledger, desk)
    await bot.add_cog(cog)
    bot.forms[FORM] = desk.filled
    bot.panels |= dict.fromkeys(desk.names, desk.press)
    bot.presses |= {ADMIN_CANCEL: cog.press, ADMIN_JOBS: cog.press}
