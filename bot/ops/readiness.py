"""`/readyz`: whether what somebody asks for now would be drawn and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.domain.errors import StoreUnavailable
from bot.domain.snapshots import Standing
from bot.engine.seam import Executor, Worker

PATIENCE_S = 3.0
"""So long the database may take until it counts as one that cannot be written."""


class Readiness:
    """200 and "ready" while Discord is connected, a worker can draw and the database can be
    written; else 503 and what is missing. `probe` raises StoreUnavailable where nothing can be
    written; `standing` is the client's, None while there is none."""

    def __init__(
        self,
        executor: Executor,
        probe: Callable[[], Awaitable[None]],
        standing: Callable[[], Standing | None],
    ) -> None:
        self._executor = executor
        self._probe = probe
        self._standing = standing

    async def answer(self, _: web.Request) -> web.Response:
        """By what is found now."""
        troubles = {
            "discord": _discord(self._standing()),
            "workers": "" if any(map(_can_draw, self._executor.workers())) else "none can draw",
            "database": await self._database(),
        }
        ready = not any(troubles.values())
        said = {"status": "ready" if ready else "not ready"}
        said |= {name: trouble or "ok" for name, trouble in troubles.items()}
        return web.json_response(said, status=200 if ready else 503)

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._probe()
        except StoreUnavailable as trouble:
            return f"cannot be written ({trouble.code})"
        except TimeoutError:
            return f"does not answer within {PATIENCE_S:g} s"
        return ""


def _discord(standing: Standing | None) -> str:
    if standing is None or standing.connected:
        return "" if standing else "not connected yet"
    return f"{len(standing.up)} of {standing.shards} shards are connected"


def _can_draw(worker: Worker) -> bool:
    return worker.error is None and not worker.draining and bool(worker.loaded)
