"""`kill -9` on every road that makes pictures of pictures: one end, one message, right credits.

All roads at once where that is quick; each by itself, at each moment, in `make test-all`.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.sandbox import Invocation, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Gate
from tests.kit.messages import Message
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

POST = r"^/channels/\d+/messages$"
BEFORE, AFTER = "while it is delivered", "after it was delivered, before that is known"
WAITING, DRAWING = "while it waits", "while it is drawn"
DRAWN = 2
"""Grids that a stage has before anything is pressed."""


class Stage:
    """Somebody's grid, a picture of it, one of a variation of it, and a form for other words."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.mia = Scene(sandbox, "Mia")

    async def set(self) -> None:
        self.grid = await self.mia.imagine("a slow fox --ar 3:2")
        self.single = await self.mia.press(self.grid, "U1")
        self.varied = await self.mia.press(await self.mia.press(self.grid, "V1"), "U2")
        await (await self.mia.slash("prefer remix")).ack()
        self.form = await self.mia.click(self.grid, "V3")
        await self.form.ack()
        await (await self.mia.slash("prefer remix")).ack()
        self.known = {each["id"] for each in self.mia.results()}

    def presses(self, button: str) -> Awaitable[Invocation]:
        return self.mia.click(self.single, button)

    def redoes(self) -> Awaitable[Invocation]:
        return self.mia.click(self.varied, "Redo")

    def remixes(self) -> Awaitable[Invocation]:
        return self.mia.person.submit(self.form, {"prompt": "a slow owl"})

    async def blends(self) -> Invocation:
        made = io.BytesIO()
        Image.new("RGB", (32, 32), "teal").save(made, "PNG")
        files = [
            (await self.mia.person.upload(name, made.getvalue(), "image/png"))["id"]
            for name in ("one.png", "two.png")
        ]
        return await self.mia.slash("blend", image1=files[0], image2=files[1])

    def fresh(self) -> list[Message]:
        return [each for each in self.mia.results() if each["id"] not in self.known]


Road = Callable[[Stage], Awaitable[Invocation]]
ROADS: dict[str, Road] = {
    "vary subtle": lambda stage: stage.presses("Vary (Subtle)"),
    "vary strong": lambda stage: stage.presses("Vary (Strong)"),
    "zoom": lambda stage: stage.presses("Zoom Out 2×"),
    "pan": lambda stage: stage.presses("➡️"),
    "square": lambda stage: stage.presses("Make Square"),
    "redo": Stage.redoes,
    "remix": Stage.remixes,
    "blend": Stage.blends,
}


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path, own_gate: Gate) -> AsyncIterator[BotProcess]:
    own_gate.open()
    command = ["tests.kit.launcher", str(own_gate.path)]
    process = BotProcess(sandbox, tmp_path / "data", command)
    await process.start()
    yield process
    await process.close()


@pytest.fixture
async def stage(sandbox: Sandbox, bot: BotProcess) -> Stage:
    one = Stage(sandbox)
    await one.set()
    return one


async def all_is_well(bot: BotProcess, stage: Stage, roads: int) -> None:
    """Each road has its pictures, once; the books are right, and nothing is left to be done."""
    await stage.mia.sandbox.wait_for(
        lambda: len(stage.fresh()) == roads and not stage.mia.notices(), 60
    )
    open_rows = "SELECT 1 FROM deliveries WHERE message_id = 0 OR kind = 'end'"
    while await asyncio.to_thread(books.rows, bot.data, open_rows):
        await books.rest()
    assert len(stage.fresh()) == roads
    assert set(books.states(bot.data)) == {"succeeded"}
    assert (books.spent(bot.data), books.open_holds(bot.data)) == (DRAWN + roads, 0)
    strikes = books.rows(bot.data, "SELECT SUM(strikes) AS n FROM jobs")
    assert strikes[0]["n"] == 0


async def under_way(bot: BotProcess, count: int) -> None:
    """So many jobs are waiting or being drawn, and the database knows their messages."""
    sql = "SELECT 1 FROM jobs WHERE state IN ('waiting', 'running') AND notice_id <> 0"
    while len(await asyncio.to_thread(books.rows, bot.data, sql)) < count:
        await books.rest()


async def test_killed_with_all_roads_under_way(
    bot: BotProcess, stage: Stage, own_gate: Gate
) -> None:
    """One is drawn and the others wait; then, of the next run, one is being delivered."""
    own_gate.close()
    for road in ROADS.values():
        await (await road(stage)).ack()
    await under_way(bot, len(ROADS))
    await stage.mia.until_drawing()
    await bot.kill()
    assert stage.fresh() == []
    held = stage.mia.sandbox.faults.hold("POST", POST, after_effect=True)
    own_gate.open()
    await bot.start()
    await held.arrived
    await bot.kill()
    held.drop()
    stage.mia.sandbox.faults.clear()
    await bot.start()
    await all_is_well(bot, stage, len(ROADS))
    [single] = [each for each in stage.mia.results() if each["id"] == stage.single["id"]]
    used = {"Vary (Subtle)", "Vary (Strong)", "Zoom Out 2×", "➡️", "Make Square"}
    assert messages.used(single) == used
    sources = {
        tuple(source["tile"])
        for each in stage.fresh()
        for source in messages.recipe(stage.mia.sandbox, each)["inputs"]
        if source["tile"]
    }
    assert (messages.job_of(stage.single), 1) in sources
    assert (messages.job_of(stage.grid), 3) in sources


@pytest.mark.slow
@pytest.mark.parametrize("moment", [WAITING, DRAWING, BEFORE, AFTER])
@pytest.mark.parametrize("road", ROADS)
async def test_killed_on_one_road(
    bot: BotProcess, stage: Stage, own_gate: Gate, road: str, moment: str
) -> None:
    sandbox, before = stage.mia.sandbox, 0
    if moment in (WAITING, DRAWING):
        own_gate.close()
        if moment == WAITING:
            await (await Scene(sandbox, "Noah").slash("imagine", prompt="a slow boat")).ack()
            await stage.mia.until_drawing()
            before = 1
        await (await ROADS[road](stage)).ack()
        await under_way(bot, before + 1)
        await stage.mia.until_drawing()
        await bot.kill()
        states = books.states(bot.data)[-1 - before :]
        assert states == (["running", "waiting"] if before else ["running"])
        own_gate.open()
    else:
        held = sandbox.faults.hold("POST", POST, after_effect=moment == AFTER)
        await (await ROADS[road](stage)).ack()
        await held.arrived
        await bot.kill()
        held.drop()
        sandbox.faults.clear()
        assert len(stage.fresh()) == (moment == AFTER)
    await bot.start()
    await all_is_well(bot, stage, before + 1)
