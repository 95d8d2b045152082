"""Copies of the database elsewhere, pictures elsewhere, and a machine that is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.engine.seam import Executor
from bot.ops.backup import Backups
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.easel import Gate, running, settings_for
from tests.kit.scene import Scene


async def test_another_machine_goes_on_with_the_last_copy(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    mia = Scene(sandbox, "Mia")
    far = {"pictures_dir": str(tmp_path / "far"), "backup_dir": str(tmp_path / "far" / "copies")}
    settings = settings_for(sandbox, tmp_path / "here", **far)
    async with running(sandbox, settings, quick):
        grid = await mia.imagine("a fox")
        await (await mia.slash("imagine", prompt="a slow boat")).ack()
        await sandbox.wait_for(lambda: any("%" in one["content"] for one in mia.notices()))
    assert not (tmp_path / "here" / "images").exists()
    shutil.rmtree(tmp_path / "here")
    gate.open()
    there = tmp_path / "there" / "easel.sqlite3"
    assert Backups(tmp_path / "far" / "copies").restore(there).done
    async with running(sandbox, settings_for(sandbox, there.parent, **far), quick):
        boat = await mia.new_result({grid["id"]})
        await mia.press(grid, "U1")
    assert [each["id"] for each in mia.results()][:2] == [grid["id"], boat["id"]]
    assert books.states(there.parent)[:2] == ["succeeded", "succeeded"]
    assert books.spent(there.parent) == 2
