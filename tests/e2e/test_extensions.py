"""A bot with any one of its features delivers, answers and recovers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.client import modules_of
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.e2e import scene
from tests.e2e.conftest import Gate, running, settings_for

ALL = ("cogs.imagine", "cogs.results", "cogs.info", "cogs.quota", "cogs.help")


@pytest.mark.parametrize("only", ALL)
async def test_any_one_extension_is_enough(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate, only: str
) -> None:
    mia = sandbox.person("Mia")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await scene.until_drawing(sandbox, mia)
    gate.open()
    async with running(sandbox, settings_for(sandbox, tmp_path, extensions=(only,)), quick) as one:
        grid = await scene.new_result(sandbox, mia, set())
        known = "cogs.results" in one.bot.extensions
        press = await mia.click(grid, "V1")
        if known:
            await press.ack()
            await scene.new_result(sandbox, mia, {grid["id"]})
        else:
            assert "switched off" in await scene.refused(sandbox, mia, press)


@pytest.mark.parametrize(
    ("listed", "modules"),
    [
        (ALL, ALL),
        (("cogs.imagine", "cogs.account", "cogs.admin", "cogs.help"), ALL),
        (("cogs.imagine",), ("cogs.imagine", "cogs.results")),
        (("cogs.help", "mine.own"), ("cogs.help", "mine.own")),
    ],
)
def test_names_of_earlier_versions_are_understood(
    listed: tuple[str, ...], modules: tuple[str, ...]
) -> None:
    assert modules_of(listed) == modules
