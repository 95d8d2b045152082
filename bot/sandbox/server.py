"""The sandbox as one server: what it is made of, and its life.

Knows every part and binds them to one loopback port; decides nothing about Discord's rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from bot.sandbox.faults import Faults
from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.gateway.sessions import Sessions
from bot.sandbox.gateway.starts import Starts
from bot.sandbox.people.person import People, Person
from bot.sandbox.people.socket import ClientSockets
from bot.sandbox.rest.application import ApplicationRoutes
from bot.sandbox.rest.channels import ChannelRoutes
from bot.sandbox.rest.commands import CommandRoutes
from bot.sandbox.rest.door import PREFIX, Call, FrontDoor
from bot.sandbox.rest.downloads import Downloads
from bot.sandbox.rest.faults import RequestFaults
from bot.sandbox.rest.guilds import GuildRoutes
from bot.sandbox.rest.interactions import InteractionRoutes
from bot.sandbox.rest.outage import How, Outage
from bot.sandbox.rest.ratelimits import RateLimits
from bot.sandbox.rest.shop import ShopRoutes
from bot.sandbox.world.answers import Answers
from bot.sandbox.world.bus import Bus
from bot.sandbox.world.files import Files
from bot.sandbox.world.interactions import Interactions
from bot.sandbox.world.messages import Messages
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.snowflake import Clock
from bot.sandbox.world.world import World

TOKEN = "sandbox-token"
_BODY_LIMIT = 128 * 1024 * 1024

T = TypeVar("T")


class Sandbox:
    """`async with Sandbox() as sandbox:` – a Discord of one's own on loopback.

    `clock` returns Unix seconds and rules every deadline (3 s, 15 min, 24 h) and id.
    `rate_limits` is True, False, or a number that stretches (2.0) or shrinks (0.1) the windows.
    `ack_seconds` is how long an application may take for its first answer, `heartbeat_seconds` what
    it is told to let pass between two heartbeats, `shards` how many it is advised; of each
    `max_concurrency` one may identify every `identify_seconds` (5 at Discord's).
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock: Clock = time.time,
        rate_limits: bool | float = True,
        token: str = TOKEN,
        ack_seconds: float = 3.0,
        privileged_intents: int = 0,
        heartbeat_seconds: float = 41.25,
        shards: int = 1,
        max_concurrency: int = 1,
        identify_seconds: float = 0.0,
    ) -> None:
        _check_loopback(host)
        self.host = host
        self.port = port
        self.token = token
        self.shards = shards
        self.clock = clock
        self.bus = Bus()
        self.world = World(clock, self.bus)
        self.files = Files(clock)
        """Bytes by attachment id or by any link to the file."""
        self.renderer = Renderer(self.world, self.files)
        self._sessions = Sessions(self.world, self.renderer, self.bus)
        self.gateway = Gateway(
            self._sessions,
            self.bus,
            token=lambda: self.token,
            url=lambda: self.gateway_url,
            privileged=privileged_intents,
            heartbeat_seconds=heartbeat_seconds,
            starts=Starts(max_concurrency, identify_seconds),
        )
        self._advice = {"shards": shards, "max_concurrency": max_concurrency}
        requests = RequestFaults()
        self.faults = Faults(requests, self.gateway, self._sessions.backlog)
        self.messages = Messages(self.world, self.files, self.bus)
        self._answers = Answers(self.world, self.messages)
        self.interactions = Interactions(
            self.world,
            self._answers,
            self.bus,
            ack_seconds=ack_seconds,
            listening=self._sessions.listening,
            late=self.faults.takes_late,
        )
        self.people = People(
            self.world, self.bus, self.files, self.renderer, self.messages, self.interactions
        )
        self.clients = ClientSockets(self.people, self.gateway)
        self._limits = RateLimits(float(rate_limits))
        self._door = FrontDoor(
            clock,
            lambda: self.token,
            self._limits,
            requests,
            self.bus.touch,
        )
        self.bot_online = _OnlineEvent(self.gateway, self.bus)
        self._runner: web.AppRunner | None = None

    # Where it is

    @property
    def url(self) -> str:
        """The page, such as http://127.0.0.1:8000."""
        return f"http://{_shown(self.host)}:{self.port}"

    @property
    def api_url(self) -> str:
        """What DISCORD_API_URL is set to."""
        return self.url + PREFIX

    @property
    def gateway_url(self) -> str:
        """Where the bot is sent to by GET /gateway."""
        return f"ws://{_shown(self.host)}:{self.port}/gateway"

    @property
    def cdn_url(self) -> str:
        """Where links to files begin."""
        return f"{self.url}/cdn"

    @property
    def log(self) -> list[Call]:
        """Every REST request that was answered, oldest first."""
        return self._door.log

    # Life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Bind the port. Raises OSError when it is taken."""
        app = web.Application(middlewares=[self._door.middleware()], client_max_size=_BODY_LIMIT)
        self._add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await self._open_port(self._runner)
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]
        self.files.base = self.cdn_url

    async def _open_port(self, runner: web.AppRunner) -> None:
        await web.TCPSite(runner, self.host, self.port).start()

    async def _close_port(self, runner: web.AppRunner) -> None:
        """Refuse connections from now on, and end those there are."""
        for site in list(runner.sites):
            await site.stop()
        for connection in runner.server.connections if runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        """End every connection and stop."""
        self.faults.clear()
        self.gateway.shut()
        await self.clients.close()
        await self.interactions.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _add_routes(self, app: web.Application) -> None:
        ApplicationRoutes(self.world, lambda: self.gateway_url, **self._advice).add_to(app)
        GuildRoutes(self.world, self.renderer).add_to(app)
        CommandRoutes(self.world, self.bus).add_to(app)
        ChannelRoutes(self.world, self.messages, self.renderer).add_to(app)
        InteractionRoutes(self.interactions, self._answers, self.renderer).add_to(app)
        ShopRoutes(self.world).add_to(app)
        Downloads(self.files).add_to(app)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/client", self.clients.serve)
        app.router.add_post("/client/uploads", self.clients.upload)

    # For tests and the page

    def limit(self, rate_limits: bool | float) -> None:
        """Change what the constructor's `rate_limits` said."""
        self._limits.scale = float(rate_limits)

    @contextlib.asynccontextmanager
    async def outage(self, how: How = 503, *, gateway: bool = True) -> AsyncIterator[Outage]:
        """While the block lasts Discord is away: REST, files and, unless told otherwise, gateway.

        `how` is what clients meet: a status, "refused" (the port is closed, for everybody),
        "cut" or "hanging". People go on as if nothing were the matter.
        """
        outage = Outage(how, gateway=gateway, touch=self.bus.touch)
        assert self._runner is not None
        self._door.outage = outage
        if how == "refused":
            await self._close_port(self._runner)
        elif gateway:
            self.gateway.drop()
        try:
            yield outage
        finally:
            self._door.outage = None
            outage.end()
            if how == "refused":
                await self._open_port(self._runner)

    def person(self, who: object) -> Person:
        """Somebody who uses Discord, by name ("Mia") or id."""
        return self.people.person(who)

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 30) -> T:
        """The first truthy value of `predicate`, tried again after every change of the world.

        Raises TimeoutError, with the last requests, after `timeout` seconds.
        """
        try:
            return await self.bus.until(predicate, timeout)
        except TimeoutError:
            recent = "\n".join(
                f"  {each.method} {each.url} {each.status}" for each in self.log[-8:]
            )
            raise TimeoutError(f"not true within {timeout} s; last requests:\n{recent}") from None

    async def bot_ready(self, timeout: float = 30) -> None:
        """Return when a bot is there with all shards and commands. Raises TimeoutError."""
        wanted = set(range(self.shards))
        await self.wait_for(
            lambda: self.gateway.shards >= wanted and any(self.world.commands.values()), timeout
        )


class _OnlineEvent:
    """Like asyncio.Event, set while a bot is connected."""

    def __init__(self, gateway: Gateway, bus: Bus) -> None:
        self._gateway = gateway
        self._bus = bus

    def is_set(self) -> bool:
        return self._gateway.online

    async def wait(self, timeout: float = 30) -> None:
        await self._bus.until(self.is_set, timeout)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_loopback(host: str) -> None:
    """Raise ValueError unless `host` is this machine only."""
    try:
        good = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            f"the sandbox has no passwords and binds to this machine only: {host!r} is not a "
            "loopback address; use 127.0.0.1"
        )


async def serve_forever(sandbox: Sandbox, announce: Callable[[str], None]) -> None:
    """Run until cancelled; `announce` gets one line when the port is open."""
    async with sandbox:
        announce(f"sandbox ready {sandbox.url}")
        await asyncio.Event().wait()
