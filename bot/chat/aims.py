"""What forms ask for besides a prompt: the part of a picture that is to be drawn anew, and how far
to zoom out, which stands in the prompt itself."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.chat import forms
from bot.chat.forms import AnyField, Choice, Field, Upload
from bot.domain.action import Action, Press
from bot.domain.job import Job
from bot.domain.language import NP_
from bot.domain.region import FIELDS, Region

_MASK, _CELLS, _WORD = "mask", "fields", "word"
_PART: tuple[AnyField, ...] = (
    Upload(
        _MASK, NP_("field", "Mask"),
        NP_("hint", "A picture: what is white in it, or transparent, is drawn anew"),
    ),
    Choice(
        _CELLS, NP_("field", "Or fields"),
        NP_("hint", "Of the picture, cut three times across and down"),
        tuple((str(number), name) for number, name in enumerate(FIELDS, 1)),
        NP_("placeholder", "Choose one or more"),
    ),
    Field(
        _WORD, NP_("field", "Or what is there"),
        NP_("hint", "A word for what the model is to find, such as: the hat"),
    ),
)  # fmt: skip


def fields(action: Action) -> tuple[AnyField, ...]:
    """What the form of an action has behind the prompt."""
    return _PART if action is Action.VARY_REGION else ()


def offered(action: Action, parent: Job, text: str) -> str:
    """The prompt as it is offered under a job's picture."""
    if action is not Action.CUSTOM_ZOOM:
        return text
    prompt = parent.request.prompt
    shape = "" if prompt.get("ar") else f" --ar {prompt.aspect.width}:{prompt.aspect.height}"
    return f"{text}{shape} --zoom 2"


def read(interaction: discord.Interaction, press: Press) -> Press:
    """The press with what came back."""
    if press.action is not Action.VARY_REGION:
        return press
    numbers = (int(value) for value in forms.chosen(interaction, _CELLS) if value.isdecimal())
    return replace(
        press,
        region=Region(
            picture=next(iter(forms.addresses(interaction, _MASK)), ""),
            fields=tuple(number for number in numbers if 1 <= number <= len(FIELDS)),
            word=forms.texts(interaction).get(_WORD, "").strip(),
        ),
    )
