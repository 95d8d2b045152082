"""Forms: how they are opened, and what somebody wrote into one.

Discord sends a form back by its custom id, which says all that is needed to take it: discord.py
keeps forms in memory only, so that one that was opened before a restart would be lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.chat.buttons import PREFIX

Take = Callable[[discord.Interaction, str], Awaitable[None]]
"""Takes what was sent back, with the argument of the form's custom id."""


@dataclass(frozen=True)
class Field:
    """One line of text, or a `long` one. `most` bounds its characters."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    most: int = 300
    required: bool = False
    long: bool = False


REMEMBERED_S = 60.0
"""How long discord.py has to keep a form that it is not asked about."""


def form(title: str, code: str, argument: str, fields: Sequence[Field]) -> ui.Modal:
    """A form that `code` takes with `argument`."""
    custom_id = f"{PREFIX}:form:{code}:{argument}"
    modal = ui.Modal(title=title[:45], custom_id=custom_id, timeout=REMEMBERED_S)
    for field in fields:
        line = ui.TextInput(
            custom_id=field.name,
            style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
            default=field.value or None,
            required=field.required,
            max_length=field.most,
        )
        modal.add_item(ui.Label(text=field.label, description=field.hint or None, component=line))
    return modal


def sent(custom_id: str) -> tuple[str, str]:
    """Code and argument of a form that came back; empty texts for another version's."""
    _, _, rest = custom_id.partition(f"{PREFIX}:form:")
    code, _, argument = rest.partition(":")
    return code, argument


def texts(interaction: discord.Interaction) -> dict[str, str]:
    """What was written, by the names of the fields."""
    data: Mapping[str, Any] = interaction.data or {}  # type: ignore[assignment]
    return {each["custom_id"]: str(each.get("value") or "") for each in _fields(data)}


def _fields(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Whether they stand in rows or behind labels."""
    if "value" in part and "custom_id" in part:
        yield part
    for each in (*part.get("components", ()), *filter(None, [part.get("component")])):
        yield from _fields(each)
