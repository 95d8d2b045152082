"""Which Discord the bot speaks to."""

from __future__ import annotations

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


def point_at(api_url: str) -> None:
    """Send everything to another server that speaks Discord's API, such as the sandbox.

    discord.py has no setting for it. Webhooks share `Route.BASE`; a reconnect after an invalid
    session goes to `DEFAULT_GATEWAY`.
    """
    url = yarl.URL(api_url)
    Route.BASE = api_url
    socket = url.with_scheme("wss" if url.scheme == "https" else "ws")
    DiscordWebSocket.DEFAULT_GATEWAY = socket.with_path("/gateway")
    discord.Asset.BASE = str(url.with_path("/cdn"))  # type: ignore[misc,assignment]
