"""`kill -9` of a real bot in the middle of its work leaves nothing that has to be mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.__main__ import main
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.easel import Gate
from tests.kit.process import BotProcess
from tests.kit.scene import Scene


async def test_a_bot_that_was_killed_leaves_a_house_that_is_well(
    sandbox: Sandbox, tmp_path: Path, own_gate: Gate, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    bot = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(own_gate.path)])
    try:
        await bot.start()
        await mia.imagine("a fox")
        await (await noah.slash("imagine", prompt="a slow boat", channel="lobby")).ack()
        await sandbox.wait_for(
            lambda: any("(33%)" in one["content"] for one in noah.notices("lobby"))
        )
        held = sandbox.faults.hold("POST", r"^/channels/\d+/messages$")
        await (await mia.slash("imagine", prompt="a cat")).ack()
        assert main(["doctor"]) == 0  # beside it
        await bot.kill()
        held.drop()
        sandbox.faults.clear()
        assert main(["doctor"]) == 0
        assert main(["doctor", "--mend"]) == 0
        own_gate.open()
        await bot.start()
        await noah.new_result(set(), "lobby")
        await sandbox.wait_for(lambda: len(mia.results()) == 2)
        assert await bot.terminate() == 0
    finally:
        await bot.close()
    assert main(["doctor"]) == 0
    assert main(["ledger", "verify"]) == 0
    assert books.states(tmp_path / "data") == ["succeeded"] * 3
    assert "found" not in capsys.readouterr().out
