"""A bot with any one of its features delivers, answers and recovers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.extensions import modules_of
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit.easel import Gate, running, settings_for
from tests.kit.scene import Scene

ALL = (
    "cogs.imagine", "cogs.results", "cogs.show", "cogs.history", "cogs.gallery", "cogs.info",
    "cogs.settings", "cogs.prefer", "cogs.quota", "cogs.speed", "cogs.styles", "cogs.shorten",
    "cogs.describe", "cogs.menus", "cogs.privacy", "cogs.reports", "cogs.overview",
    "cogs.operator", "cogs.moderation", "cogs.appeals", "cogs.help",
)  # fmt: skip
NEW = (
    "cogs.history", "cogs.gallery", "cogs.settings", "cogs.prefer", "cogs.speed", "cogs.styles",
    "cogs.shorten", "cogs.describe", "cogs.menus", "cogs.privacy", "cogs.reports",
    "cogs.overview", "cogs.operator", "cogs.moderation", "cogs.appeals",
)  # fmt: skip
OLD = tuple(name for name in ALL if name not in NEW)


# What has buttons alone is no case: the sandbox waits for a first command.
@pytest.mark.parametrize(
    "only", [name for name in ALL if name not in ("cogs.results", "cogs.appeals")]
)
async def test_any_one_extension_is_enough(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate, only: str
) -> None:
    mia = Scene(sandbox, "Mia")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await mia.until_drawing()
    gate.open()
    async with running(sandbox, settings_for(sandbox, tmp_path, extensions=(only,)), quick) as one:
        grid = await mia.new_result(set())
        known = "cogs.results" in one.bot.extensions
        press = await mia.click(grid, "V1")
        if known:
            await press.ack()
            await mia.new_result({grid["id"]})
        else:
            assert "switched off" in await mia.refused(press)


@pytest.mark.parametrize(
    ("listed", "modules"),
    [
        (ALL, ALL),
        (("cogs.imagine", "cogs.account", "cogs.admin", "cogs.help"), OLD),
        (("cogs.imagine",), ("cogs.imagine", "cogs.results", "cogs.show")),
        (("cogs.help", "mine.own"), ("cogs.help", "mine.own")),
    ],
)
def test_names_of_earlier_versions_are_understood(
    listed: tuple[str, ...], modules: tuple[str, ...]
) -> None:
    assert modules_of(listed) == modules
