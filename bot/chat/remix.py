"""The form in which a press gets another prompt, and what somebody wrote that could not be drawn.

The form's custom id says what was pressed: `easel:form:remix:<code>:<job>:<tile>`, with `:again`
behind it where it was opened from a draft. A draft is a private message that holds the text, with a
button that opens the form once more. So both outlive the bot. Pure but for the shapes of Discord.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import discord
from discord import ui

from bot.chat import aims, forms
from bot.chat.buttons import JobButton
from bot.chat.forms import Field
from bot.domain.action import ACTIONS, ALL, Action, Press, Tile
from bot.domain.errors import NotFound
from bot.domain.job import Job
from bot.domain.language import N_, NP_, _, pgettext

CODE = "remix"
"""Of the form, and of the button under a draft."""
ROOM = 4000
"""What a field of a form takes, counted as Discord's clients do."""
TAKEN = N_("Asked for with this change.")
_AGAIN = "again"
_DRAFT_ROOM = 3600
"""What is kept in one message, beside the sentence that says what is wrong."""
_PROMPT, _MORE, _GLUED = _NAMES = ("prompt", "more", "glued")
_FIELDS = 5
"""Of a form. Only the longest prompts leave no room for all."""
_ARGUMENT = re.compile(
    rf"(?P<code>[a-z0-9_]{{1,24}}):(?P<job>[0-9a-f]{{32}}):(?P<tile>[0-9]{{1,2}})(?::{_AGAIN})?"
)
_BLOCK = re.compile(r"```\n(?P<text>.*)\n```", re.DOTALL)
_UNREADABLE = N_(
    "This belongs to another version of Easel; press a button under the pictures anew."
)


def form(press: Press, parent: Job, text: str, *, again: bool = False) -> ui.Modal:
    """The form with the whole text, in as many fields as that takes."""
    argument = f"{press.action.value}:{press.tile.job}:{press.tile.index}"
    text = text if again else aims.offered(press.action, parent, text)
    fields = (*_fields(text), *aims.fields(press.action))[:_FIELDS]
    return forms.form(_title(press, parent), CODE, argument + f":{_AGAIN}" * again, fields)


def _title(press: Press, parent: Job) -> str:
    if press.tile.index == ALL:
        return pgettext("form", "Draw it again")
    if (face := ACTIONS[press.action].on_single) and ACTIONS[press.action].capability == "frames":
        if face.label:
            return pgettext("button", face.label)
        name = press.action.value.replace("_", " ")
        said = pgettext("choice", name.capitalize())
        return name.title() if said == name.capitalize() else said
    if parent.request.count > 1:
        return pgettext("form", "Vary picture {number}", number=press.tile.index)
    return pgettext("form", "Vary this picture")


def read(argument: str, texts: Mapping[str, str]) -> tuple[Press, bool]:
    """The press that came back with its prompt, and whether it was from a draft. Raises NotFound
    for what this version does not offer."""
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise NotFound(_(_UNREADABLE))
    said = {name: text for name, text in texts.items() if name.startswith(_NAMES)}
    joined = "".join(
        text if not number or name.startswith(_GLUED) else f" {text}"
        for number, (name, text) in enumerate(said.items())
    )
    press = pressed(match["code"], Tile(match["job"], int(match["tile"])), joined)
    return press, argument.endswith(f":{_AGAIN}")


def pressed(code: str, tile: Tile, text: str | None = None) -> Press:
    """A press of what can be remixed. Raises NotFound for anything else."""
    if code not in ACTIONS or not ACTIONS[Action(code)].remixes:
        raise NotFound(_(_UNREADABLE))
    return Press(Action(code), tile, prompt=text)


def draft(press: Press) -> dict[str, Any]:
    """What an answer that says what is wrong has beside it, so that nothing is typed twice; a text
    that is too long for that has to be copied from `blocks`."""
    if len(blocks(press)) > 1:
        return {}
    view = ui.View(timeout=None)
    look = {
        "label": pgettext("button", "Change it"),
        "emoji": "✏️",
        "style": discord.ButtonStyle.primary,
    }
    view.add_item(JobButton(CODE, press.tile, press.action.value, **look))
    return {"kept": blocks(press)[0], "view": view}


def blocks(press: Press) -> list[str]:
    """The text as it was typed, in one block or as many as it takes; of the latter each fits a
    message of its own."""
    text = press.prompt or ""
    whole = _block(text)
    fits = len(_units(whole)) <= 2 * _DRAFT_ROOM
    return [whole] if fits else [_block(one) for one, _ in _cut(text, 950)]


def text_of(message: discord.Message | None) -> str:
    """The text that a draft holds. Raises NotFound where there is none."""
    said = message.embeds[0].description if message and message.embeds else ""
    match = _BLOCK.search(said or "")
    if match is None:
        raise NotFound(_(_UNREADABLE))
    return match["text"].replace("`\u200b", "`")


def _block(text: str) -> str:
    """Nothing in it ends the block."""
    return "```\n" + text.replace("`", "`\u200b") + "\n```"


def _fields(text: str) -> list[Field]:
    first, *others = _cut(text, ROOM)
    hint = NP_("hint", "It is longer than a field takes, so it goes on below.") if others else ""
    hint = hint or NP_("hint", "What is to be seen; parameters such as --ar 3:2 go last")
    fields = [
        Field(_PROMPT, NP_("field", "Prompt"), hint, first[0], ROOM, required=True, long=True)
    ]
    for number, (part, glued) in enumerate(others, 2):
        name = f"{_GLUED if glued else _MORE}{number}"
        fields.append(Field(name, NP_("field", "Prompt, continued"), "", part, ROOM, long=True))
    return fields


def _cut(text: str, room: int) -> list[tuple[str, bool]]:
    """The text in parts, between words where it has any, and whether each belongs to the end of the
    one before without a space."""
    parts, glued = [], False
    while len(units := _units(text)) > 2 * room:
        head = units[: 2 * room].decode("utf-16-le", "ignore")
        words, space, _ = head.rpartition(" ")
        part = words if space else head
        parts.append((part, glued))
        text, glued = text[len(part) + len(space) :], not space
    return [*parts, (text, glued)]


def _units(text: str) -> bytes:
    """Two bytes for each character as Discord's clients count them."""
    return text.encode("utf-16-le", "surrogatepass")
