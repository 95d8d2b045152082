"""What parts of the bot say of themselves when they are asked, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.delivery import Kind
from bot.domain.measures import Spread
from bot.domain.speed import Speed


@dataclass(frozen=True)
class Census:
    """Jobs in line of each speed, and for how many seconds the first of them has waited since it
    was asked for; those that wait `aside`, and those that are being drawn."""

    waiting: Mapping[Speed, int]
    oldest_s: Mapping[Speed, float]
    aside: int
    drawing: int


@dataclass(frozen=True)
class Owed:
    """What is still to be shown of a kind: how much, and for how many seconds its first job has
    been over. One that is shown anew is as old as its job."""

    count: int = 0
    oldest_s: float = 0.0


@dataclass(frozen=True)
class Stored:
    """`credits` are those of all entries of the book by what they did: granted, held, captured,
    released, expired, taken_back. `held` are those of jobs under way. `bytes` are those of the
    database's files."""

    owed: Mapping[Kind, Owed]
    credits: Mapping[str, int]
    held: int
    bytes: int


@dataclass(frozen=True)
class Front:
    """Processes that hold a client's shards: those that were started for it and are to be there,
    that are there, and that have no shard; events by shard, and how long they took to come here.
    """

    wanted: int
    up: int
    spare: int
    events: Mapping[int, int]
    lags: Spread


@dataclass(frozen=True)
class Standing:
    """How a client stands with Discord: of so many `shards` those that are `up`, and for how many
    seconds each one's last heartbeat was under way, where that is known; `servers` that the bot is
    on; deliveries that it is just `posting`, and after how many seconds the next post has its
    turn. `front` is there if processes hold its shards."""

    shards: int
    up: frozenset[int]
    latency_s: Mapping[int, float]
    servers: int
    posting: int
    wait_s: float
    front: Front | None = None

    @property
    def connected(self) -> bool:
        """Whether every shard is."""
        return 0 < self.shards <= len(self.up)
