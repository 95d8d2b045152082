"""Fetching from a real server by a real connection; only what names mean is made up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.domain.errors import InvalidLink
from bot.links.fetcher import Fetcher, Limits
from bot.links.hosts import Hosts

HERE = "127.0.0.1"
SMALL = Limits(seconds=0.3, bytes=1 << 20)


class Names(AbstractResolver):
    """Gives each name its addresses, another list each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {"hostname": host, "host": each, "port": port, "family": socket.AF_INET, "proto": 0,
             "flags": socket.AI_NUMERICHOST} for each in now
        ]  # fmt: skip

    async def close(self) -> None:
        pass


class Server:
    """Answers below /cdn/ on loopback, and remembers what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.seen: list[str] = []
        self.headers: dict[str, str] = {}
        self.app = web.Application()
        self.app.router.add_get("/{path:.*}", self.answer)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request.path)
        self.headers = dict(request.headers)
        match request.path.rpartition("/")[2]:
            case "to":
                raise web.HTTPFound(request.query["url"])
            case "nowhere":
                return web.Response(status=302)
            case "slow":
                await asyncio.sleep(5)
            case "endless":
                return await self._endless(request)
            case "gone":
                return web.Response(status=404)
            case "broken":
                return web.Response(status=500)
            case "large":
                return web.Response(body=bytes((1 << 20) + 1))
        return web.Response(body=b"bytes", content_type="text/html")

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await answer.write(bytes(1 << 18))
        return answer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    one = Server()
    runner = web.AppRunner(one.app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HERE, 0)
    await site.start()
    one.port = runner.addresses[0][1]
    yield one
    await runner.cleanup()


def fetcher(server: Server, names: Names | None = None, **more: Any) -> Fetcher:
    host = "localhost" if names else HERE
    hosts = Hosts.of(["pictures.example"], f"http://{host}:{server.port}/api/v10")
    return Fetcher(hosts, **{"limits": SMALL, **more}, resolver=names)


def link(server: Server, path: str, host: str = HERE, **query: str) -> str:
    return str(URL(f"http://{host}:{server.port}/cdn/{path}").with_query(query))


async def refusal(server: Server, path: str, **query: str) -> str:
    async with fetcher(server) as one:
        with pytest.raises(InvalidLink) as refused:
            await one.fetch(link(server, path, **query))
    return str(refused.value)


async def test_what_lies_there_comes_whatever_it_says_to_be(server: Server) -> None:
    async with fetcher(server) as one:
        assert await one.fetch(link(server, "a/cat.png")) == b"bytes"
    assert server.headers["Accept-Encoding"] == "identity"
    assert "Cookie" not in server.headers


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("gone", "is not there any more"),
        ("broken", "was answered by an error (500)"),
        ("slow", "took longer than 0.3 s"),
        ("large", "has more than 1 MiB"),
        ("endless", "has more than 1 MiB"),
    ],
)
async def test_what_cannot_be_had_is_refused_in_a_sentence(
    server: Server, path: str, words: str
) -> None:
    began = time.monotonic()
    said = await refusal(server, path)
    assert words in said
    assert said.startswith(f"The picture `127.0.0.1:{server.port}/…/{path}` ")
    assert said.endswith(".")
    assert time.monotonic() - began < 2


async def test_three_redirects_are_followed_and_no_more(server: Server) -> None:
    target = link(server, "cat.png")
    for _ in range(3):
        target = link(server, "to", url=target)
    async with fetcher(server) as one:
        assert await one.fetch(target) == b"bytes"
        assert len(server.seen) == 4
        with pytest.raises(InvalidLink, match="leads on more than 3 times"):
            await one.fetch(link(server, "to", url=target))


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/cdn/cat.png",
        "http://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/cat.png",
        "https://evil.example/cat.png",
        "/api/v10/users/@me",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_is_checked_as_what_was_typed(server: Server, target: str) -> None:
    assert "is to no place" in await refusal(server, "to", url=target)
    assert server.seen == ["/cdn/to"]


async def test_a_redirect_to_nowhere_ends(server: Server) -> None:
    assert "leads on more than" in await refusal(server, "nowhere")


@pytest.mark.parametrize("inside", ["10.0.0.1", HERE, "169.254.169.254", "::1"])
async def test_an_allowed_name_of_an_inner_address_is_not_connected_to(
    server: Server, inside: str
) -> None:
    names = Names([inside])
    async with fetcher(server, names) as one:
        with pytest.raises(InvalidLink, match="cannot be reached"):
            await one.fetch("https://pictures.example/cat.png")
    assert names.asked == ["pictures.example"]
    assert server.seen == []


async def test_the_connection_goes_to_the_address_that_was_checked(server: Server) -> None:
    names = Names(["8.8.8.8", HERE], ["10.0.0.1"])
    async with fetcher(server, names) as one:
        assert await one.fetch(link(server, "cat.png", "localhost")) == b"bytes"
        assert names.asked == ["localhost"]
        with pytest.raises(InvalidLink, match="cannot be reached"):  # the name has moved meanwhile
            await one.fetch(link(server, "cat.png", "localhost"))
    assert len(server.seen) == 1


async def test_a_server_that_is_away(server: Server) -> None:
    server.port = 1
    assert "cannot be reached" in await refusal(server, "cat.png")


async def test_few_are_fetched_at_once(server: Server) -> None:
    limits = Limits(seconds=0.4, at_once=1)
    async with fetcher(server, limits=limits) as one:
        slow, quick = (one.fetch(link(server, path)) for path in ("slow", "cat.png"))
        late, came = await asyncio.gather(slow, quick, return_exceptions=True)
    assert isinstance(late, InvalidLink)
    assert came == b"bytes"
