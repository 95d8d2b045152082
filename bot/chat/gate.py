"""Whom the bot serves, and in which language: on a server that the operator did not name, or has
blocked, nothing is done but what the operator commands."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, cast

import discord
from discord import app_commands

from bot.chat import replies, speech, telling
from bot.chat.door import LETTER
from bot.chat.fitting import Garbled, require_fit
from bot.chat.trouble import TROUBLE
from bot.domain.errors import UserError
from bot.domain.language import speak

if TYPE_CHECKING:
    from bot.chat.client import EaselBot


OPERATOR = "operator"
"""The group of commands that work everywhere."""


class Tree(app_commands.CommandTree):
    """discord.py's tree of commands behind the gate."""

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        return await passes(interaction)

    async def _call(self, interaction: discord.Interaction) -> None:
        # discord.py loses what it does not raise itself, and nobody is answered then.
        try:
            await super()._call(interaction)
        except app_commands.AppCommandError:
            raise
        except Exception as error:
            if hasattr(interaction, "_cs_namespace"):
                raise Broken(error) from error
            interaction._cs_command = None  # which cannot be told, by nobody who looks again
            raise Garbled(repr(error)) from error

    def _get_app_command_options(self, data: Any) -> Any:
        command, options = super()._get_app_command_options(data)
        if not any(each.get("focused") for each in options):
            require_fit(command, options, data.get("resolved") or {})
        return command, options


class Broken(app_commands.AppCommandError):
    """Something else went wrong beside a command's own work."""

    def __init__(self, original: Exception) -> None:
        super().__init__(str(original))
        self.original = original


async def passes(interaction: discord.Interaction) -> bool:
    """Whether this server is served; if not, whoever asked is told so, but nobody of what was told
    twice. What they bought and what waited for a place is theirs then. Every interaction comes
    through here, and from now on its task speaks the person's language."""
    client = cast("EaselBot", interaction.client)
    if client.door.is_told_again(interaction.id):
        return False
    speak(speech.of_person(interaction))
    telling.asked(interaction)
    suggesting = interaction.type is discord.InteractionType.autocomplete
    client.door.see(asyncio.current_task())
    try:
        client.door.enter(interaction.user.id, LETTER if suggesting else 1)
        if _root(interaction) == OPERATOR:
            return True  # its service asks who that is
        client.service.accounts.require_served(interaction.guild_id or 0)
    except UserError as error:
        if suggesting:
            # There is no place for words in a list of suggestions.
            with contextlib.suppress(*TROUBLE):
                await interaction.response.autocomplete([])
        else:
            await replies.answer(interaction, error)
        return False
    await client.till.arrive(interaction)
    return True


async def admitted(interaction: discord.Interaction) -> bool:
    """The same for what was pressed or sent; whatever goes wrong is answered. discord.py loses what
    the check of a button raises, without a word to anybody."""
    try:
        return await passes(interaction)
    except Exception as error:
        await replies.answer(interaction, error)
        return False


def _root(interaction: discord.Interaction) -> str:
    """The first word of a command; empty for what is none."""
    command = interaction.command
    return command.qualified_name.partition(" ")[0] if command else ""
