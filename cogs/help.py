"""/help: the commands, the parameters (from their table) and some ideas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import replies, wording
from bot.chat.sheets import VIOLET, Presented
from bot.domain.language import N_, _, pgettext
from bot.domain.legend import help_lines
from bot.domain.prompt import listing
from bot.domain.prompt.parameter import Parameter
from bot.domain.prompt.parameters import PARAMETERS
from bot.service import Service
from bot.service.gallery import SUBJECT

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

SHOWN = 12
"""Parameters in the first answer."""
PAGE = 4000
"""Characters of a page; Discord takes 4096."""
_WITHOUT_AND_WITH = N_("`{subject}`, by this model: left without the parameter, right with it.")

_DRAWING_ON = N_(
    "`/edit` draws a part of your picture, or of a result, anew: white or transparent in a mask.\n"
    "`/vary` draws variations of your picture.\n"
    "`/blend` makes two to five pictures into new ones."
)

_IN_WORDS = N_(
    "`/describe` four prompts for a picture; its buttons draw them.\n"
    "`/shorten` which words of a prompt matter, and shorter ones."
)
_LOOKING_BACK = N_(
    "`/history` your results, by words of their prompts or by action, with their buttons.\n"
    "`/gallery` what this server had drawn, newest or most liked; ❤️ under a single picture likes"
    " it.\n"
    "`/sheet` everything of this channel or thread; `/compare` two results side by side.\n"
    "`/show` a result by its id, or yours that could not be posted.\n"
    "⋯ under your results: seed and recipe, spoiler, files, how it came to be, delete;"
    " `/imagine prompt:same recipe:` draws a recipe's pixels again."
)
_YOURS = N_(
    "`/info` what you have and may do, `/statement` what was given to you and spent; `/redeem` uses"
    " a gift code.\n"
    "`/privacy export` everything that is kept of you, `/privacy delete` to have it deleted.\n"
    "*Report picture* in a message's menu (*Apps*) tells the moderators of a picture; they answer"
    " by `/reports`."
)

_ADMINS = N_(
    "`/setup` what to choose first: plans and channels; `/admin panel` everything else to press:"
    " numbers, jobs, models, plans, words, log.\n"
    "`/plan preset` plans to begin with, `/plan set` `give` your own, `/plan price` what things"
    " cost; `/quota explain` why somebody has what they have; `/gift code` and `/quota grant` give"
    " credits.\n"
    "`/moderation block` `allow` `unblock` which words are drawn, `test` tries a text; `ban`"
    " `unban` `channels` `roles` `timeouts` who draws where; `show` all of it;"
    " `purge` a member's pictures; `desk` where moderators are told what"
    " waits, `log` where every change is written.\n"
    "`/quota` credits and limits, `log` who changed what; `/style` this server's looks;"
    " `/settings server:True` its defaults."
)


class Help(commands.Cog):
    """Made from the same tables as the parser."""

    def __init__(self, service: Service, presented: Presented) -> None:
        self._service = service
        self._presented = presented

    @app_commands.command(description="How to draw with Easel")
    @app_commands.describe(
        topic="Parameters: every one with its values, and what it does in pictures"
    )
    async def help(
        self, interaction: discord.Interaction, topic: Literal["parameters"] | None = None
    ) -> None:
        if topic == "parameters":
            for embed in _all_parameters():
                await replies.private(interaction, embed=embed)
            cells = self._service.gallery.parameters()
            how = _(_WITHOUT_AND_WITH, subject=SUBJECT)
            await self._presented.show(interaction, _("What they do"), how, cells)
            return
        embed = discord.Embed(
            title=_("Drawing with Easel"),
            description=_("`/imagine prompt:` what to draw, then parameters."),
            colour=VIOLET,
        )
        embed.add_field(name=_("Parameters"), value=_parameters(), inline=False)
        embed.add_field(name=_("Buttons"), value="\n".join(help_lines()), inline=False)
        embed.add_field(name=_("Your own pictures"), value=_(_DRAWING_ON), inline=False)
        embed.add_field(name=_("Finding words"), value=_(_IN_WORDS), inline=False)
        embed.add_field(name=_("Looking back"), value=_(_LOOKING_BACK), inline=False)
        embed.add_field(name=_("Privacy"), value=_(_YOURS), inline=False)
        if interaction.guild_id is not None and interaction.permissions.manage_guild:
            embed.add_field(name=_("For admins"), value=_(_ADMINS), inline=False)
        vocabulary = self._service.words.vocabulary
        if vocabulary is not None:
            embed.add_field(
                name=_("What this model can draw"), value=wording.words(vocabulary), inline=False
            )
        ideas = "\n".join(f"- {wording.escape(idea)}" for idea in self._service.words.ideas("", 6))
        if ideas:
            embed.add_field(name=_("Ideas"), value=ideas[:1024], inline=False)
        embed.set_footer(text=_("/info shows your credits and jobs, /settings what you like"))
        await interaction.response.send_message(embed=embed, ephemeral=True)


def _parameters() -> str:
    """The first of the table, which are used most, and how to see the others."""
    lines = [f"`{row.example}` {_(row.help)}" for row in PARAMETERS if row.help]
    topic = pgettext("choice", "parameters")
    return "\n".join([*lines[:SHOWN], _("All of them: `/help topic:{topic}`", topic=topic)])


def _all_parameters() -> list[discord.Embed]:
    """As many embeds as their texts need."""
    pages = [""]
    for line in map(_line, (row for row in PARAMETERS if row.help)):
        if len(pages[-1]) + len(line) > PAGE:
            pages.append("")
        pages[-1] += line
    return [
        discord.Embed(
            title=_("Parameters") if number == 0 else None, description=page, colour=VIOLET
        )
        for number, page in enumerate(pages)
    ]


def _line(row: Parameter) -> str:
    values = listing.takes(row)
    return f"`{listing.names(row)}` {_(row.help)}{': ' if values else ''}{values}\n"


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Help(bot.service, Presented(bot.service.gallery, bot.acknowledger)))
