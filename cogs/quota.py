"""/quota: what members with Manage Server decide. Answers are private; deeds are audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, funds, menu, plans, wording
from bot.chat.acknowledge import Acknowledger
from bot.domain.errors import UserError
from bot.domain.period import Period
from bot.domain.quota import QuotaSetting
from bot.service import Service
from bot.service.pictures import Picture
from bot.service.quotas import Whom

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_BLUE = discord.Colour(0x3E63DD)


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(dms=False)
class Admin(commands.GroupCog, group_name="quota", group_description="Who may draw how much"):
    """The service checks the right again: Discord's own check can be edited by servers."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        super().__init__()
        self._service = service
        self._gifts = service.gifts
        self._at_once = acknowledger.at_once

    @app_commands.command(name="set", description="Set limits for everybody, a role or a member")
    @app_commands.describe(
        credits="Grids each period",
        period="How often the credits come back (default: day)",
        running="Pictures of one member drawn at once",
        waiting="Jobs of one member in the queue",
        role="Only members with this role",
        user="Only this member",
    )
    async def set_(
        self,
        interaction: discord.Interaction,
        credits: app_commands.Range[int, 0, 1_000_000] | None = None,
        period: Literal["day", "week", "month"] | None = None,
        running: app_commands.Range[int, 1, 100] | None = None,
        waiting: app_commands.Range[int, 1, 1000] | None = None,
        role: discord.Role | None = None,
        user: discord.User | None = None,
    ) -> None:
        setting = QuotaSetting(credits, Period(period) if period else None, running, waiting)
        merged, holds = await self._service.quotas.set(
            asking.asker(interaction), interaction.guild_id or 0, _whom(role, user), setting
        )
        text = funds.setting(merged)
        if holds != merged:
            text += (
                f"\nThe operator of this bot allows less, so what holds is: {funds.setting(holds)}."
            )
        await _say(interaction, f"Limits of {_name(role, user)}", text)

    @app_commands.command(description="Give lasting credits to a member or a role; or take back")
    @app_commands.describe(
        amount="Grids; negative takes back",
        user="Who gets them",
        role="Everybody with this role gets them, by what they do next",
        days="For so many days; empty: for good",
        reason="For the record",
    )
    async def grant(
        self,
        interaction: discord.Interaction,
        amount: app_commands.Range[int, -1_000_000, 1_000_000],
        user: discord.User | None = None,
        role: discord.Role | None = None,
        days: app_commands.Range[int, 1, 3650] | None = None,
        reason: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        asker, guild, gifts = asking.asker(interaction), interaction.guild_id or 0, self._gifts
        if (user is None) == (role is None):
            raise UserError("Give a `user` or a `role`, and not both.")
        if role is not None:
            await gifts.offer(asker, guild, role.id, amount, reason or "", days)
            each = funds.grids(amount)
            text = f"Everybody with {wording.escape(role.name)} gets {each} by what they do next."
            await _say(interaction, "Credits offered", text)
            return
        assert user is not None
        change = await gifts.grant(asker, guild, user.id, amount, reason or "", days)
        verb = "gets" if change >= 0 else "loses"
        text = (
            f"<@{user.id}> {verb} {abs(change)} lasting {'grid' if abs(change) == 1 else 'grids'}."
        )
        if change != amount:
            text += " That is all there was to take back."
        await _say(interaction, "Credits granted" if change >= 0 else "Credits taken back", text)

    @app_commands.command(description="Show the limits of this server, or one member's account")
    @app_commands.describe(user="Whose account; empty shows every limit that is set")
    async def show(
        self, interaction: discord.Interaction, user: discord.User | None = None
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        if user is not None:
            holdings = await self._service.quotas.holdings_of(
                asker, guild, user.id, asking.roles_of(user)
            )
            balance, quota = holdings.balance, holdings.decision.quota
            text = f"<@{user.id}>\n{funds.balance(balance, quota)}\n{funds.limits(quota)}"
            await _say(interaction, "Account", text)
            return
        view = await self._service.quotas.settings(asker, guild)
        lines = [f"Without a setting: {funds.limits(view.fallback)}"]
        for (scope, target), setting in view.settings.items():
            lines.append(f"{funds.whose(scope, target)}: {funds.setting(setting)}")
        if caps := funds.caps(view.caps):
            lines.append(f"The operator of this bot allows at most {caps}.")
        lines.append(
            "-# A member's own setting beats roles, the most generous role beats the server's."
        )
        await _say(interaction, "Limits of this server", "\n".join(lines))

    @app_commands.command(description="What a member has and may do, and why")
    @app_commands.describe(user="Whose account")
    async def explain(self, interaction: discord.Interaction, user: discord.User) -> None:
        holdings = await self._service.quotas.holdings_of(
            asking.asker(interaction), interaction.guild_id or 0, user.id, asking.roles_of(user)
        )
        await _say(interaction, "Account", f"<@{user.id}>\n{plans.explained(holdings)}")

    @app_commands.command(description="Every entry of the book of credits, as a CSV file")
    @app_commands.describe(user="Of this member alone")
    async def export(
        self, interaction: discord.Interaction, user: discord.User | None = None
    ) -> None:
        await self._at_once(interaction, private=True)
        data = await self._service.quotas.export(
            asking.asker(interaction), interaction.guild_id or 0, user and user.id
        )
        name = f"credits_{interaction.guild_id}.csv"
        await menu.send(
            interaction, "Every entry, oldest first:", [Picture(data, len(data), name, "")]
        )

    @app_commands.command(description="Credits that all members share once their own are out")
    @app_commands.describe(amount="Grids; negative takes out", reason="For the record")
    async def pool(
        self,
        interaction: discord.Interaction,
        amount: app_commands.Range[int, -1_000_000, 1_000_000],
        reason: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        change, now = await self._gifts.pool(
            asking.asker(interaction), interaction.guild_id or 0, amount, reason or ""
        )
        text = f"{change:+}: there are {funds.grids(now)} in it now."
        await _say(interaction, "The server's pool", text)

    @app_commands.command(description="Refill a member's credits, or forget own limits")
    @app_commands.describe(
        user="This member (refills credits unless `what` says limits)",
        role="This role's limits",
        what="credits: back to the full allowance; limits: as if never set",
    )
    async def reset(
        self,
        interaction: discord.Interaction,
        user: discord.User | None = None,
        role: discord.Role | None = None,
        what: Literal["credits", "limits"] | None = None,
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        whom = _whom(role, user)
        if (what or ("credits" if user else "limits")) == "credits":
            roles = asking.roles_of(user) if user else frozenset()
            account = await self._service.quotas.refill(asker, guild, whom, roles)
            text = f"<@{whom.user}>\n{funds.balance(*account)}"
            await _say(interaction, "Credits refilled", text)
            return
        found = await self._service.quotas.clear(asker, guild, whom)
        text = "Forgotten." if found else "There was nothing set."
        await _say(interaction, f"Limits of {_name(role, user)}", text)

    @app_commands.command(description="Who drew how much")
    @app_commands.describe(days="How many days back (default: 30)")
    async def usage(
        self, interaction: discord.Interaction, days: app_commands.Range[int, 1, 365] = 30
    ) -> None:
        rows = await self._service.quotas.usage(
            asking.asker(interaction), interaction.guild_id or 0, days
        )
        total = sum(row.grids for row in rows)
        lines = [
            f"{place}. <@{row.user}>: **{row.grids}** grids" for place, row in enumerate(rows, 1)
        ]
        text = "\n".join(lines) or "Nobody drew anything."
        if rows:
            text += f"\n-# {total} grids by these {len(rows)} members"
        await _say(interaction, f"Use in the last {days} days", text)

    @app_commands.command(name="log", description="What was changed here, when and by whom")
    async def log_(self, interaction: discord.Interaction) -> None:
        entries = await self._service.quotas.changes(
            asking.asker(interaction), interaction.guild_id or 0
        )
        lines = [
            f"<t:{entry.at:.0f}:R> <@{entry.actor}> {funds.deed(entry.deed, entry.detail)}"
            for entry in entries
        ]
        await _say(interaction, "Last changes", "\n".join(lines) or "Nothing was changed so far.")


def _whom(role: discord.Role | None, user: discord.User | None) -> Whom:
    return Whom(role.id if role else None, user.id if user else None)


def _name(role: discord.Role | None, user: discord.User | None) -> str:
    if user is not None:
        return wording.escape(user.display_name)
    return wording.escape(role.name) if role and not role.is_default() else "this server"


async def _say(interaction: discord.Interaction, title: str, text: str) -> None:
    embed = discord.Embed(title=title, description=wording.cut(text), colour=_BLUE)
    await interaction.response.send_message(embed=embed, ephemeral=True)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Admin(bot.service, bot.acknowledger))
