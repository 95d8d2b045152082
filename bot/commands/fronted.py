"""What `easel check` says of gateway processes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.commands.finding import Finding
from bot.gateway.doors import require_short
from bot.gateways import secret_of, socket_of
from bot.settings import Settings


async def look(settings: Settings) -> AsyncIterator[Finding]:
    """Who holds the connections. Raises SettingsError where that cannot be."""
    count, address = settings.gateway_processes, settings.gateway_address
    if not count and not address:
        yield Finding(True, "the bot holds its connections to Discord itself")
        return
    secret_of(settings)
    if address == "unix":
        require_short(socket_of(settings).absolute())
    own = f"{count} processes and one to spare hold the connections" if count else ""
    come = f"processes come to {socket_of(settings) if address == 'unix' else address}"
    yield Finding(True, "; ".join(filter(None, (own, come if address else ""))))
