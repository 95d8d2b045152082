"""`easel gateway` and its settings: what cannot be is said in a sentence."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands import fronted
from bot.commands.gateway import station_of, wanted
from bot.domain.errors import SettingsError
from bot.gateways import relay_of
from bot.ops.supervision import Supervisor
from bot.settings import Secret, Settings
from tests.kit.towns import until

KEY = Secret("k" * 32)


def options(**more: object) -> Namespace:
    return Namespace(**{"shards": "", "of": 0, "core": "", **more})


@pytest.mark.parametrize(
    ("shards", "of", "run"), [("", 0, None), ("0-3", 8, range(4)), ("5", 0, range(5, 6))]
)
def test_which_shards_are_wanted(shards: str, of: int, run: range | None) -> None:
    assert wanted(shards, of) == run


@pytest.mark.parametrize(
    ("given", "settings", "words"),
    [
        ({}, {}, "Where is the bot?"),
        ({"core": "10.0.0.5:7007"}, {}, "GATEWAY_TOKEN must be set"),
        ({"core": "10.0.0.5:7007"}, {"gateway_token": KEY}, "DISCORD_TOKEN is not set"),
        ({"core": "unix", "shards": "x"}, {}, "--shards is 'x'; write 5, or 0-3"),
        ({"core": "unix", "shards": "3-9", "of": 8}, {}, "of 8 the last is 7"),
    ],
)
def test_what_cannot_be_is_said(
    given: dict[str, object], settings: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words.replace("?", r"\?")):
        station_of(Settings(**settings), options(**given))  # type: ignore[arg-type]


def test_the_command_line_says_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["gateway", "--shards", "0-1"]) == 2
    assert "Where is the bot?" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["unix", "192.168.1.5:7007", ""])
def test_an_address_is_read(text: str) -> None:
    assert Settings.read({"GATEWAY_ADDRESS": text}).gateway_address == text


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(SettingsError, match="GATEWAY_ADDRESS is 'here'; it should be empty, unix"):
        Settings.read({"GATEWAY_ADDRESS": "here"})


async def test_a_bot_asks_for_a_token_before_it_listens_to_a_network(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, gateway_address="127.0.0.1:1")
    with pytest.raises(SettingsError, match="GATEWAY_TOKEN must be set"):
        async with relay_of(settings, Supervisor()):
            pass


async def test_without_these_settings_the_bot_holds_its_shards_itself(tmp_path: Path) -> None:
    async with relay_of(Settings(data_dir=tmp_path), Supervisor()) as relay:
        assert relay is None


async def test_the_state_of_the_processes_is_among_the_tasks(tmp_path: Path) -> None:
    supervisor = Supervisor()
    async with relay_of(Settings(data_dir=tmp_path, gateway_address="unix"), supervisor) as relay:
        assert relay is not None
        await until(lambda: "shards are connected" in supervisor.states()["gateway"])
        await relay.close()
    assert not (tmp_path / "gateway.sock").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "the bot holds its connections to Discord itself"),
        ({"gateway_processes": 2}, "2 processes and one to spare hold the connections"),
        (
            {"gateway_address": "1.2.3.4:7007", "gateway_token": KEY},
            "processes come to 1.2.3.4:7007",
        ),
    ],
)
async def test_check_says_who_holds_the_connections(
    settings: dict[str, object], words: str
) -> None:
    [found] = [one async for one in fronted.look(Settings(**settings))]  # type: ignore[arg-type]
    assert (found.ok, found.words) == (True, words)


async def test_check_finds_a_folder_whose_name_is_too_long_for_a_socket(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / ("x" * 120), gateway_address="unix")
    with pytest.raises(SettingsError, match="too long for a socket"):
        [one async for one in fronted.look(settings)]
