"""From an error to one sentence for the person who caused or met it.

Users see the text of a `UserError` as it stands; anything else gets a calm sentence with a short
reference that is also in the log. The answer is always private.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Awaitable, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.chat import telling
from bot.chat.trouble import TROUBLE
from bot.chat.wording import within
from bot.domain.errors import (
    BlockedWords,
    Draining,
    InvalidLink,
    InvalidPrompt,
    InvalidRecipe,
    MissingPermissions,
    NotAllowed,
    NotFound,
    OutOfCredits,
    QueueFull,
    StoreUnavailable,
    TooLarge,
    TooQuick,
    Unable,
    UserError,
)
from bot.domain.language import N_, _

log = logging.getLogger(__name__)

RED = discord.Colour(0xE5484D)
YELLOW = discord.Colour(0xF5A524)

TITLES: dict[type[UserError], tuple[str, discord.Colour]] = {
    InvalidPrompt: (N_("Invalid prompt"), RED),
    InvalidRecipe: (N_("Invalid recipe"), RED),
    InvalidLink: (N_("Invalid link"), RED),
    BlockedWords: (N_("Blocked words"), RED),
    Unable: (N_("Not possible"), YELLOW),
    OutOfCredits: (N_("Credits exhausted"), YELLOW),
    QueueFull: (N_("Queue full"), YELLOW),
    NotAllowed: (N_("Not allowed"), RED),
    Draining: (N_("Back in a moment"), YELLOW),
    TooQuick: (N_("Too fast"), YELLOW),
    MissingPermissions: (N_("Permissions missing"), RED),
    NotFound: (N_("Not found"), YELLOW),
    TooLarge: (N_("Too large"), YELLOW),
}

OUTDATED = N_(
    "This is of another version of Easel, or was not sent whole; nothing was charged. Restart"
    " Discord (Ctrl+R) and try again."
)
_DESCRIPTION = 4096
"""Characters that an embed takes."""
_KEPT = 3900
"""Characters of a prompt that an answer gives back."""
# By the code of a StoreUnavailable.
STORES = {
    "locked": N_(
        "My database is busy just now; nothing was charged. Please try again in a moment."
    ),
    "full": N_(
        "My disk is full; nothing was charged. Please try again in a moment, or tell the operator."
    ),
    "read_only": N_(
        "My database cannot be written just now; nothing was charged. Please try again in a moment,"
        " or tell the operator."
    ),
    "io": N_(
        "My disk does not answer just now; nothing was charged. Please try again in a moment, or"
        " tell the operator."
    ),
    "damaged": N_("My database is damaged; nothing was charged. Please tell the operator."),
}

# Discord's own words for these would not help the user.
_UNKNOWN_INTERACTION = 10062
_ALREADY_ANSWERED = 40060


async def answer(interaction: discord.Interaction, error: Exception) -> None:
    """Answer an error privately; never raises."""
    await give_back(interaction, error)


async def answered(interaction: discord.Interaction, work: Awaitable[None]) -> None:
    """Whatever comes of it is answered, and told."""
    try:
        await work
    except Exception as error:
        await answer(interaction, error)
    else:
        telling.answered(interaction)


async def give_back(
    interaction: discord.Interaction,
    error: Exception,
    kept: str = "",
    view: discord.ui.View | None = None,
) -> None:
    """The same with what somebody wrote, and what can be done with it."""
    cause = getattr(error, "original", error)
    telling.answered(interaction, cause)
    if interaction.type is discord.InteractionType.autocomplete:
        await _suggest_nothing(interaction, cause)
        return
    if isinstance(cause, discord.HTTPException) and cause.code in {
        _UNKNOWN_INTERACTION,
        _ALREADY_ANSWERED,
    }:
        log.warning("interaction %d could not be answered: %s", interaction.id, cause)
        return
    try:
        embed = describe(cause, interaction)
        told = within(embed.description or "", _DESCRIPTION - len(kept) - 1)
        embed.description = "\n".join(filter(None, (told, kept)))
        if appeal := getattr(cause, "appeal", ""):
            from bot.chat.buttons import appealing  # which answers errors by this module

            view = appealing(appeal, view)
        await private(interaction, embed=embed, view=view)
    except TROUBLE as refused:
        log.warning("interaction %d could not be answered: %s", interaction.id, refused)


async def _suggest_nothing(interaction: discord.Interaction, cause: Exception) -> None:
    """There is no place for words in a list of suggestions."""
    log.warning("interaction %d has no suggestions: %r", interaction.id, cause)
    with contextlib.suppress(*TROUBLE, discord.InteractionResponded):
        await interaction.response.autocomplete([])


async def give_back_prompt(
    interaction: discord.Interaction, error: Exception, prompt: str
) -> None:  # fmt: skip
    """The same with a prompt to copy."""
    kept = prompt.replace("`", "`\u200b")
    await give_back(interaction, error, f"```\n{kept[:_KEPT]}\n```")


def describe(error: Exception, interaction: discord.Interaction | None = None) -> discord.Embed:
    """The embed for an error; unexpected ones are logged with their reference."""
    if isinstance(error, UserError):
        title, colour = next(
            (row for kind, row in TITLES.items() if isinstance(error, kind)), (N_("Sorry"), YELLOW)
        )
        return discord.Embed(title=_(title), description=str(error), colour=colour)
    if isinstance(error, app_commands.MissingPermissions):
        return describe(
            NotAllowed(_("Only members with the Manage Server permission can do this.")),
            interaction,
        )
    if isinstance(error, app_commands.NoPrivateMessage):
        return describe(NotAllowed(_("This command works on a server only.")), interaction)
    if isinstance(error, app_commands.AppCommandError):
        # All others are about what was sent: a client shows commands of before an update for hours.
        log.warning("a command could not be read: %s", error)
        return describe(NotFound(_(OUTDATED)), interaction)
    number = reference()
    where = telling.place(interaction) if interaction else "somewhere"
    log.error("reference %s: %s", number, where, exc_info=error)
    if isinstance(error, StoreUnavailable):
        return _unavailable(error, number)
    return discord.Embed(
        title=_("Something went wrong"),
        description=_(
            "Nothing was charged for this. Please try again; if it stays, tell the operator the"
            " reference `{reference}`.",
            reference=number,
        ),
        colour=RED,
    )


def reference() -> str:
    """A new one, short enough to be told."""
    return secrets.token_hex(3).upper()


def _unavailable(error: StoreUnavailable, reference: str) -> discord.Embed:
    return discord.Embed(
        title=_("Not possible just now"),
        description=_(
            "{sentence} The reference is `{reference}`.",
            sentence=_(STORES[error.code]),
            reference=reference,
        ),
        colour=YELLOW,
    )


async def aside(interaction: discord.Interaction, content: str) -> bool:
    """Say something privately beside an answer that was given; whether it was. Never raises."""
    if not interaction.response.is_done():
        return False
    try:
        await interaction.followup.send(content, ephemeral=True)
    except TROUBLE as error:
        log.warning("interaction %d: an aside was not said: %s", interaction.id, error)
        return False
    return True


async def warn(interaction: discord.Interaction, warnings: Sequence[str]) -> None:
    """Say privately what of an answered request has no effect; never raises."""
    if warnings:
        await aside(interaction, "\n".join(f"⚠️ {sentence}" for sentence in warnings))


async def instead(interaction: discord.Interaction, content: str) -> bool:
    """Put this in the place of the message whose button was pressed; whether that worked. Never
    raises."""
    return await _change(interaction, content=content, embeds=[], view=None, attachments=[])


async def settle(interaction: discord.Interaction, content: str) -> None:
    """The same where that message is the person's alone; else tell them beside it. Never raises."""
    if interaction.message is None or interaction.message.flags.ephemeral:
        await instead(interaction, content)
    else:
        await aside(interaction, content)


async def look(
    interaction: discord.Interaction, view: discord.ui.View, embed: discord.Embed | None = None
) -> None:
    """Put these buttons under the message whose button was pressed, and this into it; never
    raises."""
    await _change(interaction, view=view, **({"embed": embed} if embed else {}))


async def _change(interaction: discord.Interaction, **said: Any) -> bool:
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(**said)
        else:
            await interaction.response.edit_message(**said)
    except TROUBLE as error:
        log.warning("interaction %d: its message stays as it is: %s", interaction.id, error)
        return False
    return True


async def pictured(
    interaction: discord.Interaction, picture: discord.File, *, private: bool = False, **said: Any
) -> None:
    """Answer a command with a picture, or put it in the place of the message whose button was
    pressed."""
    if interaction.response.is_done():
        await interaction.edit_original_response(attachments=[picture], **said)
    elif interaction.type is discord.InteractionType.component:
        await interaction.response.edit_message(attachments=[picture], **said)
    else:
        await interaction.response.send_message(file=picture, ephemeral=private, **said)


async def private(
    interaction: discord.Interaction,
    content: str | None = None,
    *,
    embed: discord.Embed | None = None,
    view: discord.ui.View | None = None,
) -> None:
    """Say something that only the asking person sees, whatever was answered before."""
    parts = {"content": content, "embed": embed, "view": view}
    said = {name: value for name, value in parts.items() if value is not None}
    if interaction.response.is_done():
        thinking = discord.InteractionResponseType.deferred_channel_message
        if interaction.response.type is thinking and not interaction.extras.get("said"):
            interaction.extras["said"] = True
            if interaction.extras.get("private"):
                await interaction.edit_original_response(**said)  # type: ignore[arg-type]
                return
            # The first followup would take the public "thinking" message's place.
            await interaction.delete_original_response()
        await interaction.followup.send(ephemeral=True, **said)  # type: ignore[arg-type]
    else:
        await interaction.response.send_message(ephemeral=True, **said)  # type: ignore[arg-type]
