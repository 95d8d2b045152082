"""`easel gateway`: hold connections to Discord for a bot, until a signal comes."""

from __future__ import annotations

import argparse
import asyncio
import functools
import signal

from bot.domain.errors import SettingsError
from bot.gateway.shards import parse
from bot.gateway.station import Station
from bot.gateways import NO_SECRET, reach
from bot.settings import Settings

NO_ADDRESS = (
    "Where is the bot? Set GATEWAY_ADDRESS to what it has there, or name it by --core: unix on its "
    "own machine, else a host and a port."
)
NO_TOKEN = "DISCORD_TOKEN is not set: over a network the bot does not tell it."


def gateway(settings: Settings, options: argparse.Namespace) -> int:
    """Serve; returns 0 when it was told to end. Raises SettingsError for what cannot be."""
    return asyncio.run(_serve(station_of(settings, options)))


def station_of(settings: Settings, options: argparse.Namespace) -> Station:
    """As the command line says. Raises SettingsError."""
    address = options.core or settings.gateway_address
    if not address:
        raise SettingsError(NO_ADDRESS)
    if address != "unix" and not settings.gateway_token:
        raise SettingsError(NO_SECRET.format(address))
    if address != "unix" and not settings.discord_token:
        raise SettingsError(NO_TOKEN)
    return Station(
        functools.partial(reach, settings, address),
        wants=wanted(options.shards, options.of),
        of=options.of,
        secret="" if address == "unix" else settings.gateway_token.reveal(),
        token=settings.discord_token.reveal(),
    )


def wanted(shards: str, of: int) -> range | None:
    """What `--shards 0-3 --of 8` means. Raises SettingsError for what it cannot."""
    if not shards:
        return None
    try:
        found = parse(shards)
    except ValueError:
        raise SettingsError(f"--shards is {shards!r}; write 5, or 0-3.") from None
    if of and found.stop > of:
        raise SettingsError(f"--shards is {shards}, and of {of} the last is {of - 1}.")
    return found


async def _serve(station: Station) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, station.stop)
    await station.serve()
    return 0
