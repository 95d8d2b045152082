"""Places where the bot may not post although Discord says that it has the permissions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import NotResponding, Sandbox
from tests.kit import books
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.scene import Scene


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Easel]:
    executor = FakeExecutor(1, automatic=True)
    async with running(sandbox, settings_for(sandbox, tmp_path), executor) as one:
        yield one


async def refused(easel: Easel, mia: Scene, channel: str) -> str:
    said = await mia.refused(await mia.slash("imagine", prompt="a fox", channel=channel))
    assert books.states(easel.settings.data_dir) == []
    return said


async def test_a_server_that_has_only_the_commands(easel: Easel, mia: Scene) -> None:
    easel.sandbox.world.add_guild("Elsewhere", members=("Mia",), bot=False)
    said = await refused(easel, mia, "elsewhere")
    assert "with commands only" in said
    assert "the scope `bot`" in said


async def test_a_private_thread_without_the_bot(easel: Easel, mia: Scene) -> None:
    threads = easel.sandbox.world.threads
    thread = threads.add("imagine", "secret", private=True, members=("Mia",))
    assert "mention me here" in await refused(easel, mia, thread.id)
    threads.invite(thread, "Easel")
    grid = await mia.imagine("a fox", channel=thread.id)
    assert grid["channel_id"] == thread.id


async def test_a_locked_thread(easel: Easel, mia: Scene) -> None:
    ada = Scene(easel.sandbox, "Ada")  # an admin may still speak there
    threads = easel.sandbox.world.threads
    thread = threads.add("imagine", "foxes", members=("Ada",))
    grid = await ada.imagine("a fox", channel=thread.id)
    threads.lock(thread)
    press = await ada.slash("imagine", prompt="a hare", channel=thread.id)
    with pytest.raises(NotResponding):  # answers by token are refused there too
        await press.ack()
    assert books.states(easel.settings.data_dir) == ["succeeded"]
    threads.reopen(thread)
    await ada.press(grid, "V1")
