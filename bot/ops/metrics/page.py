"""The page that Prometheus reads: everything of one process, in a registry of its own.

What is stored is read first; all is spelled out beside the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.domain.errors import StoreUnavailable
from bot.domain.measures import Spread, Tally
from bot.domain.snapshots import Census, Standing, Stored
from bot.engine.seam import Executor, Worker
from bot.ops.faults import Faults
from bot.ops.lag import Lag
from bot.ops.metrics import groups
from bot.ops.metrics.counts import Counts
from bot.ops.metrics.workers import Lives, workers
from bot.ops.supervision import Supervisor

log = logging.getLogger(__name__)


def nowhere() -> Standing | None:
    """There is no client."""
    return None


@dataclass(frozen=True)
class Look:
    """What is asked for on the event loop, at one moment (in UTC seconds since the epoch)."""

    now: float
    workers: Sequence[Worker]
    standing: Standing | None
    states: Mapping[str, str]
    tasks: int
    unanswered: int
    stored: Stored | None


@dataclass
class Sources:
    """Where the numbers are. `census`, which is asked for beside the event loop, and `stored` are
    told the time, in UTC seconds since the epoch; `standing` is the client's, once there is one.
    """

    version: str
    counts: Counts
    executor: Executor
    supervisor: Supervisor
    census: Callable[[float], Census]
    stored: Callable[[float], Awaitable[Stored]]
    commit_seconds: Spread
    commit_sizes: Spread
    refusals: Tally
    faults: Faults
    lag: Lag = field(default_factory=Lag)
    lives: Lives = field(default_factory=Lives)
    standing: Callable[[], Standing | None] = nowhere


class Page:
    """`clock` returns UTC seconds since the epoch; the database may take `patience_s` seconds:
    Prometheus itself gives up after ten."""

    def __init__(
        self,
        sources: Sources,
        clock: Callable[[], float] = time.time,
        patience_s: float = 5.0,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._patience_s = patience_s
        self._process = ProcessCollector(registry=None)

    async def answer(self, request: web.Request) -> web.Response:
        """To Prometheus."""
        body, kind = await self.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": kind})

    async def render(self, accepted: str = "") -> tuple[bytes, str]:
        """The page, and its content type, for who accepts these."""
        sources = self._sources
        look = Look(
            now=self._clock(),
            workers=sources.executor.workers(),
            standing=sources.standing(),
            states=sources.supervisor.states(),
            tasks=len(asyncio.all_tasks()),
            unanswered=sources.counts.unanswered(),
            stored=await self._read(),
        )
        # Of many models and devices it takes a tenth of a second to spell them out.
        return await asyncio.to_thread(self._spelled, look, accepted)

    async def _read(self) -> Stored | None:
        """None where the database says nothing: all else is told still."""
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._sources.stored(self._clock())
        except (StoreUnavailable, TimeoutError):
            pass
        except Exception:
            log.exception("what is stored could not be read")
        return None

    def _spelled(self, look: Look, accepted: str) -> tuple[bytes, str]:
        registry = CollectorRegistry()
        registry.register(_Everything(self._sources, look))
        registry.register(self._process)
        encode, kind = choose_encoder(accepted)
        return encode(registry), kind


@dataclass(frozen=True, eq=False)
class _Everything(Collector):
    """Runs beside the event loop: it reads counts, each of which is whole at any time, and what
    was looked at before."""

    sources: Sources
    look: Look

    def describe(self) -> Iterator[Metric]:
        """Nobody else has these names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All numbers."""
        sources, look = self.sources, self.look
        yield from groups.queue(sources.counts, sources.census(look.now))
        yield from workers(look.workers, sources.lives)
        yield from groups.drawing(sources.counts)
        yield from groups.delivery(sources.counts)
        yield from groups.discord(sources.counts, look.unanswered)
        if look.standing:
            yield from groups.standing(look.standing)
        yield from groups.database(
            sources.commit_seconds, sources.commit_sizes, sources.refusals, look.stored
        )
        if look.stored:
            yield from groups.stored(look.stored)
        yield from groups.process(sources.version, sources.faults, sources.lag.spread)
        yield from groups.tasks(look.states, look.tasks)
