"""What a client of Discord needs to know of gateway processes: plain values and two protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.domain.snapshots import Front


@dataclass(frozen=True)
class Terms:
    """What Discord says of a bot before it connects: its `shards`, where, and how many may begin:
    `left` of `total`, all again in `reset_s` seconds, `concurrency` of them every five seconds.
    `identify` is what each shard says of itself, but for the token and its number."""

    shards: int
    url: str
    identify: Mapping[str, Any]
    concurrency: int = 1
    left: int = 1000
    total: int = 1000
    reset_s: float = 86_400.0


class Client(Protocol):
    """Whom everything comes to."""

    async def take(self, shard: int, text: str) -> None:
        """An event, as Discord sent it."""
        ...

    def lost(self, shard: int) -> None:
        """Its connection is away, perhaps once more."""
        ...

    def back(self, shard: int) -> None:
        """It is there again, without a word of Discord."""
        ...


class Relay(Protocol):
    """Processes that hold a bot's connections."""

    async def serve(self, terms: Terms, client: Client) -> None:
        """Have all shards connected until `close`. Raises EaselError where Discord refuses one."""
        ...

    def rest(self) -> None:
        """Take nothing more, where processes keep what comes for who is next."""
        ...

    async def close(self) -> None:
        """Leave the processes, which end or wait for who is next."""
        ...

    def command(self, shard: int, text: str) -> None:
        """Send Discord something."""
        ...

    def latency_s(self, shard: int) -> float | None:
        """Of the last heartbeat, where that is known."""
        ...

    def is_up(self, shard: int) -> bool:
        """Whether it has a session that is connected, as far as that is known."""
        ...

    def seen(self) -> Front:
        """How the processes are."""
        ...
