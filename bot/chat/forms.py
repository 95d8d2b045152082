"""Forms: how they are opened, and what somebody wrote, chose or uploaded in one.

Discord sends a form back by its custom id, which says all that is needed to take it: discord.py
keeps forms in memory only, so that one that was opened before a restart would be lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import discord
from discord import ui

from bot.chat.buttons import PREFIX
from bot.domain.errors import NotFound
from bot.domain.language import _, pgettext

T = TypeVar("T")
Take = Callable[[discord.Interaction, str], Awaitable[None]]
"""Takes what was sent back, with the argument of the form's custom id."""


@dataclass(frozen=True)
class Field:
    """One line of text, or a `long` one. `most` bounds its characters. Labels and hints are looked
    up when the form is made, in all kinds of fields."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    most: int = 300
    required: bool = False
    long: bool = False


@dataclass(frozen=True)
class Choice:
    """Some of a list, or none: each a value and what it is called. `most` bounds how many, 0 not
    at all."""

    name: str
    label: str
    hint: str
    options: tuple[tuple[str, str], ...]
    placeholder: str = ""
    chosen: tuple[str, ...] = ()
    most: int = 0


@dataclass(frozen=True)
class Upload:
    """One file, or none."""

    name: str
    label: str
    hint: str


AnyField = Field | Choice | Upload
REMEMBERED_S = 60.0
"""How long discord.py has to keep a form that it is not asked about."""


def form(title: str, code: str, argument: str, fields: Sequence[AnyField]) -> ui.Modal:
    """A form that `code` takes with `argument`."""
    custom_id = f"{PREFIX}:form:{code}:{argument}"
    modal = ui.Modal(title=title[:45], custom_id=custom_id, timeout=REMEMBERED_S)
    for field in fields:
        shown = _shown(field)
        label = pgettext("field", field.label)
        hint = pgettext("hint", field.hint) if field.hint else None
        modal.add_item(ui.Label(text=label, description=hint, component=shown))
    return modal


def _shown(field: AnyField) -> ui.Item[ui.Modal]:
    if isinstance(field, Upload):
        return ui.FileUpload(custom_id=field.name, required=False, min_values=0, max_values=1)
    if isinstance(field, Choice):
        options = [
            discord.SelectOption(
                label=pgettext("line", label), value=value, default=value in field.chosen
            )
            for value, label in field.options
        ]
        hint = pgettext("placeholder", field.placeholder) if field.placeholder else None
        return ui.Select(
            custom_id=field.name, placeholder=hint, options=options,
            required=False, min_values=0, max_values=field.most or len(options),
        )  # fmt: skip
    return ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
        default=field.value or None,
        required=field.required,
        max_length=field.most,
    )


def sent(custom_id: str) -> tuple[str, str]:
    """Code and argument of a form that came back; empty texts for another version's."""
    _, _, rest = custom_id.partition(f"{PREFIX}:form:")
    code, _, argument = rest.partition(":")
    return code, argument


def foreign() -> NotFound:
    """Of a form that was opened by another version, before an update perhaps."""
    return NotFound(_("This form belongs to another version of Easel; press its button anew."))


class Texts(dict[str, str]):
    """What was written, by the names of the fields. Raises NotFound for one that is not there."""

    def __missing__(self, name: str) -> str:
        raise foreign()


def texts(interaction: discord.Interaction) -> Texts:
    """All of a form."""
    parts = _fields(_data(interaction))
    found = {str(each["custom_id"]): str(each["value"] or "") for each in parts if "value" in each}
    return Texts(found)


def meant(kind: Callable[[str], T], argument: str) -> T:
    """What the argument of a form says. Raises NotFound where `kind` raises ValueError."""
    try:
        return kind(argument)
    except ValueError:
        raise foreign() from None


def chosen(interaction: discord.Interaction, name: str) -> list[str]:
    """What was chosen in a field: values of its options, or ids of files."""
    parts = _fields(_data(interaction))
    return next((_values(each) for each in parts if each["custom_id"] == name), [])


def filled(interaction: discord.Interaction) -> dict[str, tuple[str, ...]]:
    """What was written or chosen, by the names of the fields."""
    return {
        str(each["custom_id"]): tuple(_values(each) or [str(each.get("value") or "")])
        for each in _fields(_data(interaction))
    }


def addresses(interaction: discord.Interaction, name: str) -> list[str]:
    """Where the files are that were uploaded in a field."""
    files = (_data(interaction).get("resolved") or {}).get("attachments") or {}
    return [str(files[id]["url"]) for id in chosen(interaction, name) if id in files]


def _values(part: Mapping[str, Any]) -> list[str]:
    """Empty for what is no list."""
    found = part.get("values")
    return list(map(str, found)) if isinstance(found, list) else []


def _data(interaction: discord.Interaction) -> Mapping[str, Any]:
    return interaction.data or {}  # type: ignore[return-value]


def _fields(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Whether they stand in rows or behind labels."""
    if "custom_id" in part and ("value" in part or "values" in part):
        yield part
    inner = part.get("components")
    for each in (*(inner if isinstance(inner, list) else ()), part.get("component")):
        if isinstance(each, Mapping):
            yield from _fields(each)
