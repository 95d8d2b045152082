"""Who holds the connections to Discord, as the settings say: the bot itself, or processes in front.

With `bot.executors` the only module that chooses implementations.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.engine.channel import ROOT
from bot.gateway.doors import Children, Door
from bot.gateway.hall import Hall
from bot.gateway.line import LIMIT, Line
from bot.ops.supervision import Supervisor
from bot.settings import Settings

SAY_S = 1.0
_OURS = "DISCORD_TOKEN", "EASEL_DISCORD_TOKEN"
NO_SECRET = (
    "GATEWAY_ADDRESS {0} is open to a network, so GATEWAY_TOKEN must be set, the same here and "
    "there; `openssl rand -hex 32` prints one."
)


@contextlib.asynccontextmanager
async def relay_of(settings: Settings, supervisor: Supervisor) -> AsyncIterator[Hall | None]:
    """Where gateway processes come to, until the block ends; None where there are to be none.

    Raises SettingsError where their address cannot be opened.
    """
    address = settings.gateway_address
    if not settings.gateway_processes and not address:
        yield None
        return
    secret = secret_of(settings)
    hall = Hall(settings.gateway_processes, settings.discord_token.reveal(), secret)
    async with contextlib.AsyncExitStack() as stack:
        if address:
            tcp = "" if address == "unix" else address
            await stack.enter_async_context(Door(hall, tcp, socket_of(settings)))
        supervisor.start("gateway", lambda: _keep(settings, hall, supervisor))
        stack.push_async_callback(supervisor.stop, "gateway")
        yield hall


def socket_of(settings: Settings) -> Path:
    """Where processes of this machine come to, if GATEWAY_ADDRESS is unix."""
    return settings.data_dir / "gateway.sock"


def secret_of(settings: Settings) -> str:
    """What both sides have to prove; empty where no network is between them. Raises
    SettingsError."""
    if settings.gateway_address in ("", "unix"):
        return ""
    if not settings.gateway_token:
        raise SettingsError(NO_SECRET.format(settings.gateway_address))
    return settings.gateway_token.reveal()


async def reach(settings: Settings, address: str) -> Line:
    """The way to the core at an address. Raises OSError."""
    if address == "unix":
        where = asyncio.open_unix_connection(socket_of(settings), limit=LIMIT)
    else:
        host, _, port = address.rpartition(":")
        where = asyncio.open_connection(host.strip("[]"), int(port), limit=LIMIT)
    return Line(*await where)


async def _keep(settings: Settings, hall: Hall, supervisor: Supervisor) -> None:
    """The processes that are started from here, and what `/healthz` says of all."""
    path = os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH", ""))))
    environ = {name: value for name, value in os.environ.items() if name not in _OURS}
    environ["PYTHONPATH"] = path
    options = ("--level", settings.log_level, "--format", settings.log_format)
    count = settings.gateway_processes + 1 if settings.gateway_processes else 0
    async with asyncio.TaskGroup() as group:
        group.create_task(Children(hall, count, environ, options).keep())
        while True:
            supervisor.say("gateway", hall.words())
            await asyncio.sleep(SAY_S)
