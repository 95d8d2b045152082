"""What a whole bot writes into its log while people use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.kit.process import BotProcess
from tests.kit.scene import Scene


async def test_no_token_is_ever_logged(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    mia = Scene(sandbox, "Mia")
    bot = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(tmp_path / "gate")])
    try:
        await bot.start()
        sandbox.faults.fail("POST", "^/webhooks/", status=0)
        sandbox.faults.fail("PATCH", "^/webhooks/", status=500)
        asked = await mia.slash("imagine", prompt="a red fox")
        grid = await mia.new_result(set())
        upscale = await mia.click(grid, "U1")
        await mia.new_result({grid["id"]})
        info = await mia.slash("info")
        await info.ack()
        assert await bot.terminate() == 0
    finally:
        await bot.close()
    for place in ("'INTERACTION_CREATE'", "/[token]/callback", "'token': '[token]'"):
        assert place in bot.log  # where tokens stood
    for used in (asked, upscale, info):
        assert used.token not in bot.log
    assert sandbox.token not in bot.log
