"""An extension with one form, for what becomes of it after a restart."""

from __future__ import annotations

import discord
from discord import app_commands, ui
from discord.ext import commands


class Form(ui.Modal, title="A form"):
    word = ui.TextInput(label="A word", custom_id="word")


@app_commands.command(name="form", description="Open a form")
async def form(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Form(custom_id="easel:form:1"))


async def setup(bot: commands.Bot) -> None:
    bot.tree.add_command(form)
