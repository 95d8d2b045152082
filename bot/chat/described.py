"""What /describe says: a picture, and prompts for it, each with a button.

All that a press needs is in the message itself, the picture too, so its buttons work after
restarts.
"""

from __future__ import annotations

import io

import discord
from discord import ui

from bot.chat import forms, keycaps
from bot.chat.buttons import JobButton
from bot.chat.forms import Field
from bot.domain.action import ALL, Tile
from bot.domain.errors import NotFound
from bot.domain.language import N_, NP_, _, pgettext
from bot.service.describing import Described

DRAW = "describe"
AGAIN = "describe_again"
EVERY = "describe_all"
FORM = "describe"
LOST = N_("This message does not hold its picture and prompts any more; give `/describe` again.")
_FILE = "described.webp"
_VIOLET = discord.Colour(0x6E56CF)
_ROOM = 4000
"""Characters of a form's field."""


def embed(described: Described) -> discord.Embed:
    """The prompts and, below them, the picture of `file`; a spoiler stands above them instead, for
    nothing covers what is in an embed."""
    made = discord.Embed(title=_("In words"), colour=_VIOLET)
    keycaps.add(made, described.prompts)
    if not described.spoiler:
        made.set_image(url=f"attachment://{_FILE}")
    made.set_footer(
        text=_("Each number draws that prompt at the usual price; 🔄 finds other words.")
    )
    return made


def file(described: Described) -> discord.File:
    """The picture."""
    words = described.prompts[0]
    data, covered = io.BytesIO(described.picture.data), described.spoiler
    return discord.File(data, _FILE, description=words[:1000], spoiler=covered)


def view(made: discord.Embed) -> ui.View:
    """A button for each prompt, one for others, and one for all of them."""
    found = keycaps.view(made, DRAW)
    found.add_item(JobButton(AGAIN, Tile(keycaps.NOBODY, ALL), emoji="🔄", row=0))
    every = pgettext("button", "Imagine all")
    found.add_item(JobButton(EVERY, Tile(keycaps.NOBODY, ALL), label=every, row=1))
    return found


def picture_of(message: discord.Message | None) -> str:
    """The address of the picture. Raises NotFound where the message has none."""
    for each in message.embeds if message else []:
        if each.image.url:
            return each.image.url
    for file in message.attachments if message else []:
        return file.url
    raise NotFound(_(LOST))


def form(prompt: str) -> ui.Modal:
    """Asks for a change of a prompt, which is then drawn."""
    hint = NP_("hint", "What is to be seen; parameters such as --ar 3:2 go last")
    label = NP_("field", "Prompt")
    field = Field("prompt", label, hint, prompt, _ROOM, required=True, long=True)
    return forms.form(pgettext("form", "Imagine"), FORM, "", [field])
