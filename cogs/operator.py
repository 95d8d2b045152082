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
        some = found[(page - 1) * PAGE : page * PAGE]
        lines = [_server(each) for each in some] or ["There are no servers on this page."]
        pages = -(-len(found) // PAGE)
        lines.append(f"-# Drawn in {USE_DAYS} days; page {page} of {pages}, {len(found)} servers")
        embed = discord.Embed(title="Servers", description="\n".join(lines), colour=_BLUE)
        await replies.private(interaction, embed=embed)

    @app_commands.command(description="Do nothing any more for a server")
    @app_commands.describe(server="Its id, as /operator servers shows it")
    async def block(self, interaction: discord.Interaction, server: str) -> None:
        work = self._service.operating.block(asking.asker(interaction), _id(server))
        cancelled = await self._privately(interaction, work)
        await replies.private(
            interaction,
            f"Blocked: every command there is answered by one sentence. {cancelled} unfinished"
            f" job{'' if cancelled == 1 else 's'} of it cancelled, free of charge.",
        )

    @app_commands.command(description="Serve a blocked server again")
    @app_commands.describe(server="Its id, as /operator servers shows it")
    async def unblock(self, interaction: discord.Interaction, server: str) -> None:
        work = self._service.operating.unblock(asking.asker(interaction), _id(server))
        await self._privately(interaction, work)
        await replies.private(interaction, "It is served again.")

    @app_commands.command(description="Tell everybody something beside each answer")
    @app_commands.describe(text="What to say; empty ends it")
    async def notice(
        self,
        interaction: discord.Interaction,
        text: app_commands.Range[str, 1, NOTICE_MAX] | None = None,
    ) -> None:
        work = self._service.operating.announce(asking.asker(interaction), text or "")
        said = await self._privately(interaction, work)
        told = f"Everybody is told: {wording.escape(said)}" if said else "Nobody is told anything."
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
        await replies.private(interaction, f"Drawing goes on; {left.waiting} waiting.")

    @app_commands.command(description="What servers may allow at most")
    async def caps(self, interaction: discord.Interaction) -> None:
        caps = funds.caps(self._service.operating.caps(asking.asker(interaction)))
        said = (
            f"Admins may allow somebody at most {caps}." if caps else "Admins may allow anything."
        )
        await replies.private(
            interaction,
            f"{said}\n-# Set by CREDITS_MAX, RUNNING_MAX and WAITING_MAX where the bot runs.",
        )


def _id(server: str) -> int:
    if not (server.isascii() and server.isdecimal() and len(server) <= 19):
        raise UserError("Give the server's id, a long number that `/operator servers` shows.")
    return int(server)


def _server(each: Served) -> str:
    name = wording.shortened(each.name, 60) if each.name else "*not there*"
    mark = "⛔ " if each.blocked else ""
    use = each.use
    return f"{mark}**{name}** `{use.guild}`: {use.jobs:,} drawn, {use.credits:,} credits"


def _draining(left: Standstill) -> str:
    waiting = "1 waits and keeps its place"
    if left.waiting != 1:
        waiting = f"{left.waiting} wait and keep their places"
    if left.running:
        return (
            f"Nothing new is begun. {left.running} still being drawn; {waiting}. I say here when it"
            " is safe to update; `/operator undrain` goes on."
        )
    return f"✅ Nothing is being drawn: it is safe to update. {waiting}."


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Operator(bot, bot.service, bot.acknowledger))
