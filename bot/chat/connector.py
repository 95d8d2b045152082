"""How the client's requests reach Discord: counted where that matters, told to whoever watches, and
small ones in one piece.

discord.py lets its connector be chosen, and every request asks that for a connection.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
from typing import Any

from aiohttp import ClientRequest, ClientResponse, ClientTimeout, MultipartWriter, TCPConnector
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from bot.chat.roads import road
from bot.domain.news import Called, Tell, nobody

_PIECE = 64 * 1024
"""Bytes of a form that is sent in one piece. aiohttp sends each line of a form by itself, which
costs as much as the rest of the request; a larger one is read while it is sent."""

_TOO_MANY = 429
NOTHING: Mapping[str, str] = MappingProxyType({})

_SENT: ContextVar[list[str] | None] = ContextVar("sent", default=None)


@contextlib.contextmanager
def counted(sent: list[str]) -> Iterator[None]:
    """The method of each request that is made within is added to `sent`: discord.py repeats a
    request whose reply was lost, and says nothing about it."""
    token = _SENT.set(sent)
    try:
        yield
    finally:
        _SENT.reset(token)


class Connector(TCPConnector):
    """What a client must connect with. aiohttp's own tracing would count as well, for three times
    the cost of all else that an answer takes here."""

    def __init__(self, *, tell: Tell = nobody, **more: Any) -> None:
        super().__init__(**more)
        self._tell = tell

    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> Connection:
        """Count, join what is small, then connect as ever."""
        began = time.perf_counter()
        # It is called and nothing else.
        req.response_class = partial(_Told, self._tell, began)  # type: ignore[assignment]
        if (sent := _SENT.get()) is not None:
            sent.append(req.method)
        form = req.body
        if isinstance(form, MultipartWriter) and (form.size or _PIECE) < _PIECE:
            await req.update_body(await form.as_bytes())
        try:
            return await super().connect(req, traces, timeout)
        except BaseException:
            _tell(self._tell, req.method, req.url.raw_path, began)
            raise


class _Told(ClientResponse):
    """Tells of itself once its first line is there, or cannot come any more."""

    def __init__(self, tell: Tell, began: float, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._tell = tell
        self._began = began

    async def start(self, connection: Connection) -> ClientResponse:
        path = self.real_url.raw_path
        try:
            await super().start(connection)
        except BaseException:
            _tell(self._tell, self.method, path, self._began)
            raise
        _tell(self._tell, self.method, path, self._began, self.status, self.headers)
        return self


def _tell(
    tell: Tell, method: str, path: str, began: float, status: int = 0,
    headers: Mapping[str, str] = NOTHING,
) -> None:  # fmt: skip
    name, interaction = road(method, path)
    refused = status == _TOO_MANY
    scope = headers.get("X-RateLimit-Scope", "") if refused else ""
    if refused and headers.get("X-RateLimit-Global"):
        scope = "global"
    exhausted = not refused and headers.get("X-RateLimit-Remaining") == "0"
    tell(Called(name, status, time.perf_counter() - began, scope, exhausted, interaction))
