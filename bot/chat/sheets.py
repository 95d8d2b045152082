"""Sheets of samples as messages: as far as they are drawn, and once more when they all are."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence

import discord

from bot.chat import files
from bot.chat.acknowledge import Acknowledger
from bot.chat.trouble import TROUBLE
from bot.domain.language import counted
from bot.service.gallery import Cell, Gallery, Sheets

VIOLET = discord.Colour(0x6E56CF)
PATIENCE_S = 600.0
"""For samples that are still to be drawn; an answer can be changed for 15 minutes."""
_SHEETS = 10
"""Pictures of one message; Discord takes no more."""


class Presented:
    """One for each feature that shows samples."""

    def __init__(
        self, gallery: Gallery, acknowledger: Acknowledger, patience_s: float = PATIENCE_S
    ) -> None:
        self._gallery = gallery
        self._acknowledger = acknowledger
        self._patience_s = patience_s

    async def show(
        self, interaction: discord.Interaction, title: str, text: str, cells: Sequence[Cell]
    ) -> None:
        """Answer privately, beside what was said before if anything was; return when it is whole,
        or will not be."""
        work = self._gallery.sheets(cells)
        made = await self._acknowledger.privately(interaction, work)
        with _files(made) as sent:
            edit = await _send(interaction, _embeds(title, text, made), sent)
        if made.missing and await self._gallery.until_drawn(cells, self._patience_s):
            made = await self._gallery.sheets(cells)
            with _files(made) as sent, contextlib.suppress(*TROUBLE):
                await edit(embeds=_embeds(title, text, made), attachments=sent)


async def _send(
    interaction: discord.Interaction, embeds: list[discord.Embed], sent: list[discord.File]
) -> Callable[..., Awaitable[object]]:
    """How to change what was said."""
    if not interaction.response.is_done():
        await interaction.response.send_message(embeds=embeds, files=sent, ephemeral=True)
        return interaction.edit_original_response
    said = await interaction.followup.send(embeds=embeds, files=sent, ephemeral=True, wait=True)
    interaction.extras["said"] = True
    return said.edit


def _embeds(title: str, text: str, made: Sheets) -> list[discord.Embed]:
    """One for each sheet; the first says everything."""
    if made.missing:
        missing = counted(
            "{n} sample is still to be drawn, which is done while nobody waits.",
            "{n} samples are still to be drawn, which is done while nobody waits.",
            made.missing,
        )
        text += f"\n-# {missing}"
    embeds = [discord.Embed(title=title, description=text, colour=VIOLET)]
    embeds += [discord.Embed(colour=VIOLET) for _ in made.sheets[1:_SHEETS]]
    for number in range(len(made.sheets[:_SHEETS])):
        embeds[number].set_image(url=f"attachment://{_name(number)}")
    return embeds


def _name(number: int) -> str:
    return f"sheet{number + 1}.webp"


@contextlib.contextmanager
def _files(made: Sheets) -> Iterator[list[discord.File]]:
    opened = [
        discord.File(sheet.path, _name(number), description=sheet.description)
        for number, sheet in enumerate(made.sheets[:_SHEETS])
    ]
    try:
        yield opened
    finally:
        for file in opened:
            files.close(file)
