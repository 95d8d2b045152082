"""The Discord client: intents, mentions, the command tree, extensions loaded by name.

Carries exactly one thing, the service. Knows nothing about storage or engines.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

if TYPE_CHECKING:
    from bot.service import Service

log = logging.getLogger(__name__)


class EaselBot(commands.AutoShardedBot):
    """discord.py's bot with the service and no privileged intent."""

    def __init__(
        self,
        service: Service,
        extensions: Sequence[str],
        *,
        progress_seconds: float = 2.5,
        api_url: str = "",
    ) -> None:
        if api_url:
            point_at(api_url)
        # Easel has nothing to say about missing voice libraries.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            # A rate limit beyond this is an error to report rather than a time to sleep.
            max_ratelimit_timeout=60.0,
        )
        self.service = service
        self.progress_seconds = progress_seconds
        self.synced = asyncio.Event()
        self._wanted = tuple(extensions)

    async def setup_hook(self) -> None:
        """Load the extensions and register the commands, before the gateway is opened."""
        for name in self._wanted:
            await self.load_extension(name)
        synced = await self.tree.sync()
        log.info("registered %d commands", len(synced))
        self.synced.set()

    async def on_ready(self) -> None:
        """Discord may say this again after a reconnect, so it only logs."""
        assert self.user is not None
        log.info("ready as %s on %d servers", self.user, len(self.guilds))

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        log.exception("event %s", event_method)


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
