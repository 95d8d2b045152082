"""A time in which Discord answers nothing that is of use.

Knows how such a time looks to a client and keeps count of who knocked; its beginning and its end
are the server's business.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from bot.sandbox.rest.body import answer, read
from bot.sandbox.rules.errors import ApiError

How = int | Literal["refused", "cut", "hanging"]
"""An HTTP status for every answer; or the port is closed; or requests are read and the connection
is cut; or they wait for an answer that never comes."""


@dataclass(frozen=True)
class Missed:
    """A request that came during an outage."""

    method: str
    path: str
    nonce: str | None = None
    """The nonce of a message that was to be posted: tells one message from another."""


class Outage:
    """What came while Discord was away. With "refused" nothing can come, so nothing is counted."""

    def __init__(self, how: How, *, gateway: bool, touch: Callable[[], None]) -> None:
        self.how = how
        self.gateway = gateway
        """Whether the gateway is away as well."""
        self.missed: list[Missed] = []
        self._touch = touch
        self._over = asyncio.Event()

    def count(self, method: str = "*", path_regex: str = "") -> int:
        """How many requests of this method and path came so far."""
        return sum(
            method in (each.method, "*") and bool(re.search(path_regex, each.path))
            for each in self.missed
        )

    @property
    def nonces(self) -> set[str]:
        """Which messages were to be posted, however often each was tried."""
        return {each.nonce for each in self.missed if each.nonce is not None}

    def end(self) -> None:
        """Cut off whoever still waits."""
        self._over.set()

    async def meet(self, request: web.Request, path: str) -> web.StreamResponse | None:
        """What a request gets; None means that its connection must be cut."""
        self.missed.append(Missed(request.method, path, await _nonce(request)))
        self._touch()
        if self.how == "hanging":
            await self._over.wait()
        if isinstance(self.how, int):
            return answer({"message": f"{self.how}: Discord is away", "code": 0}, self.how)
        return None


async def _nonce(request: web.Request) -> str | None:
    if request.method != "POST":
        return None
    try:
        payload, _ = await read(request)
    except (ApiError, ValueError, AssertionError):
        return None
    return str(payload["nonce"]) if "nonce" in payload else None
