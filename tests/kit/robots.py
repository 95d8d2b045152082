"""A plain discord.py bot for tests, and what starts and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import discord
from discord import app_commands

from bot.sandbox import Sandbox, avatar

INTENTS = discord.Intents(
    guilds=True,
    guild_messages=True,
    dm_messages=True,
    guild_reactions=True,
    dm_reactions=True,
)


class Robot(discord.AutoShardedClient):
    """A plain client with a tree; tests add commands before it starts."""

    def __init__(self, **options: Any) -> None:
        settings: dict[str, Any] = {"intents": INTENTS, "guild_ready_timeout": 0.05}
        super().__init__(**settings | options)
        self.tree = app_commands.CommandTree(self)
        self.events: list[tuple[str, tuple[Any, ...]]] = []

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The sandbox takes many at once, so that nobody waits five seconds for the next."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.events.append((event, args))
        super().dispatch(event, *args, **kwargs)

    def seen(self, event: str) -> list[tuple[Any, ...]]:
        return [args for name, args in self.events if name == event]

    async def until(self, event: str, times: int = 1) -> None:
        """Return when the event has been seen that many times."""
        while len(self.seen(event)) < times:
            await self.wait_for(event, timeout=30)


class Waiter(Robot):
    """With /wait, which answers nothing: its interactions are `asked`, for the test."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Queue[discord.Interaction] = asyncio.Queue()

        @self.tree.command(description="Never answer")
        async def wait(interaction: discord.Interaction) -> None:
            self.asked.put_nowait(interaction)


def picture(name: str = "grid.png") -> discord.File:
    """A small PNG, the bytes of `avatar(0)`."""
    return discord.File(io.BytesIO(avatar(0)), name)


Kind = TypeVar("Kind", bound=Robot)


class Running:
    """Starts robots and ends them with the test."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._started: list[tuple[Robot, asyncio.Task[None]]] = []

    async def __call__(self, robot: Kind) -> Kind:
        task = asyncio.create_task(robot.start(self._sandbox.token))
        self._started.append((robot, task))
        ready = asyncio.create_task(self._sandbox.bot_online.wait())
        await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await task
        await ready
        await asyncio.wait_for(robot.wait_until_ready(), 30)
        return robot

    async def end(self) -> None:
        for robot, task in self._started:
            await robot.close()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await robot.http.connector.close()


class Api:
    """Raw REST with the bot token: what a client that makes mistakes would send."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._session = session

    async def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        headers = {"Authorization": f"Bot {self._sandbox.token}"} | options.pop("headers", {})
        url = self._sandbox.api_url + path
        if "data" not in options:
            options["json"] = body
        async with self._session.request(method, url, headers=headers, **options) as response:
            text = await response.text()
            data = json.loads(text) if text else None
            return Answer(response.status, data, dict(response.headers))

    async def upload(self, method: str, path: str, body: Any, **files: bytes) -> Answer:
        """Send files named by keyword, `grid_png=b"…"` as grid.png, with a JSON body."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", json.dumps(body))
        for index, (name, data) in enumerate(files.items()):
            form.add_field(f"files[{index}]", io.BytesIO(data), filename=name.replace("_", "."))
        headers = {"Authorization": f"Bot {self._sandbox.token}"}
        url = self._sandbox.api_url + path
        async with self._session.request(method, url, data=form, headers=headers) as response:
            return Answer(response.status, await response.json(), dict(response.headers))


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> tuple[int, int]:
        """(HTTP status, Discord's code)."""
        return self.status, self.body["code"]
