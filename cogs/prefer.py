"""/prefer: what is typed rather than pressed: a suffix, own options, and which of all counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, replies, tastes
from bot.chat.acknowledge import Acknowledger
from bot.domain.language import _, pgettext
from bot.domain.prompt import MAX_LENGTH
from bot.domain.prompt.own import NAME_MAX, VALUE_MAX
from bot.domain.prompt.parameter import quoted
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_VIOLET = discord.Colour(0x6E56CF)


class Prefer(
    commands.GroupCog, group_name="prefer", group_description="What your prompts leave open"
):
    """Private answers about the asker alone."""

    option = app_commands.Group(name="option", description="Own options, such as --mystyle")

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        super().__init__()
        self._preferences = service.preferences
        self._privately = acknowledger.privately

    @option.command(name="set", description="Have a name stand for words and parameters")
    @app_commands.describe(
        option="Its name: --name in a prompt", value="What it stands for; empty deletes it"
    )
    async def set_(
        self,
        interaction: discord.Interaction,
        option: app_commands.Range[str, 1, 2 * NAME_MAX],
        value: app_commands.Range[str, 1, VALUE_MAX] | None = None,
    ) -> None:
        work = self._preferences.set_option(asking.asker(interaction), option, value or "")
        name = quoted(f"--{await self._privately(interaction, work)}")
        means = _("{name} is deleted.", name=name)
        if value:
            means = _("{name} stands for {value}.", name=name, value=quoted(value, 1500))
        await replies.private(interaction, means)

    @set_.autocomplete("option")
    async def _names(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        own = await self._preferences.own(asking.asker(interaction))
        wanted = typed.lower().lstrip("-")
        return [
            app_commands.Choice(name=f"{name}: {text}"[:100], value=name)
            for name, text in own.options
            if wanted in name
        ]

    @option.command(name="list", description="Your own options, and what they stand for")
    async def list_(self, interaction: discord.Interaction) -> None:
        work = self._preferences.own(asking.asker(interaction))
        text = tastes.options(await self._privately(interaction, work))
        embed = discord.Embed(title=_("Your options"), description=text, colour=_VIOLET)
        await replies.private(interaction, embed=embed)

    @app_commands.command(description="Parameters that stand behind each of your prompts")
    @app_commands.describe(new_value="Such as --ar 3:2 --no text; empty takes them away")
    async def suffix(
        self,
        interaction: discord.Interaction,
        new_value: app_commands.Range[str, 1, VALUE_MAX] | None = None,
    ) -> None:
        work = self._preferences.set_suffix(asking.asker(interaction), new_value or "")
        own = await self._privately(interaction, work)
        await replies.private(interaction, _("Your suffix: {suffix}", suffix=tastes.suffix(own)))

    @app_commands.command(description="How far V1–V4 go from their picture")
    @app_commands.describe(strength="Without it: the next of strong, subtle, usual")
    async def variability(
        self,
        interaction: discord.Interaction,
        strength: Literal["subtle", "usual", "strong"] | None = None,
    ) -> None:
        work = self._preferences.set_variation(asking.asker(interaction), strength)
        now = (await self._privately(interaction, work)).variation
        said = _("Your variations are as usual here.")
        if now:
            named = pgettext("choice", now.value)
            said = _("Your variations are {strength}.", strength=named)
        await replies.private(interaction, said)

    @app_commands.command(description="Whether V1–V4 and 🔄 ask you for another prompt first")
    async def remix(self, interaction: discord.Interaction) -> None:
        work = self._preferences.switch(asking.asker(interaction), "remix")
        await replies.private(interaction, tastes.remix(await self._privately(interaction, work)))

    @app_commands.command(description="Whether your results come by direct message, too")
    async def auto_dm(self, interaction: discord.Interaction) -> None:
        work = self._preferences.switch(asking.asker(interaction), "auto_dm")
        await replies.private(interaction, tastes.copies(await self._privately(interaction, work)))

    @app_commands.command(description="Which parameters count for a prompt, and who says so")
    @app_commands.describe(prompt="As you would give it to /imagine; nothing is drawn")
    async def explain(
        self, interaction: discord.Interaction, prompt: app_commands.Range[str, 1, MAX_LENGTH]
    ) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        told = await self._privately(
            interaction, self._preferences.explain(asker, origin, prompt)
        )  # fmt: skip
        text = tastes.explanation(told)
        embed = discord.Embed(title=_("What counts"), description=text, colour=_VIOLET)
        await replies.private(interaction, embed=embed)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Prefer(bot.service, bot.acknowledger))
