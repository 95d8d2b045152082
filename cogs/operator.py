"""/operator: what who runs the bot does, from any server or direct message. Answers are private."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, funds, replies, untold, wording
from bot.chat.acknowledge import Acknowledger
from bot.chat.gate import OPERATOR
from bot.chat.trouble import TROUBLE
from bot.domain.errors import UserError
from bot.domain.language import _, counted, spoken
from bot.domain.people import snowflake
from bot.service import Service
from bot.service.operating import NOTICE_MAX, USE_DAYS, Served, Standstill

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_BLUE = discord.Colour(0x3E63DD)
PAGE = 25
"""Servers of an answer."""
_TOKEN_S = 840.0
"""How long an answer can be followed by another."""


@app_commands.default_permissions(administrator=True)
class Operator(commands.GroupCog, group_name=OPERATOR, group_description="For who runs this bot"):
    """The service asks who that is."""

    def __init__(self, bot: EaselBot, service: Service, acknowledger: Acknowledger) -> None:
        super().__init__()
        self._bot = bot
        self._service = service
        self._privately = acknowledger.privately

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        interaction.extras[untold.ANNOUNCED] = True
        return True

    @app_commands.command(description="The servers, by what they had drawn lately")
    @app_commands.describe(page="Which part of a long list")
    async def servers(
        self, interaction: discord.Interaction, page: app_commands.Range[int, 1, 1000] = 1
    ) -> None:
        names = {guild.id: guild.name for guild in self._bot.guilds}
        work = self._service.operating.servers(asking.asker(interaction), names)
        found = await self._privately(interaction, work)
        page = min(page, _pages(len(found)))
        some = found[(page - 1) * PAGE : page * PAGE]
        lines = [_server(each) for each in some] or [_("There are no servers on this page.")]
        lines.append(f"-# {_counted(page, len(found))}")
        embed = discord.Embed(title=_("Servers"), description="\n".join(lines), colour=_BLUE)
        await replies.private(interaction, embed=embed)

    @app_commands.command(description="Do nothing any more for a server")
    @app_commands.describe(server="Its id, as /operator servers shows it")
    async def block(self, interaction: discord.Interaction, server: str) -> None:
        work = self._service.operating.block(asking.asker(interaction), _id(server))
        cancelled = await self._privately(interaction, work)
        await replies.private(
            interaction,
            counted(
                "Blocked: every command there is answered by one sentence. {n} unfinished job of it"
                " cancelled, free of charge.",
                "Blocked: every command there is answered by one sentence. {n} unfinished jobs of"
                " it cancelled, free of charge.",
                cancelled,
            ),
        )

    @app_commands.command(description="Serve a blocked server again")
    @app_commands.describe(server="Its id, as /operator servers shows it")
    async def unblock(self, interaction: discord.Interaction, server: str) -> None:
        work = self._service.operating.unblock(asking.asker(interaction), _id(server))
        await self._privately(interaction, work)
        await replies.private(interaction, _("It is served again."))

    @app_commands.command(description="Tell everybody something beside each answer")
    @app_commands.describe(text="What to say; empty ends it")
    async def notice(
        self,
        interaction: discord.Interaction,
        text: app_commands.Range[str, 1, NOTICE_MAX] | None = None,
    ) -> None:
        work = self._service.operating.announce(asking.asker(interaction), text or "")
        said = await self._privately(interaction, work)
        told = _("Nobody is told anything.")
        if said:
            told = _("Everybody is told: {notice}", notice=wording.escape(said))
        await replies.private(interaction, told)

    @app_commands.command(description="Begin nothing new, so that the bot can be updated")
    async def drain(self, interaction: discord.Interaction) -> None:
        asker = asking.asker(interaction)
        left = await self._privately(interaction, self._service.operating.drain(asker, True))
        await replies.private(interaction, _draining(left))
        if not left.running:
            return
        with contextlib.suppress(TimeoutError, *TROUBLE):
            async with asyncio.timeout(_TOKEN_S):
                now = await self._service.operating.drained(asker)
            if now is not None:
                await replies.private(interaction, _draining(now))

    @app_commands.command(description="Begin new drawings again after /operator drain")
    async def undrain(self, interaction: discord.Interaction) -> None:
        work = self._service.operating.drain(asking.asker(interaction), False)
        left = await self._privately(interaction, work)
        waiting = spoken().number(left.waiting)
        said = _("Drawing goes on; {waiting} waiting.", waiting=waiting)
        await replies.private(interaction, said)

    @app_commands.command(description="What servers may allow at most")
    async def caps(self, interaction: discord.Interaction) -> None:
        caps = funds.caps(self._service.operating.caps(asking.asker(interaction)))
        said = _("Admins may allow anything.")
        if caps:
            said = _("Admins may allow somebody at most {caps}.", caps=caps)
        where = _("Set by CREDITS_MAX, RUNNING_MAX and WAITING_MAX where the bot runs.")
        await replies.private(interaction, f"{said}\n-# {where}")


def _id(server: str) -> int:
    found = snowflake(server)
    if found is None:
        raise UserError(_("Give the server's id, a long number that `/operator servers` shows."))
    return found


def _counted(page: int, servers: int) -> str:
    """Which page of so many servers is shown."""
    number = spoken().number
    return counted(
        "Drawn in {days} days; page {page} of {pages}, {n} server",
        "Drawn in {days} days; page {page} of {pages}, {n} servers",
        servers,
        days=USE_DAYS,
        page=number(page),
        pages=number(_pages(servers)),
    )


def _pages(servers: int) -> int:
    return max(1, -(-servers // PAGE))


def _server(each: Served) -> str:
    gone = _("not there")
    name = wording.shortened(each.name, 60) if each.name else f"*{gone}*"
    said = counted(
        "**{name}** `{server}`: {jobs} drawn, {n} credit",
        "**{name}** `{server}`: {jobs} drawn, {n} credits",
        each.use.credits,
        name=name,
        server=each.use.guild,
        jobs=spoken().number(each.use.jobs),
    )
    return f"⛔ {said}" if each.blocked else said


def _draining(left: Standstill) -> str:
    # Translators: stands in "Nothing new is begun. 3 still being drawn; {waiting}."
    waiting = counted(
        "{n} waits and keeps its place", "{n} wait and keep their places", left.waiting
    )
    if not left.running:
        safe = _("Nothing is being drawn: it is safe to update. {waiting}.", waiting=waiting)
        return f"✅ {safe}"
    return _(
        "Nothing new is begun. {running} still being drawn; {waiting}. I say here when it is safe"
        " to update; `/operator undrain` goes on.",
        running=spoken().number(left.running),
        waiting=waiting,
    )


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Operator(bot, bot.service, bot.acknowledger))
