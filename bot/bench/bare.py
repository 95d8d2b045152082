"""The least a discord.py bot can do with /imagine: answer at once.

What it needs for 200 people is what discord.py and the sandbox cost; the rest is Easel's.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

TEXT = "**{prompt}** - <@{user}> (Waiting to start)"


class Bare(commands.Cog):
    """One command, no service."""

    @app_commands.command(description="Acknowledge")
    async def imagine(self, interaction: discord.Interaction, prompt: str) -> None:
        await interaction.response.send_message(
            TEXT.format(prompt=prompt, user=interaction.user.id)
        )


async def setup(bot: commands.Bot) -> None:
    await bot.add_cog(Bare())
