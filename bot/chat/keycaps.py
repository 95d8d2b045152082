"""Prompts in a message, each behind a number, and what a press of its button needs of them.

All of it is in the message itself, so the buttons work after restarts. Knows Discord's limits for
embeds; not where prompts come from.
"""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord import ui

from bot.chat.buttons import JobButton
from bot.domain.action import Tile
from bot.domain.errors import NotFound

KEYCAPS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣")
NOBODY = "0" * 32
"""In the place of a job's id: it is about none."""
FIELD = 1024
"""Characters of one prompt as it is shown."""


def add(made: discord.Embed, prompts: Iterable[str]) -> discord.Embed:
    """With a field for each."""
    for keycap, prompt in zip(KEYCAPS, prompts, strict=False):
        made.add_field(name=keycap, value=coded(prompt), inline=False)
    return made


def view(made: discord.Embed, code: str) -> ui.View:
    """A button for each of its prompts."""
    found = ui.View(timeout=None)
    for number, field in enumerate(made.fields, 1):
        found.add_item(JobButton(code, Tile(NOBODY, number), emoji=field.name, row=0))
    return found


def prompts_of(message: discord.Message | None) -> list[str]:
    """All that a message holds, in order."""
    fields = message.embeds[0].fields if message and message.embeds else []
    return [str(each.value).strip("`").replace("\u200b", "") for each in fields if each.value]


def prompt_of(message: discord.Message | None, number: int, lost: str) -> str:
    """The one that a button draws. Raises NotFound, which says `lost`, where it is not there."""
    prompts = prompts_of(message)
    if not 1 <= number <= len(prompts):
        raise NotFound(lost)
    return prompts[number - 1]


def coded(prompt: str) -> str:
    """As code that nothing in it ends."""
    return "``" + prompt.replace("`", "\u200b`\u200b") + "``"
