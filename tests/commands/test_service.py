"""`easel service unit`: what it says, and what systemd makes of it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.domain.errors import EaselError
from bot.ops.unit import unit_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def unit(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["service", "unit"]) == 0
    return capsys.readouterr().out


def parsed(text: str) -> RawConfigParser:
    found = RawConfigParser(strict=True)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read_string(text)
    return found


def test_it_runs_this_program_here_as_who_asks(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = parsed(unit(capsys))["Service"]
    program, command = service["ExecStart"].split()
    assert (Path(program).name, command) == ("easel", "run")
    assert service["WorkingDirectory"] == str(folder)
    assert service["User"] == pwd.getpwuid(os.getuid()).pw_name
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("always", "2")
    assert service["ExecReload"].endswith("kill -HUP $MAINPID")


def test_it_may_write_where_the_settings_say_and_nowhere_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"DATA_DIR": "books", "BACKUP_DIR": "/srv/far", "MODEL_CACHE": "cache",
                        "LOG_FILE": "/var/log/easel/log"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    service = parsed(unit(capsys))["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"].split() == [
        f"-{path}"
        for path in (folder, folder / "books", folder / "models", folder / "cache", "/srv/far",
                     "/var/log/easel")
    ]  # fmt: skip


def test_a_home_is_open_where_something_of_it_is_there() -> None:
    far = unit_text(Path("/opt/easel/bin/easel"), "easel", Path("/srv/easel"), [])
    assert parsed(far)["Service"]["ProtectHome"] == "yes"
    here = unit_text(Path("/home/mia/.venv/bin/easel"), "mia", Path("/srv/easel"), [])
    assert parsed(here)["Service"]["ProtectHome"] == "read-only"


@pytest.mark.parametrize("path", ["/srv/my bot", "/srv/50%", "/srv/$HOME", "srv"])
def test_a_path_that_systemd_would_misread_is_a_sentence(path: str) -> None:
    with pytest.raises(EaselError, match="cannot stand in a unit of systemd"):
        unit_text(Path("/opt/easel"), "easel", Path(path), [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_wrong(folder: Path) -> None:
    program = folder / "easel"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    file = folder / "easel.service"
    file.write_text(unit_text(program, "root", folder, [folder / "data"]))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = [line for line in ended.stderr.splitlines() if "easel.service" in line]
    assert (said, ended.returncode) == ([], 0)
