"""Where settings come from, and the slips that are noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.environment import Environment
from bot.settings import Settings


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CREDITS=5\nDISCORD_TOKEN='a.$b${HOME}'\nMODEL\n")
    given = Environment.read(tmp_path, {"CREDITS": "9"}).values()
    assert given["CREDITS"] == "9"
    assert given["DISCORD_TOKEN"] == "a.$b${HOME}"
    assert Settings.read(given).model == ""


def test_without_a_file_the_environment_is_all(tmp_path: Path) -> None:
    assert Environment.read(tmp_path, {"CREDITS": "9", "HOME": "/"}).values() == {"CREDITS": "9"}


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"MODEL=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        Environment.read(tmp_path, {})


def test_a_file_of_another_system_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfDISCORD_TOKEN=a.b.c\r\nCREDITS=5\r\n")
    surroundings = Environment.read(tmp_path, {})
    assert surroundings.values() == {"DISCORD_TOKEN": "a.b.c", "CREDITS": "5"}
    assert surroundings.notices() == []


def test_a_name_of_our_own_wins_wherever_it_stands() -> None:
    theirs = {"MODEL": "gpt", "LOG_LEVEL": "trace", "DEVICE": "tablet"}
    ours = {"EASEL_MODEL": "/models/xl", "EASEL_LOG_LEVEL": "", "DEVICE": "cpu"}
    settings = Settings.read(Environment(ours, theirs).values())
    assert settings.model == "/models/xl"
    assert settings.log_level == "INFO"
    assert settings.device == "tablet"
    assert Environment({}, {"EASEL_CREDITS": "7", "CREDITS": "x"}).values() == {"CREDITS": "7"}
    assert Environment({"EASEL_CREDITS": "7"}, {"EASEL_CREDITS": "8"}).values() == {"CREDITS": "8"}


def test_it_says_which_settings_are_given_and_where() -> None:
    surroundings = Environment({"DISCORD_TOKEN": "x", "CREDITS": "5"}, {"MODEL": "y", "PATH": "/"})
    assert surroundings.sources() == "DISCORD_TOKEN, CREDITS from .env; MODEL from the environment"
    assert Environment({}, {"PATH": "/"}).sources() == ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MODLE", "MODEL"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("BOT_TOKEN", "DISCORD_TOKEN"),
        ("HUGGINGFACE_TOKEN", "HF_TOKEN"),
        ("discord_token", "DISCORD_TOKEN"),
        ("DATADIR", "DATA_DIR"),
        ("HEALTHPORT", "HEALTH_PORT"),
        ("EASEL_MODLE", "EASEL_MODEL"),
    ],
)
def test_an_unknown_name_in_the_file_is_said_with_the_nearest_known_one(
    name: str, meant: str
) -> None:
    [said] = Environment({name: "hush"}, {}).notices()
    assert said == f"{name} in .env is no setting of Easel and has no effect; did you mean {meant}?"


def test_a_name_that_is_like_none_is_said_alone() -> None:
    [said] = Environment({"HTTPS_PROXY": "hush"}, {}).notices()
    assert said == "HTTPS_PROXY in .env is no setting of Easel and has no effect."


@pytest.mark.parametrize(
    "name",
    [
        "MODLE",
        "MODEL_STEP",
        "DISCORD_BOT_TOKEN",
        "DISCORDTOKEN",
        "EASEL_MODE",
        "CREDIT",
        "data_dir",
    ],
)
def test_a_slip_in_the_environment_is_said(name: str) -> None:
    [said] = Environment({}, {name: "x"}).notices()
    assert said.startswith(f"{name} in the environment is no setting of Easel")
    assert "did you mean" in said


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "LANG", "TERM", "MODE", "TYPE", "HF_HOME", "HF_HUB_OFFLINE"),
        *("HF_TOKEN_PATH", "GITHUB_TOKEN", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"),
        *("XDG_DATA_DIRS", "SSH_AGENT_PID", "NVIDIA_VISIBLE_DEVICES", "LS_COLORS", "LOGNAME"),
        *("PYTHONPATH", "VIRTUAL_ENV", "TORCH_INDEX", "HTTP_PROXY", "USER", "SHLVL", "HOSTNAME"),
    ],
)
def test_other_programs_variables_are_nobodys_slip(name: str) -> None:
    assert Environment({}, {name: "x"}).notices() == []


def test_a_line_that_another_programs_variable_hides_is_said() -> None:
    [said] = Environment({"MODEL": "/models/xl", "CREDITS": "5"}, {"MODEL": "gpt"}).notices()
    assert said.startswith("MODEL in the environment wins over MODEL in .env")
    assert "EASEL_MODEL" in said
    assert Environment({"MODEL": "same"}, {"MODEL": "same"}).notices() == []
    assert Environment({"MODEL": "x", "EASEL_MODEL": "x"}, {"MODEL": "gpt"}).notices() == []


def test_a_comment_that_docker_hands_over_is_said() -> None:
    [said] = Environment({}, {"DATA_DIR": "pictures # on the big disk"}).notices()
    assert said.startswith("DATA_DIR contains “ #”")
    assert Environment({}, {"DATA_DIR": "pictures#1"}).notices() == []
