"""A worker that is killed ends `check` and `render` in a sentence, by real processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.commands.check import check
from bot.commands.render import render
from bot.commands.subject import Order
from bot.domain.errors import EaselError
from bot.engine.blame import Retry
from bot.engine.local import LocalExecutor
from bot.environment import Environment
from bot.settings import Settings

LOADING = ("tests.engine.fakes:heavy", "killed by signal 9 while loading Heavy")
STARTING = ("tests.engine.fakes:killed", "cannot start: its process was killed by signal 9")
EACH = pytest.mark.parametrize(("engine", "words"), [LOADING, STARTING])


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> Settings:
    """Settings whose worker is killed, as the kernel does when memory runs out."""

    def make(*_: object) -> LocalExecutor:
        options = {"loads": str(tmp_path / "loads")}
        return LocalExecutor(["gpu"], engine, options, retry=Retry(backoff=0.01))

    for command in ("check", "render"):
        monkeypatch.setattr(f"bot.commands.{command}.local_executor", make)
    return Settings(data_dir=tmp_path / "data", model="heavy")


@EACH
async def test_check_says_that_the_worker_dies(
    dying: Settings, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await check(dying, Environment({}, {})) == 1
    lines = capsys.readouterr().out.splitlines()
    [said] = [line for line in lines if line.startswith("FAIL  model")]
    assert words in said
    assert "too little memory" in said


@EACH
async def test_render_says_that_the_worker_dies(
    dying: Settings, words: str, tmp_path: Path
) -> None:
    with pytest.raises(EaselError, match=words):
        await render(dying, Order("a red fox", out=tmp_path / "out"))
    assert "out" not in os.listdir(tmp_path)
