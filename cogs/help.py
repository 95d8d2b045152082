"""/help: the commands, the parameters (from their table) and some ideas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import wording
from bot.domain.action import help_lines
from bot.domain.prompt.parameters import PARAMETERS
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_VIOLET = discord.Colour(0x6E56CF)


class Help(commands.Cog):
    """Made from the same tables as the parser."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @app_commands.command(description="How to draw with Easel")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def help(self, interaction: discord.Interaction) -> None:
        embed = discord.Embed(
            title="Drawing with Easel",
            description="`/imagine prompt:` what to draw, then parameters.",
            colour=_VIOLET,
        )
        embed.add_field(name="Parameters", value=_parameters(), inline=False)
        embed.add_field(name="Buttons", value="\n".join(help_lines()), inline=False)
        vocabulary = self._service.words.vocabulary
        if vocabulary is not None:
            embed.add_field(
                name="What this model can draw", value=wording.words(vocabulary), inline=False
            )
        ideas = "\n".join(f"- {wording.escape(idea)}" for idea in self._service.words.ideas("", 6))
        if ideas:
            embed.add_field(name="Ideas", value=ideas[:1024], inline=False)
        embed.set_footer(text="/info shows your credits, limits and jobs")
        await interaction.response.send_message(embed=embed, ephemeral=True)


def _parameters() -> str:
    return "\n".join(
        f"`{' '.join('--' + name for name in row.names)}` {row.help};"
        f" {row.expects} (default {row.default})"
        for row in PARAMETERS
    )


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Help(bot.service))
