"""/styles: the looks for --style. /style: what members with Manage Server make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, forms, looks, replies
from bot.chat.sheets import VIOLET, Presented
from bot.domain.language import _, pgettext
from bot.domain.style import BUILT_IN, Style
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

FORM = "style"
"""The code of the form."""
Choices = list[app_commands.Choice[str]]


class Styles(commands.Cog):
    """The service checks the right again: Discord's own check can be edited by servers."""

    style = app_commands.Group(
        name="style",
        description="The looks of this server",
        allowed_contexts=app_commands.AppCommandContext(dm_channel=False),
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, service: Service, presented: Presented) -> None:
        self._service = service
        self._presented = presented

    @app_commands.command(description="The looks for --style, each with a sample")
    async def styles(self, interaction: discord.Interaction) -> None:
        found = [*(await self._service.styles.offered(interaction.guild_id or 0)).values()]
        such = _("Such as `/imagine a red fox --style {name}`", name=found[0].name)
        text = f"{looks.listed(found)}\n{such}"
        cells = self._service.gallery.styles(found)
        await self._presented.show(interaction, _("Styles"), text, cells)

    @style.command(description="Make a look of your own for this server")
    async def add(self, interaction: discord.Interaction) -> None:
        self._service.styles.require_right(asking.asker(interaction), interaction.guild_id or 0)
        await _open(interaction, pgettext("form", "A new style"), None)

    @style.command(description="Change a look; what was drawn in it stays as it is")
    @app_commands.describe(name="Which one")
    async def edit(self, interaction: discord.Interaction, name: str) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        style = await self._service.styles.find(asker, guild, name)
        await _open(interaction, pgettext("form", "The style {name}", name=style.name), style)

    @style.command(description="Forget a look of this server")
    @app_commands.describe(name="Which one")
    async def remove(self, interaction: discord.Interaction, name: str) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        back = await self._service.styles.remove(asker, guild, name)
        text = _("The built-in one of this name is back.") if back else _("It is gone.")
        await _say(interaction, _("Style removed"), text)

    @edit.autocomplete("name")
    async def _to_edit(self, interaction: discord.Interaction, typed: str) -> Choices:
        own = await self._service.styles.own(interaction.guild_id or 0)
        return _choices(typed, [*own, *(name for name in BUILT_IN if name not in own)])

    @remove.autocomplete("name")
    async def _to_remove(self, interaction: discord.Interaction, typed: str) -> Choices:
        return _choices(typed, [*await self._service.styles.own(interaction.guild_id or 0)])

    async def taken(self, interaction: discord.Interaction, name: str) -> None:
        """The form came back; `name` is that of the style that it is to replace."""
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        written = forms.texts(interaction)
        style = Style.typed(**{each.name: written[each.name] for each in looks.fields(None)})
        if name:
            await self._service.styles.edit(asker, guild, name, style)
        else:
            await self._service.styles.add(asker, guild, style)
        title = _("Style changed") if name else _("Style added")
        await _say(interaction, title, looks.described(style))


async def _open(interaction: discord.Interaction, title: str, style: Style | None) -> None:
    modal = forms.form(title, FORM, style.name if style else "", looks.fields(style))
    await interaction.response.send_modal(modal)


def _choices(typed: str, names: list[str]) -> Choices:
    found = [name for name in names if typed.strip().lower() in name]
    return [app_commands.Choice(name=name, value=name) for name in found[:25]]


async def _say(interaction: discord.Interaction, title: str, text: str) -> None:
    embed = discord.Embed(title=title, description=text, colour=VIOLET)
    await replies.private(interaction, embed=embed)


async def setup(bot: EaselBot) -> None:
    cog = Styles(bot.service, Presented(bot.service.gallery, bot.acknowledger))
    await bot.add_cog(cog)
    bot.forms[FORM] = cog.taken
