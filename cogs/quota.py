"""/quota: what members with Manage Server decide. Answers are private; deeds are audited."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, funds, holdings, menu, replies, wording
from bot.chat.acknowledge import Acknowledger
from bot.domain.errors import UserError
from bot.domain.language import _, counted, moment, spoken
from bot.domain.overview import Spender
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
        self._privately = acknowledger.privately

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
        merged, holds = await self._privately(
            interaction,
            self._service.quotas.set(
                asking.asker(interaction), interaction.guild_id or 0, _whom(role, user), setting
            ),
        )
        text = funds.setting(merged)
        if holds != merged:
            text += "\n" + _(
                "The operator of this bot allows less, so what holds is: {limits}.",
                limits=funds.setting(holds),
            )
        await _say(interaction, _title(role, user), text)

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
            raise UserError(_("Give a `user` or a `role`, and not both."))
        if role is not None:
            await self._privately(
                interaction, gifts.offer(asker, guild, role.id, amount, reason or "", days)
            )
            text = counted(
                "Everybody with {role} gets {n} grid by what they do next.",
                "Everybody with {role} gets {n} grids by what they do next.",
                amount,
                role=wording.escape(role.name),
            )
            await _say(interaction, _("Credits offered"), text)
            return
        assert user is not None
        change = await self._privately(
            interaction,
            gifts.grant(asker, guild, user.id, amount, reason or "", days, asking.roles_of(user)),
        )
        title = _("Credits granted") if amount > 0 else _("Credits taken back")
        await _say(interaction, title, _granted(f"<@{user.id}>", change, amount))

    @app_commands.command(description="Show the limits of this server, or one member's account")
    @app_commands.describe(user="Whose account; empty shows every limit that is set")
    async def show(
        self, interaction: discord.Interaction, user: discord.User | None = None
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        if user is not None:
            found = await self._privately(
                interaction,
                self._service.quotas.holdings_of(asker, guild, user.id, asking.roles_of(user)),
            )
            balance, quota = found.balance, found.decision.quota
            text = f"<@{user.id}>\n{funds.balance(balance, quota)}\n{funds.limits(quota)}"
            await _say(interaction, _("Account"), text)
            return
        view = await self._privately(interaction, self._service.quotas.settings(asker, guild))
        lines = [_("Without a setting: {limits}", limits=funds.limits(view.fallback))]
        lines += funds.decided(view.book)
        if caps := funds.caps(view.caps):
            lines.append(_("The operator of this bot allows at most {limits}.", limits=caps))
        lines.append(
            _("-# A member's own setting beats roles, the most generous role beats the server's.")
        )
        await _say(interaction, _("Limits of this server"), "\n".join(lines))

    @app_commands.command(description="What a member has and may do, and why")
    @app_commands.describe(user="Whose account")
    async def explain(self, interaction: discord.Interaction, user: discord.User) -> None:
        found = await self._privately(
            interaction,
            self._service.quotas.holdings_of(
                asking.asker(interaction), interaction.guild_id or 0, user.id, asking.roles_of(user)
            ),
        )
        await _say(interaction, _("Account"), f"<@{user.id}>\n{holdings.explained(found)}")

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
        files = [Picture(data, len(data), name, "")]
        await menu.send(interaction, _("Every entry, oldest first:"), files)

    @app_commands.command(description="Credits that all members share once their own are out")
    @app_commands.describe(amount="Grids; negative takes out", reason="For the record")
    async def pool(
        self,
        interaction: discord.Interaction,
        amount: app_commands.Range[int, -1_000_000, 1_000_000],
        reason: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        change, now = await self._privately(
            interaction,
            self._gifts.pool(
                asking.asker(interaction), interaction.guild_id or 0, amount, reason or ""
            ),
        )
        text = counted(
            "{change}: there is {n} grid in it now.",
            "{change}: there are {n} grids in it now.",
            now,
            change=spoken().signed(change),
        )
        await _say(interaction, _("The server's pool"), text)

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
            account = await self._privately(
                interaction, self._service.quotas.refill(asker, guild, whom, roles)
            )
            text = f"<@{whom.user}>\n{funds.balance(*account)}"
            await _say(interaction, _("Credits refilled"), text)
            return
        found = await self._privately(interaction, self._service.quotas.clear(asker, guild, whom))
        text = _("Forgotten.") if found else _("There was nothing set.")
        await _say(interaction, _title(role, user), text)

    @app_commands.command(description="Who drew how much")
    @app_commands.describe(days="How many days back (default: 30)")
    async def usage(
        self, interaction: discord.Interaction, days: app_commands.Range[int, 1, 365] = 30
    ) -> None:
        rows = await self._privately(
            interaction,
            self._service.quotas.usage(asking.asker(interaction), interaction.guild_id or 0, days),
        )
        lines = [*starmap(_spent, enumerate(rows, 1))]
        lines.append(_total(rows) if rows else _("Nobody drew anything."))
        title = counted("Use in the last {n} day", "Use in the last {n} days", days)
        await _say(interaction, title, "\n".join(lines))

    @app_commands.command(name="log", description="What was changed here, when and by whom")
    async def log_(self, interaction: discord.Interaction) -> None:
        entries = await self._privately(
            interaction,
            self._service.quotas.changes(asking.asker(interaction), interaction.guild_id or 0),
        )
        lines = [
            f"{moment(entry.at, 'R')} <@{entry.actor}> {funds.deed(entry.deed, entry.detail)}"
            for entry in entries
        ]
        text = "\n".join(lines) or _("Nothing was changed so far.")
        await _say(interaction, _("Last changes"), text)


def _whom(role: discord.Role | None, user: discord.User | None) -> Whom:
    return Whom(role.id if role else None, user.id if user else None)


def _title(role: discord.Role | None, user: discord.User | None) -> str:
    if user is not None:
        return _("Limits of {name}", name=wording.escape(user.display_name))
    if role is not None and not role.is_default():
        return _("Limits of {name}", name=wording.escape(role.name))
    return _("Limits of this server")


def _granted(who: str, change: int, asked: int) -> str:
    """What somebody got or lost."""
    if asked > 0:
        said = counted(
            "{who} gets {n} lasting grid.", "{who} gets {n} lasting grids.", change, who=who
        )
    else:
        said = counted(
            "{who} loses {n} lasting grid.", "{who} loses {n} lasting grids.", -change, who=who
        )
    if change == asked:
        return said
    return _("{change} That is all there was to take back.", change=said)


def _spent(place: int, row: Spender) -> str:
    who = f"<@{row.user}>"
    return counted(
        "{place}. {who}: **{n}** grid",
        "{place}. {who}: **{n}** grids",
        row.grids,
        place=place,
        who=who,
    )


def _total(rows: Sequence[Spender]) -> str:
    return counted(
        # Translators: {members} is "this member" or such as "these 10 members".
        "-# {n} grid by {members}",
        "-# {n} grids by {members}",
        sum(row.grids for row in rows),
        members=counted("this member", "these {n} members", len(rows)),
    )


async def _say(interaction: discord.Interaction, title: str, text: str) -> None:
    embed = discord.Embed(title=title, description=wording.cut(text), colour=_BLUE)
    await replies.private(interaction, embed=embed)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Admin(bot.service, bot.acknowledger))
