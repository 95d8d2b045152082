"""Who asked what, and what came of it, for whoever watches: once for every interaction but the
suggestions that are made while somebody types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import discord

from bot.domain.news import Answered, Asked

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

UNKNOWN = "unknown"
_OUTCOME = "outcome"
"""In the extras of an interaction: how it ended, once that was told."""

_KINDS = {
    discord.InteractionType.application_command: "command",
    discord.InteractionType.component: "press",
    discord.InteractionType.modal_submit: "form",
}
_JOB = re.compile(r":([0-9a-f]{32}):")
_FORM = "form"
_PANELS = frozenset({"page", "set", "pick", "panel"})
"""Codes of what is pressed that belongs to no job."""


def asked(interaction: discord.Interaction) -> None:
    """It has come."""
    if interaction.type in _KINDS:
        _client(interaction).tell(Asked(interaction.id, *named(interaction)))


def answered(interaction: discord.Interaction, error: Exception | None = None) -> None:
    """It was done, or refused with an error; whatever is told first holds."""
    if interaction.type in _KINDS and _OUTCOME not in interaction.extras:
        name = interaction.extras[_OUTCOME] = type(error).__name__ if error else ""
        _client(interaction).tell(Answered(interaction.id, *named(interaction), name))


def named(interaction: discord.Interaction) -> tuple[str, str]:
    """Which kind of interaction it is, and which command, button or form was used: a word of this
    version's, whatever was sent."""
    from bot.chat.buttons import CODES  # which asks the gate, and that tells

    kind = _KINDS[interaction.type]
    if kind == "command":
        command = interaction.command
        return kind, command.qualified_name if command else UNKNOWN
    _, code, *rest = f"{(interaction.data or {}).get('custom_id', '')}:".split(":")
    if code == _FORM:
        known, code = frozenset(_client(interaction).forms), rest[0]
    else:
        known = CODES | _PANELS
    return kind, code if code in known else UNKNOWN


def place(interaction: discord.Interaction) -> str:
    """Where an error happened, for the log: by its name, and of which job, where a button is of
    one."""
    kind, name = named(interaction) if interaction.type in _KINDS else ("suggestions", UNKNOWN)
    job = _JOB.search(str((interaction.data or {}).get("custom_id", "")))
    return f"{kind} {name} of job {job[1]}" if job else f"{kind} {name}"


def _client(interaction: discord.Interaction) -> EaselBot:
    return cast("EaselBot", interaction.client)
