"""Who is offered what and whom the service sees, with discord.py in this process (SimCord)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
import simcord

from bot.chat.client import EaselBot
from bot.domain.delivery import Kind
from bot.domain.desk import Appeal
from bot.domain.errors import NotAllowed
from bot.domain.overview import Spender
from bot.domain.people import Asker, Origin

NAMES = ("explain", "export", "grant", "log", "pool", "reset", "set", "show", "usage")


class Register:
    """Stands where the service does; remembers who asked and lets admins through."""

    def __init__(self) -> None:
        self.askers: list[Asker] = []

    async def usage(self, asker: Asker, guild: int, days: int) -> list[Spender]:
        self.askers.append(asker)
        if not asker.admin:
            raise NotAllowed("Only members with the Manage Server permission can do this.")
        return [Spender(asker.user, 3)]


class Bot(EaselBot):
    """Nothing is to be posted, and nothing is kept of any server."""

    def keep_up(self) -> None:
        pass

    async def on_guild_available(self, guild: discord.Guild) -> None:
        pass


class Everywhere:
    """Stands where the accounts do: every server is served."""

    def require_served(self, guild: int) -> None:
        pass


class Delivered:
    """Stands where the outbox does: nobody waits for anything."""

    @contextlib.asynccontextmanager
    async def telling(self, asker: Asker, origin: Origin) -> AsyncIterator[dict[int, Kind]]:
        yield {}

    async def untold(self, asker: Asker, origin: Origin) -> list[Appeal]:
        return []


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.mark.parametrize(
    ("granted", "admin", "moderator"),
    [
        ({}, False, False),
        ({"manage_messages": True}, False, True),
        ({"manage_guild": True}, True, False),
        ({"manage_guild": True, "manage_messages": True}, True, True),
        ({"administrator": True}, True, True),
        ({"manage_roles": True, "kick_members": True}, False, False),
    ],
)
async def test_who_is_an_admin(
    register: Register, granted: dict[str, bool], admin: bool, moderator: bool
) -> None:
    quiet = SimpleNamespace(notice="", kept=None)
    parts = SimpleNamespace(
        quotas=register, gifts=None, accounts=Everywhere(), outbox=Delivered(),
        appeals=Delivered(), purging=Delivered(), levers=quiet,
    )  # fmt: skip
    bot = Bot(cast(Any, parts), ["cogs.quota"])
    async with simcord.run(bot, shard_count=1) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("art")
        role = guild.create_role("staff", permissions=discord.Permissions(**granted))
        member = guild.add_member(env.create_user("mia"), roles=[role])
        offered = {f"quota {name}" for name in NAMES} if admin else set()
        assert set(member.available_commands(channel)) == offered
        if not admin:
            [command] = await bot.tree.fetch_commands()
            guild.set_command_permissions(command.id, {member: True})
        result = await member.slash(channel, "quota usage")
        assert result.ephemeral
        assert result.response is not None
        [embed] = result.response.embeds
        assert embed.title == ("Use in the last 30 days" if admin else "Not allowed")
    [asker] = register.askers
    assert (asker.admin, asker.moderator) == (admin, moderator)
    assert asker.user == member.id
    assert role.id in asker.roles
