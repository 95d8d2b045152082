"""Which language is spoken: to a person in theirs, before everybody in the server's. And the names,
descriptions and options of commands in every language, as discord.py asks for them."""

from __future__ import annotations

import logging

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.domain.delivery import Kind
from bot.domain.job import Job
from bot.domain.language import ENGLISH, Language
from bot.language import CATALOGUES, language

log = logging.getLogger(__name__)

_CONTEXTS = {
    Location.command_name: "command",
    Location.group_name: "command",
    Location.parameter_name: "option",
    Location.choice_name: "choice",
}
MENU = "menu"
"""The context of commands in a message's menu, whose names are written like titles."""


def code(locale: discord.Locale) -> str:
    """What Discord calls a language, also one that discord.py does not know; empty for what is
    none."""
    return locale.value if isinstance(locale.value, str) else ""


def of_person(interaction: discord.Interaction) -> Language:
    """That of who asks, for what only they see."""
    return language(code(interaction.locale))


def of_place(interaction: discord.Interaction) -> Language:
    """That of the server, for what all may see; in direct messages the person's."""
    if interaction.guild_id is None or interaction.guild_locale is None:
        return of_person(interaction)
    return language(code(interaction.guild_locale))


def of_message(interaction: discord.Interaction) -> Language:
    """That of the message whose button was pressed, which is to be changed."""
    message = interaction.message
    mine = message is None or message.flags.ephemeral
    return of_person(interaction) if mine else of_place(interaction)


def of_job(client: discord.Client, job: Job, kind: Kind = Kind.RESULT) -> Language:
    """The language of what is posted about a job by the bot's own hand: the server's, or its
    owner's where they alone see it."""
    if job.hidden or kind is Kind.DM or not job.origin.guild:
        return language(job.origin.locale)
    return of_guild(client, job.origin.guild)


def of_guild(client: discord.Client, guild: int) -> Language:
    """That of a server by its id, English while Discord has not told of it."""
    known = client.get_guild(guild)
    return of_server(known) if known else ENGLISH


def of_server(guild: discord.Guild) -> Language:
    """That of a server, for what is said there unasked."""
    return language(code(guild.preferred_locale))


def of_letter(client: discord.Client, locale: str, guild: int) -> Language:
    """The language of a direct message to somebody who was last seen to read `locale`, empty where
    that is not known, about something on a server."""
    return language(locale) if locale else of_guild(client, guild)


def of_reader(client: discord.Client, job: Job, person: int) -> Language:
    """The language of what somebody is sent about a job without having said theirs just now."""
    return of_job(client, job, Kind.DM if person == job.user else Kind.RESULT)


class Translator(app_commands.Translator):
    """What discord.py asks for each text of each command in each language that Discord has."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """None where Easel does not speak it, or it is the same."""
        if locale.value not in CATALOGUES:
            return None
        message, spoken = string.message, language(locale.value)
        where = context_of(context)
        said = spoken.pgettext(where, message) if where else spoken.gettext(message)
        return None if said == message else said


def context_of(context: app_commands.TranslationContextTypes) -> str:
    """What a catalogue has in front of such a text: names are short, and may mean several things.
    Empty for descriptions."""
    if isinstance(context.data, app_commands.ContextMenu):
        return MENU
    return _CONTEXTS.get(context.location, "")
