"""How the client's requests reach Discord: counted where that matters, and small ones in one piece.

discord.py lets its connector be chosen, and every request asks that for a connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from aiohttp import ClientRequest, ClientTimeout, MultipartWriter, TCPConnector
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

_PIECE = 64 * 1024
"""Bytes of a form that is sent in one piece. aiohttp sends each line of a form by itself, which
costs as much as the rest of the request; a larger one is read while it is sent."""

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

    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> Connection:
        """Count, join what is small, then connect as ever."""
        if (sent := _SENT.get()) is not None:
            sent.append(req.method)
        form = req.body
        if isinstance(form, MultipartWriter) and (form.size or _PIECE) < _PIECE:
            await req.update_body(await form.as_bytes())
        return await super().connect(req, traces, timeout)
