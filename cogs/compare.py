"""/compare: two results side by side, with what differs in their recipes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, comparison, files, pointing
from bot.chat.acknowledge import Acknowledger
from bot.chat.looking import Looking
from bot.domain.browsing import SEARCH_MAX, Browse, Order, Result
from bot.domain.ingredients import differences
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_OFFERED = 100
"""Characters of a choice."""


class Compare(commands.Cog):
    """Both have to be for the asker's eyes."""

    def __init__(self, service: Service, looking: Looking, acknowledger: Acknowledger) -> None:
        self._service = service
        self._looking = looking
        self._acknowledger = acknowledger

    @app_commands.command(description="Two results side by side, and what differs in their recipes")
    @app_commands.describe(
        first="Words of its prompt, its job's id, or a link to its message",
        second="The other one",
    )
    async def compare(
        self,
        interaction: discord.Interaction,
        first: app_commands.Range[str, 1, 200],
        second: app_commands.Range[str, 1, 200],
    ) -> None:
        await self._acknowledger.at_once(interaction, private=True)
        results = [await self._result(interaction, each) for each in (first, second)]
        data = await self._service.history.beside([each.job for each in results])
        made_of = [self._service.owned.made_of(each.job) for each in results]
        found = differences(*made_of)
        file = discord.File(
            io.BytesIO(data), comparison.FILE, spoiler=any(each.spoiler for each in results),
            description=comparison.alt_text(results, found),
        )  # fmt: skip
        interaction.extras["said"] = True
        try:
            said = comparison.embed(results, found)
            await interaction.followup.send(embed=said, file=file, ephemeral=True)
        finally:
            files.close(file)

    async def _result(self, interaction: discord.Interaction, typed: str) -> Result:
        if (message := pointing.message_id(typed)) is not None:
            return await self._looking.linked(interaction, message)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        channels = asking.readable(interaction)
        return await self._looking.found(asker, origin, pointing.job_id(typed), channels)

    @compare.autocomplete("first")
    @compare.autocomplete("second")
    async def _own(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """One's own results, newest first, by words of their prompts."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        browse = Browse.typed(Order.OWN, typed[:SEARCH_MAX])
        page = await self._service.history.page(asker, origin, browse)
        return [app_commands.Choice(name=_named(each), value=each.job.id) for each in page.results]


def _named(result: Result) -> str:
    """So that two of one prompt can be told apart."""
    request, behind = result.job.request, f" · {result.job.id[-6:]}"
    which = f" #{request.source.index}" if request.count == 1 and request.source else ""
    prompt = " ".join(str(request.prompt).split())
    return f"{prompt[: _OFFERED - len(which + behind)]}{which}{behind}"


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Compare(bot.service, bot.looking, bot.acknowledger))
