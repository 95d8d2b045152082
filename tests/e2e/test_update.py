"""A new version takes over while people go on clicking: each click is answered, or Discord itself
says that it was not, and no job is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.chat.door import Door
from bot.domain.errors import Draining
from bot.sandbox import Invocation, NotResponding, Sandbox
from tests.kit import books
from tests.kit.easel import Easel, Gate
from tests.kit.messages import text_of
from tests.kit.process import PATIENCE_S, BotProcess
from tests.kit.scene import Scene

RESTARTING = "I am restarting; nothing was charged."
ACCEPTED = "SELECT COUNT(*) AS count FROM jobs"
OPEN = (
    "SELECT id FROM jobs WHERE state IN ('waiting', 'running')"
    " UNION ALL SELECT job_id FROM deliveries WHERE kind = 'result' AND message_id = 0"
)


class Clicker:
    """A person who asks again as soon as they know what came of it."""

    def __init__(self, scene: Scene, command: str, **options: str) -> None:
        self.scene = scene
        self.answers: list[str] = []
        self.failed = 0
        self._command = command
        self._options = options
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`, and once more after it."""
        while not self._over.is_set():
            await self._ask()
        await self._ask()

    def stop(self) -> None:
        self._over.set()

    async def _ask(self) -> None:
        asked = await self.scene.slash(self._command, **self._options)
        try:
            await asked.ack()
        except NotResponding:
            self.failed += 1
            gateway = self.scene.sandbox.gateway
            await self.scene.sandbox.wait_for(lambda: gateway.online, PATIENCE_S)
        else:
            self.answers.append(_said(asked))


def _said(asked: Invocation) -> str:
    return text_of(asked.replies[0]) if asked.replies else ""


async def test_no_click_and_no_job_is_lost_over_a_restart(
    sandbox: Sandbox, tmp_path: Path, own_gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITS", "1000")
    monkeypatch.setenv("CLICKS_PER_MINUTE", "0")
    monkeypatch.setenv("WAITING_LIMIT", "1000")
    own_gate.open()
    bot = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(own_gate.path)])
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    clickers = [
        Clicker(mia, "imagine", prompt="a fox"),
        Clicker(noah, "imagine", prompt="an owl", channel="lobby"),
        Clicker(mia, "info", channel="gallery"),
    ]
    try:
        await bot.start()
        running = [asyncio.create_task(each.run()) for each in clickers]
        await sandbox.wait_for(lambda: len(mia.results()) > 1)
        assert await bot.terminate() == 0
        await bot.start()
        for each in clickers:
            each.stop()
        await asyncio.gather(*running)
        while await asyncio.to_thread(books.rows, bot.data, OPEN):
            await books.rest()
        [row] = books.rows(bot.data, ACCEPTED)
        shown = len(mia.results()) + len(noah.results("lobby"))
        assert await bot.terminate() == 0
    finally:
        await bot.close()
    assert books.states(bot.data) == ["succeeded"] * row["count"]
    assert row["count"] == shown == books.spent(bot.data)
    # Whoever was not told by the bot that it restarts was told by Discord that it did not answer.
    assert all(each.answers for each in clickers)
    accepted = [text for each in clickers[:2] for text in each.answers if RESTARTING not in text]
    assert len(accepted) <= shown
    assert "Traceback" not in bot.log


async def test_what_is_asked_while_the_bot_closes_is_answered(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox")
    closing = asyncio.create_task(easel.bot.door.close())
    assert RESTARTING in await mia.refused(await mia.slash("imagine", prompt="a cat"))
    assert RESTARTING in await mia.refused(await mia.click(grid, "V1"))
    assert await mia.person.autocomplete("imagine", focused="prompt", prompt="") == []
    await closing
    assert len(mia.results()) == 1


async def test_who_is_inside_is_answered_before_the_bot_closes() -> None:
    door, go = Door(), asyncio.Event()
    inside = asyncio.create_task(_wait(go))
    door.see(inside)
    closing = asyncio.create_task(door.close())
    await asyncio.wait({closing}, timeout=0)
    with pytest.raises(Draining):
        door.enter(1)
    assert not closing.done()
    go.set()
    await closing
    assert inside.done()


async def test_nobody_holds_the_bot_up_for_longer_than_discord_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.chat.door.CLOSING_S", 0.01)
    door = Door()
    inside = asyncio.create_task(_wait(asyncio.Event()))
    door.see(inside)
    await door.close()
    assert not inside.done()
    inside.cancel()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
