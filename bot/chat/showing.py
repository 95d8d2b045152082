"""Showing a panel: as the answer to a command, or in the place of the one that was pressed."""

from __future__ import annotations

from collections.abc import Sequence

import discord


async def show(
    interaction: discord.Interaction,
    view: discord.ui.LayoutView,
    files: Sequence[discord.File] = (),
) -> None:
    """To the asking person alone where it was asked for by a command; else where it stood."""
    if interaction.response.is_done():
        interaction.extras["said"] = True
        await interaction.edit_original_response(view=view, attachments=files)
    elif interaction.message is not None:
        await interaction.response.edit_message(view=view, attachments=files)
    else:
        await interaction.response.send_message(view=view, files=[*files], ephemeral=True)
