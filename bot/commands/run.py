"""`easel run`: serve Discord until a signal comes.

Builds the core and the client and joins them; knows nothing of what either does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import ClientError
from discord import DiscordException, LoginFailure
from discord.ext.commands import ExtensionError

from bot.app import core
from bot.chat.client import EaselBot
from bot.domain.errors import EaselError, SettingsError
from bot.domain.throttle import Throttle
from bot.engine.seam import Executor
from bot.environment import Environment
from bot.gateways import relay_of
from bot.ops.progress import StartLog
from bot.reloading import Reloading
from bot.settings import Settings

log = logging.getLogger(__name__)


def read_again() -> Settings:
    """The settings as `.env` and the environment have them now. Raises SettingsError."""
    return Settings.read(Environment.read(Path.cwd(), os.environ).values())


def stop_event() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def run(
    settings: Settings,
    stop: asyncio.Event | None = None,
    executor: Executor | None = None,
    read: Callable[[], Settings] = read_again,
) -> int:
    """Serve Discord until a signal comes; returns the exit status.

    `executor` draws instead of the one that the settings describe. SIGHUP has the settings `read`
    again.
    """
    stop = stop or stop_event()
    reloading = Reloading(read(), read)
    async with contextlib.AsyncExitStack() as stack:
        parts = await stack.enter_async_context(core(settings, executor))
        starting = StartLog()
        parts.supervisor.start("log", lambda: starting.keep(parts.executor))
        relay = await stack.enter_async_context(relay_of(settings, parts.supervisor))
        bot = EaselBot(
            parts.service,
            settings.extensions,
            progress_seconds=settings.progress_seconds,
            api_url=settings.discord_api_url,
            supervisor=parts.supervisor,
            tell=parts.watching.tell,
            throttle=Throttle(settings.clicks_per_minute, settings.clicks_at_once),
            relay=relay,
        )
        if settings.shards:
            bot.shard_count = settings.shards
        parts.watching.join(bot.presence.standing)
        reloading.tell(parts.apply)
        reloading.tell(lambda new, _: setattr(bot.presenter, "pause", new.progress_seconds))
        reloading.tell(
            lambda new, _: bot.door.throttle.become(new.clicks_per_minute, new.clicks_at_once)
        )
        if not os.isatty(0):  # at a terminal it says that this was closed, which ends the bot
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloading.reload)
        await _serve(bot, settings.discord_token.reveal(), stop)
    return 0


async def _serve(bot: EaselBot, token: str, stop: asyncio.Event) -> None:
    """Returns when `stop` is set. Raises EaselError where Discord cannot be served."""
    async with bot:
        serving = asyncio.create_task(bot.start(token))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        log.info("closing")
        await bot.close()
        try:
            await serving
        except LoginFailure:
            raise SettingsError(
                "Discord refuses DISCORD_TOKEN; copy it anew from the developer portal."
            ) from None
        except ExtensionError as error:
            raise SettingsError(
                f"EXTENSIONS: {error} Leave the setting out for all features of this version."
            ) from error
        except (ClientError, OSError, DiscordException) as error:
            raise EaselError(
                f"Discord cannot be reached ({error}); see to the network and start again."
            ) from error
