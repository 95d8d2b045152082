"""`python -m bot …` as a person types it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import psutil
import pytest

from bot.__main__ import main
from bot.commands.check import check
from bot.commands.run import run
from bot.engine.local import LocalExecutor
from bot.environment import Environment
from bot.ops.lock import lock_folder
from bot.sandbox import Sandbox
from tests.kit.easel import SharedExecutor, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.process import ROOT

PATIENCE_S = 100.0


async def easel(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments,
        cwd=ROOT, env=inherited | environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_run_without_a_token_says_so(tmp_path: Path) -> None:
    status, _, err = await easel("run", DISCORD_TOKEN="", DATA_DIR=str(tmp_path))
    assert status == 2
    assert "\nDISCORD_TOKEN is not set." in err
    assert "easel sandbox" in err
    assert "Traceback" not in err


async def test_a_misspelt_setting_is_said_at_the_start(tmp_path: Path) -> None:
    status, _, err = await easel("run", DISCORD_BOT_TOKEN="hush", DATA_DIR=str(tmp_path))
    assert status == 2
    assert "DISCORD_BOT_TOKEN in the environment is no setting of Easel" in err
    assert "did you mean DISCORD_TOKEN?" in err
    assert "hush" not in err


async def test_a_taken_health_port_is_said(sandbox: Sandbox, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        status, _, err = await easel(
            "run",
            DISCORD_TOKEN=sandbox.token,
            DISCORD_API_URL=sandbox.api_url,
            DATA_DIR=str(tmp_path),
            HEALTH_PORT=str(port),
        )
    assert status == 2
    assert f"HEALTH_PORT {port} cannot be opened (Address already in use)" in err
    assert "Traceback" not in err


async def test_healthz_of_a_running_bot_names_what_it_keeps_up(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings, stop = settings_for(sandbox, tmp_path, health_port=port), asyncio.Event()
    serving = asyncio.create_task(run(settings, stop, FakeExecutor()))
    await sandbox.bot_ready()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        tasks = (await answer.json())["tasks"]
    stop.set()
    assert await serving == 0
    assert {name: tasks.get(name) for name in ("dispatcher", "pump")} == {
        "dispatcher": "running", "pump": "running",
    }  # fmt: skip


async def test_an_unknown_extension_is_said(sandbox: Sandbox, tmp_path: Path) -> None:
    status, _, err = await easel(
        "run",
        DISCORD_TOKEN=sandbox.token,
        DISCORD_API_URL=sandbox.api_url,
        DATA_DIR=str(tmp_path),
        EXTENSIONS="cogs.imagin",
    )
    assert status == 2
    assert "EXTENSIONS" in err
    assert "'cogs.imagin' could not be loaded" in err
    assert "Leave the setting out" in err
    assert "Traceback" not in err


async def test_run_with_a_wrong_token_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    status, _, err = await easel(
        "run",
        DISCORD_TOKEN="not-the-token",
        DISCORD_API_URL=sandbox.api_url,
        DATA_DIR=str(tmp_path),
    )
    assert status == 2
    assert "Discord refuses DISCORD_TOKEN" in err
    assert "not-the-token" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--fast"], "unrecognised arguments: --fast"),
        (["--fast"], "unrecognised arguments: --fast"),
        (["sandbox", "--port", "many"], "invalid int value: 'many'"),
        (["paint"], "invalid choice: 'paint'"),
        (["render"], "the following arguments are required: prompt"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_windows_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(["run"]) == 1
    assert "WSL2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("CREDITS", "many", "CREDITS is 'many'"),
        ("DISCORD_API_URL", "nonsense", "DISCORD_API_URL is 'nonsense'"),
        ("PROGRESS_SECONDS", "0", "PROGRESS_SECONDS is '0'"),
    ],
)
def test_wrong_settings(
    setting: str,
    value: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(setting, value)
    assert main(["run"]) == 2
    assert words in capsys.readouterr().err


async def test_a_reader_that_has_enough_of_a_list_is_no_trouble(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "models",
        cwd=ROOT, env=os.environ | {"MODELS_DIR": str(tmp_path)},
        stdin=asyncio.subprocess.DEVNULL, stdout=writer, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0
    assert b"BrokenPipe" not in err


async def test_render_refuses_a_wrong_prompt_in_a_sentence(tmp_path: Path) -> None:
    status, out, err = await easel("render", "a fox", "--arr", "3:2", "--out", str(tmp_path))
    assert status == 2
    assert "did you mean `--ar`?" in err
    assert "Traceback" not in err
    assert out == ""
    assert os.listdir(tmp_path) == []


def test_options_that_do_not_go_together_are_wrong_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "--steps", "5"]) == 2
    assert capsys.readouterr().err.startswith("`--steps` is for one model")


def _interruptible() -> None:
    """A shell that runs the tests behind it has them, and all that they start, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def test_an_interrupted_command_ends_quietly(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "render", "a fox", "--out", str(tmp_path),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, preexec_fn=_interruptible,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    while not (workers := await asyncio.to_thread(psutil.Process(process.pid).children)):
        """It is still starting."""
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert out == b""
    assert not workers[0].is_running()


async def test_check_says_what_is_wrong_and_the_remedy(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "easel.sqlite3").write_bytes(b"this is no database at all" * 100)
    status, out, err = await easel(
        "check",
        DISCORD_TOKEN="not-the-token",
        DISCORD_API_URL=sandbox.api_url,
        DATA_DIR=str(tmp_path),
        MODEL=str(tmp_path / "nowhere"),
    )
    assert status == 1
    lines = {line.split()[1]: line for line in out.splitlines()}
    assert lines["settings"].startswith("ok ")
    assert lines["data"].startswith(("ok ", "note"))
    assert lines["database"].startswith("FAIL")
    assert "cannot be read" in lines["database"]
    assert lines["token"].startswith("FAIL")
    assert "copy it anew" in lines["token"]
    assert lines["model"].startswith("FAIL")
    assert "nowhere" in lines["model"]
    assert "Traceback" not in out + err
    assert "not-the-token" not in out + err


async def test_check_of_a_good_installation(
    sandbox: Sandbox,
    tmp_path: Path,
    diffusion_worker: LocalExecutor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        "bot.commands.check.local_executor", lambda *_: SharedExecutor(diffusion_worker)
    )
    surroundings = Environment({"DATA_DIR": "x"}, {"MODLE": "y"})
    assert await check(settings_for(sandbox, tmp_path), surroundings) == 0
    out = capsys.readouterr().out
    assert "FAIL" not in out
    assert "database  made at the first start" in out
    assert "it is Easel's" in out
    assert "ok    settings  DATA_DIR from .env" in out
    assert "note  settings  MODLE in the environment is no setting of Easel" in out
    assert "Easel embedded on cpu" in out
    assert "drew a test picture of 64×64" in out


async def test_two_bots_do_not_share_a_data_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        status, _, err = await easel(
            "run",
            DISCORD_TOKEN=sandbox.token,
            DISCORD_API_URL=sandbox.api_url,
            DATA_DIR=str(tmp_path),
        )
    assert status == 2
    assert "Another Easel uses DATA_DIR" in err
