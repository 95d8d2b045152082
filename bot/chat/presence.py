"""How the client stands with Discord: its shards, its servers, and what waits for a limit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.domain.news import Gateway, Tell
from bot.domain.snapshots import Standing

if TYPE_CHECKING:
    from bot.chat.client import EaselBot


class Presence:
    """Hears of each shard's connection, and tells of it."""

    def __init__(self, bot: EaselBot, tell: Tell) -> None:
        self._bot = bot
        self._tell = tell
        self._up: set[int] = set()
        bot.add_listener(self._connected, "on_shard_ready")
        bot.add_listener(self._resumed, "on_shard_resumed")
        bot.add_listener(self._lost, "on_shard_disconnect")

    async def _connected(self, shard: int) -> None:
        self._up.add(shard)
        self._tell(Gateway(shard, "connected"))

    async def _resumed(self, shard: int) -> None:
        self._up.add(shard)
        self._tell(Gateway(shard, "resumed"))

    async def _lost(self, shard: int) -> None:
        """discord.py says so of every try that fails, too."""
        if shard in self._up:
            self._up.discard(shard)
            self._tell(Gateway(shard, "lost"))

    def standing(self) -> Standing:
        """As it is now."""
        bot = self._bot
        heard = bot.latencies if bot.shards else []
        known = {shard: s for shard, s in heard if shard in self._up and math.isfinite(s)}
        return Standing(
            shards=max(len(bot.shards), bot.shard_count or 0),
            up=frozenset(self._up),
            latency_s=known,
            servers=len(bot.guilds),
            posting=bot.pump.at_work,
            wait_s=bot.pump.pace.wait_s,
            front=bot.relay.seen() if bot.relay else None,
        )
