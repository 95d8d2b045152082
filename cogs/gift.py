"""/gift: offers and codes that members with Manage Server make. /redeem, /statement: for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, holdings, plans, replies, wording
from bot.chat.acknowledge import Acknowledger
from bot.domain.language import _, counted, spoken
from bot.service import Service
from bot.service.gifts import Terms

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_BLUE = discord.Colour(0x3E63DD)


class Gifts(commands.Cog):
    """The service checks the right again: Discord's own check can be edited by servers."""

    gift = app_commands.Group(
        name="gift",
        description="Gift codes and offers of this server",
        allowed_contexts=app_commands.AppCommandContext(dm_channel=False),
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._service = service
        self._gifts = service.gifts
        self._privately = acknowledger.privately

    @gift.command(description="Make a code that gives credits to whoever redeems it")
    @app_commands.describe(
        amount="Grids for each",
        uses="How many members may use it, each once (default: 1)",
        days="The credits last so many days; empty: for good",
        ends="The code may be used for so many days; empty: for good",
        note="For the record",
    )
    async def code(
        self,
        interaction: discord.Interaction,
        amount: app_commands.Range[int, 1, 1_000_000],
        uses: app_commands.Range[int, 1, 10_000] = 1,
        days: app_commands.Range[int, 1, 3650] | None = None,
        ends: app_commands.Range[int, 1, 3650] | None = None,
        note: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        number, made = await self._gifts.make_code(
            asking.asker(interaction), interaction.guild_id or 0,
            Terms(amount, uses, days=days, note=note or ""), ends,
        )  # fmt: skip
        text = _("Code {id}: {what}", id=number, what=_told(amount, uses))
        await _say(interaction, _("A gift code"), f"## `{made}`\n{text}")

    @gift.command(name="list", description="Codes and offers that can be taken, and the pool")
    async def list_(self, interaction: discord.Interaction) -> None:
        found = await self._gifts.open(asking.asker(interaction), interaction.guild_id or 0)
        await _say(interaction, _("Gifts of this server"), plans.gifts(*found))

    @gift.command(description="End a code or an offer; who took it keeps what it gave")
    @app_commands.describe(code="Number of the code", offer="Number of the offer")
    async def end(
        self,
        interaction: discord.Interaction,
        code: app_commands.Range[int, 1] | None = None,
        offer: app_commands.Range[int, 1] | None = None,
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        await self._gifts.end(asker, guild, code=code, offer=offer)
        found = await self._gifts.open(asker, guild)
        await _say(interaction, _("Gifts of this server"), plans.gifts(*found))

    @app_commands.command(description="Use a gift code")
    @app_commands.describe(code="As it was given to you")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def redeem(
        self, interaction: discord.Interaction, code: app_commands.Range[str, 1, 100]
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        terms = await self._privately(interaction, self._gifts.redeem(asker, guild, code))
        await _say(interaction, _("A gift"), _redeemed(terms))

    @app_commands.command(description="What was given to you here and what you spent")
    async def statement(self, interaction: discord.Interaction) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        accounts = self._service.accounts
        found = await self._privately(
            interaction, accounts.holdings(guild, asker.user, asker.roles)
        )
        entries = await accounts.statement(asker, guild)
        text = f"{holdings.explained(found)}\n\n{holdings.statement(entries)}"
        await _say(interaction, _("Your credits"), text)


def _told(amount: int, uses: int) -> str:
    """What a new code is good for."""
    if uses == 1:
        return counted(
            "`/redeem` gives {n} grid to one member. Keep it: it is told this once.",
            "`/redeem` gives {n} grids to one member. Keep it: it is told this once.",
            amount,
        )
    return counted(
        "`/redeem` gives {n} grid to each of {members} members. Keep it: it is told this once.",
        "`/redeem` gives {n} grids to each of {members} members. Keep it: it is told this once.",
        amount,
        members=spoken().number(uses),
    )


def _redeemed(terms: Terms) -> str:
    """What a code gave to who used it."""
    if not terms.days:
        return counted(
            "You have {n} grid more. `/info` shows all.",
            "You have {n} grids more. `/info` shows all.",
            terms.amount,
        )
    return counted(
        # Translators: {lasting} is such as "for 30 days".
        "You have {n} grid more, {lasting}. `/info` shows all.",
        "You have {n} grids more, {lasting}. `/info` shows all.",
        terms.amount,
        lasting=plans.lasting(terms.days),
    )


async def _say(interaction: discord.Interaction, title: str, text: str) -> None:
    embed = discord.Embed(title=title, description=wording.cut(text), colour=_BLUE)
    await replies.private(interaction, embed=embed)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Gifts(bot.service, bot.acknowledger))
