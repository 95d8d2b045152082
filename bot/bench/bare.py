"""The least a discord.py bot can do with /imagine: answer at once.

What it needs for 200 people is what discord.py and the sandbox cost; the rest is Easel's.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.address import point_at

TEXT = "**{prompt}** - <@{user}> (Waiting to start)"


class Acknowledge(commands.Cog):
    """One command, no service."""

    @app_commands.command(description="Acknowledge")
    async def imagine(self, interaction: discord.Interaction, prompt: str) -> None:
        await interaction.response.send_message(
            TEXT.format(prompt=prompt, user=interaction.user.id)
        )


class Bare(commands.AutoShardedBot):
    """discord.py with what Easel's client asks of the gateway."""

    def __init__(self, api_url: str) -> None:
        point_at(api_url)
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )

    async def setup_hook(self) -> None:
        await self.add_cog(Acknowledge())
        await self.tree.sync()
