"""What a message shows: which job of ours, by the id that its buttons and files carry; which
picture, and the form that asks what to draw from it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import discord
from discord import ui

from bot.chat import forms
from bot.chat.buttons import CANCEL, CANCEL_ALL
from bot.chat.forms import Field
from bot.domain.errors import NotFound
from bot.domain.language import N_, NP_, _, pgettext
from bot.domain.people import snowflake

FORM = "from_picture"
_ROOM = 4000
"""Characters of a form's field."""
_BUTTON = re.compile(r"easel:(?P<code>[a-z0-9_]{1,24}):(?P<job>[0-9a-f]{32}):")
_FILE = re.compile(r"_(?P<job>[0-9a-f]{32})\.\w+\Z")
_ID = re.compile(r"[0-9a-f]{32}")
_MESSAGE = re.compile(
    r"https://(?:\w+\.)?discord(?:app)?\.com/channels/[\w@]+/\d{1,20}/(?P<message>\d{1,20})/?"
    r"|(?P<alone>\d{15,20})"
)
_FOREIGN = N_(
    "This is no result of mine; choose a message in which I show a picture or its progress."
)


def job_of(message: discord.Message, me: discord.abc.Snowflake | None) -> str:
    """The id of the job that a message of `me` shows. Raises NotFound for any other message."""
    if me is not None and message.author.id == me.id:
        for file in message.attachments:
            if found := _FILE.search(file.filename):
                return found["job"]
        for match in _buttons(message):
            if match["job"].strip("0"):
                return match["job"]
    raise NotFound(_(_FOREIGN))


def job_id(typed: str) -> str:
    """With dashes or without, in whatever letters. Raises NotFound for what no job has."""
    plain = typed.strip().strip("`").replace("-", "").lower()
    if not _ID.fullmatch(plain):
        raise NotFound(
            _(
                "A job's id has 32 letters from a to f and digits; *Copy prompt* in the menu of a"
                " result shows it."
            )
        )
    return plain


def message_id(typed: str) -> int | None:
    """Of a link to a message, or the id alone; None for what is neither."""
    found = _MESSAGE.fullmatch(typed.strip().strip("<>`"))
    return snowflake(found["message"] or found["alone"]) if found else None


def stops_all(message: discord.Message) -> bool:
    """Whether its Cancel button stops several jobs."""
    codes = {match["code"] for match in _buttons(message)}
    return CANCEL_ALL in codes and CANCEL not in codes


def form(picture: str) -> ui.Modal:
    """Asks what to draw from the picture at an address."""
    hint = NP_("hint", "The picture's address, then what to draw; a grid counts as one picture")
    field = Field(
        "prompt", NP_("field", "Prompt"), hint, f"{picture} ", _ROOM, required=True, long=True
    )
    return forms.form(pgettext("form", "Draw from a picture"), FORM, "", [field])


def picture_of(message: discord.Message) -> str:
    """The address of its first picture, whoever posted it. Raises NotFound where it has none."""
    for file in message.attachments:
        if (file.content_type or "").startswith("image/"):
            return file.url
    raise NotFound(_("This message has no picture that was uploaded with it; choose one that has."))


def _buttons(message: discord.Message) -> Iterator[re.Match[str]]:
    for row in message.components:
        for each in getattr(row, "children", ()):
            if found := _BUTTON.match(getattr(each, "custom_id", None) or ""):
                yield found
