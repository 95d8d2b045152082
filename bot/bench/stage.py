"""Where a measurement takes place: the sandbox with its people here, the bot in another process.

Knows how to set both up and what can be seen from Discord's side; what people do there is a
scenario's.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.bench.child import Child
from bot.bench.drawings import Drawing
from bot.bench.order import Order
from bot.sandbox import News, Person, Sandbox, StoredMessage

CALLBACK = "/interactions/{interaction_id}/{token}/callback"
UPLOAD = r"^/channels/\d+/messages$"
EDIT = r"/messages/"
_JOB = re.compile(r"_([0-9a-f]{32})\.")
# Limits of the product that would hide what is measured; Discord's own stay.
NO_LIMITS = {"credits": 10**6, "waiting_limit": 1000, "queue_limit": 100_000}


@dataclass(frozen=True)
class Seen:
    """What the bot's process reported of the time since the last `mark`."""

    cpu: float
    memory: dict[str, float]
    torch: bool
    lag: list[float]
    work: list[float]
    drawings: list[Drawing]
    devices: list[str]
    tasks: int = 0
    queue: int = 0


class Stage:
    """One bot and its public. `results` are monotonic seconds by job when its grid was visible."""

    def __init__(self, sandbox: Sandbox, child: Child, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        """The bot's."""
        self.results: dict[str, float] = {}
        self.guests: list[Person] = []
        self.on_result: Callable[[StoredMessage], None] = lambda message: None
        self._child = child
        sandbox.bus.subscribe(self._hear)

    def _hear(self, news: News) -> None:
        message = news.subject
        if news.name != "MESSAGE_CREATE" or not isinstance(message, StoredMessage):
            return
        for file in message.files:
            if found := _JOB.search(file.filename):
                self.results[found[1]] = time.monotonic()
                self.on_result(message)

    @property
    def process(self) -> int:
        """The id of the bot's process."""
        return self._child.process

    def people(self, count: int) -> list[Person]:
        """That many new members of the server."""
        made = [self.sandbox.world.add_user(f"Guest {n}") for n in range(count)]
        self.guests = [self.sandbox.person(user.id) for user in made]
        return self.guests

    def channels(self, count: int) -> list[str]:
        """Ids of that many new channels."""
        return [self.sandbox.world.add_channel(f"studio-{n}").id for n in range(count)]

    async def results_of(self, count: int, timeout: float) -> None:
        """Return when that many grids are visible in all. Raises TimeoutError."""
        await self.sandbox.wait_for(lambda: len(self.results) >= count, timeout)

    async def mark(self) -> None:
        """The measurement begins now, for the bot's process and the results."""
        self.results.clear()
        await self._child.ask(ask="mark")

    async def report(self) -> Seen:
        """What the bot's process saw since `mark`."""
        said: dict[str, Any] = await self._child.ask(ask="report")
        said["drawings"] = [Drawing(*each) for each in said["drawings"]]
        return Seen(**said)

    def drawn_to_visible(self, drawings: list[Drawing]) -> list[float]:
        """Seconds from the end of each drawing until everybody saw its grid."""
        return [self.results[each.job] - each.ends for each in drawings if each.job in self.results]


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@contextlib.asynccontextmanager
async def stage(
    *,
    engine: str = "",
    options: dict[str, Any] | None = None,
    bare: bool = False,
    ticking: bool = True,
    folder: str = "",
    **settings: Any,
) -> AsyncIterator[Stage]:
    """A sandbox and a bot that has come online there; both are gone after the block. `folder` is
    the bot's, by default a new one."""
    # A bot that is stopped in the middle of an upload is no news.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    async with Sandbox(port=0) as sandbox, Child("bot.bench.subject") as child:
        folder = folder or new_folder()
        order = Order(
            sandbox.api_url,
            sandbox.token,
            folder,
            engine,
            options or {},
            NO_LIMITS | settings,
            bare,
            ticking,
        )
        await child.ask(**dataclasses.asdict(order))
        await sandbox.bot_ready(60)
        yield Stage(sandbox, child, Path(folder))


def new_folder() -> str:
    """A new one, which is there until this process ends.

    Inodes freed in the last minutes are passed over one by one by ext4 (`recently_deleted`
    in fs/ext4/ialloc.c): files that are deleted between two measurements slow the second down.
    """
    if not _KEPT:
        _KEPT.append(tempfile.TemporaryDirectory(prefix="easel-bench-"))
    return tempfile.mkdtemp(dir=_KEPT[0].name)


@contextlib.asynccontextmanager
async def unrest() -> AsyncIterator[list[float]]:
    """The ticker in an idle process during the block; its delays are in the list afterwards."""
    samples: list[float] = []
    async with Child("bot.bench.ticker") as child:
        await child.ask(ask="mark")
        yield samples
        samples += (await child.ask(ask="report"))["lag"]


async def loaded(stage: Stage, person: Person, timeout: float) -> None:
    """Return when the first grid is out: engine started, model loaded, connections warm."""
    await person.slash("imagine", prompt="a first picture")
    await stage.results_of(1, timeout)
    await asyncio.sleep(0.5)
