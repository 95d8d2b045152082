"""The secrets of the settings are nowhere: not in the log, not in what people see, not in what is
kept, not in what commands print; and nobody from outside can ask."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bot.__main__ import main
from bot.sandbox import Sandbox
from tests.kit.process import ROOT, BotProcess
from tests.kit.scene import Scene

HUB = "hf_ThisIsTheTokenOfTheHubThatNobodyMayEverSee"
COMMANDS = (
    ["--help"], ["check"], ["health"], ["doctor"], ["ledger", "verify"], ["service", "unit"],
    ["backup", "--list"], ["models"],
)  # fmt: skip
LOOPBACK = ("127.0.0.1", "::1")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def printed(capsys: pytest.CaptureFixture[str], command: list[str]) -> bytes:
    """By a command of a person, who has the same settings."""
    with contextlib.suppress(SystemExit):  # after --help
        main(command)
    said = "".join(capsys.readouterr())
    assert said
    assert "Traceback" not in said
    return said.encode()


def bound(process: psutil.Process) -> set[str]:
    """Addresses at which a process and its children can be reached."""
    everybody = [process, *process.children(recursive=True)]
    return {
        one.laddr.ip
        for each in everybody
        for one in each.net_connections("inet")
        if one.status == psutil.CONN_LISTEN or one.type == socket.SOCK_DGRAM
    }


def asked(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        return answer.read()


async def test_secrets_are_nowhere_and_nobody_outside_can_ask(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    port = free_port()
    given = {
        "LOG_LEVEL": "DEBUG", "HF_TOKEN": HUB, "HEALTH_PORT": str(port),
        "LOG_FILE": str(tmp_path / "logs" / "easel.log"), "BACKUP_DIR": str(tmp_path / "far"),
        "DISCORD_TOKEN": sandbox.token, "DISCORD_API_URL": sandbox.api_url,
        "DATA_DIR": str(tmp_path / "data"), "SAFETY_MODEL": "off",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    secrets = [sandbox.token.encode(), HUB.encode()]
    mia, ada = Scene(sandbox, "Mia"), Scene(sandbox, "Ada")
    bot = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(tmp_path / "gate")])
    try:
        await bot.start()
        grid = await mia.imagine("a fox")
        await mia.press(grid, "U1")
        await mia.refused(await mia.slash("imagine", prompt="a fox --ar 0:0"))
        for command in ("info", "help", "settings"):
            await (await mia.slash(command)).ack()
        await (await ada.slash("quota show")).ack()
        await bot.hang_up()
        health = await asyncio.to_thread(asked, port)
        assert bound(psutil.Process(bot.pid)) == {"127.0.0.1"}
        outs = [await asyncio.to_thread(printed, capsys, command) for command in COMMANDS]
        assert await bot.terminate() == 0
    finally:
        await bot.close()
    seen = str([person.person.messages(place) for person in (mia, ada) for place in ("imagine",)])
    shown = {
        "the log": bot.log.encode(), "answers": seen.encode(), "/healthz": health,
        **{" ".join(command): out for command, out in zip(COMMANDS, outs, strict=True)},
        **{str(path): path.read_bytes() for path in files(tmp_path)},
    }  # fmt: skip
    assert {"easel.log", "easel.sqlite3"} <= {Path(name).name for name in shown}
    assert [name for name, text in shown.items() if any(each in text for each in secrets)] == []
    assert b"settings read again" in shown["the log"]


async def test_only_this_machine_reaches_the_sandbox(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox", "--port", "0",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert b"sandbox ready" in await process.stdout.readline()
        found = bound(psutil.Process(process.pid))
        assert found
        assert found <= set(LOOPBACK)
    finally:
        process.terminate()
        await process.wait()
