"""Discord's REST without a network: each request is a call of the sandbox's own routes."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from unittest import mock

import discord
from aiohttp import BodyPartReader, web
from discord.http import HTTPClient
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.sandbox import ApiError, Sandbox
from bot.sandbox.rest.door import PREFIX

_STATUSES = {403: discord.Forbidden, 404: discord.NotFound}


class Part(BodyPartReader):
    """A part of a form, as the sandbox's routes read it."""

    name: Any = None
    filename: Any = None

    def __init__(self, name: str, data: bytes, filename: str | None, kind: str) -> None:
        self.name = name
        self.filename = filename
        self.headers: Any = {"Content-Type": kind}
        self._data = data

    async def text(self, *, encoding: str | None = None) -> str:
        return self._data.decode()

    async def read(self, *, decode: bool = False) -> bytes:
        return self._data


class Asked:
    """A request, as far as the sandbox's routes look at it."""

    def __init__(self, method: str, path: str, match: Mapping[str, str], said: Any) -> None:
        self.method, self.path, self.match_info = method, path, match
        self.query = {key: str(value) for key, value in (said.get("params") or {}).items()}
        self.headers: dict[str, str] = {}
        self._parts = [
            Part(each["name"], _bytes(each["value"]), each.get("filename"), "image/webp")
            for each in said.get("multipart") or said.get("form") or ()
        ]
        self.content_type = "multipart/form-data" if self._parts else "application/json"
        self._body = said.get("payload") if said.get("payload") is not None else said.get("json")

    async def text(self) -> str:
        return "" if self._body is None else json.dumps(self._body)

    async def multipart(self) -> AsyncIterator[Part]:
        return self._each()

    async def _each(self) -> AsyncIterator[Part]:
        for each in self._parts:
            yield each


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else value.read()


class Wire:
    """Discord's REST as calls of a sandbox's routes."""

    def __init__(self, sandbox: Sandbox) -> None:
        app = web.Application()
        sandbox._add_routes(app)
        self._routes = [
            (route.method, re.compile(_pattern(route.resource.canonical)), route.handler)
            for route in app.router.routes()
            if route.resource is not None and route.resource.canonical.startswith(PREFIX)
        ]

    async def request(self, method: str, url: str, said: Any) -> Any:
        """What the route answers. Raises what discord.py raises for a refusal."""
        path = PREFIX + url.partition(PREFIX)[2].partition("?")[0]
        for each, pattern, handler in self._routes:
            if each == method and (found := pattern.fullmatch(path)):
                asked: Any = Asked(method, path, found.groupdict(), said)
                try:
                    answer: Any = await handler(asked)
                except ApiError as error:
                    raise _refusal(error.status, error.body()) from None
                return json.loads(answer.body) if answer.body else None
        raise _refusal(404, {"code": 0, "message": f"no such route: {method} {path}"})


def _pattern(canonical: str) -> str:
    parts = re.split(r"(\{\w+\})", canonical)
    return "".join(f"(?P<{p[1:-1]}>[^/]+)" if p[:1] == "{" else re.escape(p) for p in parts)


def _refusal(status: int, body: Any) -> discord.HTTPException:
    answer: Any = SimpleNamespace(status=status, reason="refused")
    return _STATUSES.get(status, discord.HTTPException)(answer, body)


@contextlib.contextmanager
def unplugged(sandbox: Sandbox) -> Iterator[Callable[[], None]]:
    """Once what is given is called, requests need no network."""
    wire = Wire(sandbox)

    async def request(self: Any, route: Any, **said: Any) -> Any:
        return await wire.request(route.method, route.url, said)

    async def answer(self: Any, route: Any, session: Any, **said: Any) -> Any:
        return await wire.request(route.method, route.url, said)

    with contextlib.ExitStack() as stack:

        def unplug() -> None:
            stack.enter_context(mock.patch.object(HTTPClient, "request", request))
            stack.enter_context(mock.patch.object(AsyncWebhookAdapter, "request", answer))

        yield unplug
