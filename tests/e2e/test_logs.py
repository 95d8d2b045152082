"""What a whole bot writes into its log while people use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.kit import books
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


async def test_as_json_every_line_is_an_object_and_a_jobs_life_can_be_read_off(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    mia = Scene(sandbox, "Mia")
    bot = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(tmp_path / "gate")])
    try:
        await bot.start()
        await mia.imagine("a very secret fox")
        await (await mia.slash("imagine", prompt="a doomed secret fox")).ack()
        told = await mia.until_said("⚠️")
        assert await bot.terminate() == 0
    finally:
        await bot.close()
    lines = [json.loads(line) for line in bot.log.splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert "secret" not in bot.log
    done, failed = books.rows(tmp_path / "data", "SELECT id, reference FROM jobs ORDER BY rowid")
    life = [line for line in lines if line.get("job") == done["id"]]
    assert [line["message"].split(" ", 2)[2] for line in life] == [
        "accepted", "started", "succeeded", "delivered",
    ]  # fmt: skip
    accepted, started, succeeded, delivered = life
    assert (accepted["action"], accepted["user"]) == ("imagine", int(mia.id))
    assert (started["attempt"], succeeded["attempt"]) == (1, 1)
    assert started["worker"]
    assert str(delivered["message"]).startswith("job ")
    assert delivered["kind"] == "result"
    assert [line["time"] for line in life] == sorted(line["time"] for line in life)
    [end] = [line for line in lines if line.get("reference")]
    assert (end["job"], end["reference"]) == (failed["id"], failed["reference"])
    assert (end["level"], end["code"]) == ("ERROR", "bad_input")
    assert end["reference"] in told["content"]
