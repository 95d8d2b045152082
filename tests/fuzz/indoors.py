"""A whole bot that speaks with the sandbox without a network: what Discord would send is put into
discord.py's state, and each request is a call of the sandbox's own routes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import io
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from PIL import Image

from bot.domain.errors import InvalidLink, RenderFailed
from bot.engine.seam import Answer, Question
from bot.links.fetcher import Fetcher
from bot.sandbox import Sandbox
from bot.sandbox.gateway.payloads import interaction_create
from bot.sandbox.world.first import PEOPLE
from bot.sandbox.world.interaction import Interaction
from bot.sandbox.world.message import StoredMessage
from bot.service.errand import Errands
from tests.fuzz.finding import PATIENCE_S, SLOWEST_S, Finding
from tests.fuzz.wire import unplugged
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.messages import COMPONENTS_V2
from tests.kit.scene import Scene

WRONG = "Something went wrong"
_UNSUGGESTED = "Ignoring exception in autocomplete"
"""What discord.py says of suggestions for options that a command does not have: there are none."""
_PAGED = "easel:panel:"
_OURS = ("discord.py: ", "CommandTree", "discord-ui", "easel-")


_FILE = io.BytesIO()
Image.new("RGB", (32, 32), "red").save(_FILE, "PNG")
PICTURE = _FILE.getvalue()


class InProcess(Errands):
    """Errands that need no process. Sheets and charts are one small picture: making them takes
    longer than all else here."""

    async def run(self, module: str, order: Any, patience_s: float) -> Any:
        """As a process would."""
        if module == "bot.worker.chart":
            return {"pictures": [base64.b64encode(PICTURE).decode() for _ in order["charts"]]}
        if module == "bot.worker.sheet":
            return _put(Path(order["target"]))
        return importlib.import_module(module).run(order)


def _put(target: Path) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(PICTURE)
    return {}


class Errors(logging.Handler):
    """What is logged as an error, or with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []
        self.spared = False
        """Those that have a reference pass."""

    def emit(self, record: logging.LogRecord) -> None:
        if self.spared and record.getMessage().startswith("reference "):
            return
        if record.getMessage().startswith(_UNSUGGESTED):
            return
        cause = record.exc_info[1] if record.exc_info else None
        self.seen.append(f"{record.name}: {record.getMessage()} {cause!r}")


class Indoors:
    """`people` are ids: an admin, then members. `rooms` are channels, `jobs` ids of drawn jobs and
    of one that waits."""

    def __init__(self, easel: Easel, jobs: list[str]) -> None:
        self.easel = easel
        self.jobs = jobs
        self.bot = easel.bot
        self.sandbox = easel.sandbox
        self.errors = Errors()
        logging.getLogger().addHandler(self.errors)
        world = self.sandbox.world
        self.people = [each.id for each in world.users.values() if not each.bot]
        self.rooms = [each for each in world.channels.values() if each.guild_id]
        self.results = [m for each in world.messages.values() for m in each.values() if m.files]
        self.sandbox.interactions.open = self.open  # type: ignore[method-assign]
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unhandled)

    def leave(self) -> None:
        """Hear of no errors any more."""
        logging.getLogger().removeHandler(self.errors)

    def _unhandled(self, loop: asyncio.AbstractEventLoop, said: dict[str, Any]) -> None:
        self.errors.seen.append(f"{said.get('message')} {said.get('exception')!r}")

    def open(self, kind: int, user_id: str, channel: Any, data: Any, **rest: Any) -> Interaction:
        """An interaction that is answered by whoever is given its payload."""
        all_, world = self.sandbox.interactions, self.sandbox.world
        named = {key: rest[key] for key in ("message", "parent", "name") if key in rest}
        made = Interaction(
            world.ids.next(), secrets.token_urlsafe(16), kind, user_id, channel, data,
            world.clock(), **named,
        )  # fmt: skip
        all_._by_token[made.token] = all_._by_id[made.id] = made
        return made

    def shown(self, data: Mapping[str, Any]) -> StoredMessage:
        """A message of the bot's that has the component which is used."""
        part = {"type": data["component_type"], "custom_id": data["custom_id"], "id": 2}
        part |= {"style": 2, "label": "x"} if part["type"] == 2 else {"options": []}
        row = {"type": 1, "id": 1, "components": [part]}
        message = replace(self.results[0], components=[row], id=self.sandbox.world.ids.next())
        if part["custom_id"].startswith(_PAGED):
            message = replace(message, flags=COMPONENTS_V2, content="", embeds=[], files=[])
        self.sandbox.world.messages[message.channel_id][message.id] = message
        return message

    def payload(self, made: Interaction) -> dict[str, Any]:
        """As it comes over the wire."""
        return interaction_create(made, self.sandbox.world, self.sandbox.renderer)

    async def hear(self, event: str, payload: Any, *, spared: bool = False) -> None:
        """What comes of a dispatch, to its end; `spared`, an error that has a reference is none.
        Raises Finding."""
        self.errors.spared = spared
        began, used = time.monotonic(), time.process_time()
        try:
            self.bot._connection.parsers[event](payload)
        except Exception as error:
            raise Finding(f"{event} raised {error!r}") from error
        while busy := self._busy():
            _, late = await asyncio.wait(busy, timeout=1.0)
            if late and (spared or self._is_answered(payload)):
                break  # pages of samples go on until these are drawn, which is never here
            if time.monotonic() - began > PATIENCE_S:
                raise Finding(f"{event} is not over after {PATIENCE_S} s: {busy}")
        await self.end(event)
        if (took := time.process_time() - used) > SLOWEST_S:
            raise Finding(f"{event} took {took:.1f} s of the processor")
        await asyncio.sleep(0)
        if self.errors.seen:
            seen, self.errors.seen = self.errors.seen, []
            raise Finding(f"{event} was an error: {seen}")

    async def end(self, event: str) -> None:
        """End everything that goes on still. Raises Finding where that does not end."""
        left = self._busy()
        for task in left:
            task.cancel()
        _, late = await asyncio.wait(left, timeout=PATIENCE_S) if left else (left, ())
        if late:
            raise Finding(f"{event} goes on though it was cancelled: {late}")

    def _is_answered(self, payload: Any) -> bool:
        number = payload.get("id") if isinstance(payload, dict) else None
        made = self.sandbox.interactions.get(number) if isinstance(number, str) else None
        return made is not None and made.callback is not None

    def _busy(self) -> list[asyncio.Task[Any]]:
        return [each for each in asyncio.all_tasks() if each.get_name().startswith(_OURS)]

    def judge(self, made: Interaction, *, must: bool = True, spared: bool = False) -> str:
        """What was answered. Raises Finding where nobody did, or not well, and forgets it all."""
        said = told(made)
        self.forget(made)
        if made.callback is None and must:
            raise Finding("it was not answered")
        if WRONG in said and not spared:
            raise Finding(f"it was answered by: {said}")
        return said

    def forget(self, made: Interaction) -> None:
        """Nothing of it stays."""
        all_, world = self.sandbox.interactions, self.sandbox.world
        all_._by_token.pop(made.token, None)
        all_._by_id.pop(made.id, None)
        for each in (made.original, made.message, *made.replies):
            if each is not None and each not in self.results:
                world.messages.get(each.channel_id, {}).pop(each.id, None)


def told(made: Interaction) -> str:
    """All words of its answers."""
    parts: list[Any] = [made.callback or {}]
    for each in (made.original, *made.replies):
        if each is not None:
            parts.append([each.content, each.embeds, each.components])
    return json.dumps(parts, ensure_ascii=False, default=str)


async def _fetch(self: Fetcher, link: str) -> bytes:
    """Every second picture is there."""
    if len(link) % 2:
        raise InvalidLink("The picture cannot be had.")
    return PICTURE


@contextlib.asynccontextmanager
async def indoors(
    folder: Path, ready: Callable[[Indoors], Awaitable[object]]
) -> AsyncIterator[Indoors]:
    """A bot that has drawn a little; once it is `ready` it draws no more, and what is asked for
    waits."""
    executor = FakeExecutor(automatic=True)
    executor.on_ask = _unsaid
    sandbox = Sandbox(port=0, rate_limits=False)
    with mock.patch.object(Fetcher, "fetch", _fetch), unplugged(sandbox) as unplug:
        async with sandbox:
            settings = settings_for(
                sandbox, folder, waiting_limit=3, queue_limit=60, credits=10**6, dm_credits=10**6,
                operators=(int(PEOPLE[0][0]),),
            )  # fmt: skip
            async with running(sandbox, settings, executor, errands=InProcess()) as easel:
                await furnish(easel)
                unplug()
                house = Indoors(easel, executor.order)
                try:
                    await house.end("what furnished it")  # samples may still be waited for
                    await ready(house)
                    executor.automatic = False
                    yield house
                finally:
                    house.leave()


async def _unsaid(question: Question) -> Answer:
    raise RenderFailed("bad_input", "The picture says nothing.")


async def furnish(easel: Easel) -> None:
    """A few results, so that there is something to press."""
    mia = Scene(easel.sandbox, "Mia")
    grid = await mia.imagine("a fox")
    await mia.press(grid, "U1")
    await mia.imagine("a hare --ar 3:2")
    await (await mia.slash("styles")).ack()
    await easel.settled()
