"""SIGHUP has a real bot read its settings again while it serves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.sandbox import Sandbox
from tests.kit.process import ROOT
from tests.kit.scene import Scene


async def test_a_signal_has_a_running_bot_read_its_file(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CREDITS=5\n")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "DISCORD_TOKEN": sandbox.token,
        "DISCORD_API_URL": sandbox.api_url,
        "SAFETY_MODEL": "off",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kit.launcher", str(tmp_path / "gate"),
        env=environment, cwd=tmp_path, stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        await sandbox.bot_ready(30)
        (tmp_path / ".env").write_text("CREDITS=1\nDEVICE=cpu\n")
        process.send_signal(signal.SIGHUP)
        said = ""
        async with asyncio.timeout(30):
            while "settings read again" not in said:
                said = (await process.stderr.readline()).decode()
        assert "CREDITS changed; DEVICE changes at the next start" in said
        mia = Scene(sandbox, "Mia")
        await mia.imagine("a fox")
        assert "your 1 a day" in await mia.refused(await mia.slash("imagine", prompt="a cat"))
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0
