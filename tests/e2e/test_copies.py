"""Two copies of the bot on one token, each a process with its own data: one answers and draws, the
other notices and charges nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.easel import Gate
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

PATIENCE_S = 30.0


@pytest.fixture
async def copies(
    sandbox: Sandbox, tmp_path: Path, own_gate: Gate
) -> AsyncIterator[tuple[BotProcess, BotProcess]]:
    command = ["tests.kit.launcher", str(own_gate.path)]
    one, two = (BotProcess(sandbox, tmp_path / name, command) for name in ("one", "two"))
    await asyncio.gather(one.start(), two.start())
    await sandbox.wait_for(lambda: sandbox.gateway.identified == 2)
    yield one, two
    await asyncio.gather(one.close(), two.close())


async def until_one_gave_way(copies: tuple[BotProcess, BotProcess]) -> tuple[Path, Path]:
    """The folders of the copy that draws and of the one that withdrew."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            states = [await asyncio.to_thread(state_of, each.data) for each in copies]
            if sorted(states) == ["cancelled", "running"]:
                drawing = states.index("running")
                return copies[drawing].data, copies[1 - drawing].data


def state_of(folder: Path) -> str:
    states = books.states(folder)
    assert len(states) <= 1
    return states[0] if states else ""


async def test_two_copies_on_one_token_draw_and_charge_once(
    sandbox: Sandbox, copies: tuple[BotProcess, BotProcess], own_gate: Gate
) -> None:
    mia = Scene(sandbox, "Mia")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    drawing, gave_way = await until_one_gave_way(copies)
    assert books.open_holds(gave_way) == 0
    own_gate.open()
    await mia.new_result(set())
    assert len(mia.results()) == 1
    assert (books.spent(drawing), books.spent(gave_way)) == (1, 0)
    [log] = [each.log for each in copies if each.data == gave_way]
    assert "another process uses this token" in log
