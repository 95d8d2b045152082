"""`easel cluster` as a person types it, as far as no cluster is needed for an answer."""

from __future__ import annotations

import importlib.util
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.commands import cluster, machines
from bot.domain.errors import EaselError, SettingsError
from bot.engine.cluster import RayExecutor
from bot.engine.local import LocalExecutor
from bot.engine.pool import Pool
from bot.executors import access_of, executor_of, local_executor
from bot.settings import Settings


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["cluster", *words]) == status
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return out if status == 0 else err


class Parts:
    """Stands in for the processes of Ray: remembers what they would have been started for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, address: str = "192.168.1.5:6379") -> None:
        self.said: list[dict[str, Any]] = []
        self.own: list[dict[str, str]] = []

        async def run(part: cluster.Part, signals: object, begun: Any) -> int:
            self.said.append(dict(part._said))
            self.own.append(dict(part._own))
            begun(address)
            part.stopped = True
            return 0

        monkeypatch.setattr(cluster.Part, "run", run)
        monkeypatch.setattr(cluster, "refuse_open", _nothing)


async def _nothing(_: object) -> None:
    """Every cluster asks for a token."""


def test_the_first_start_makes_a_token_that_nobody_else_can_read(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(monkeypatch)
    out = said(capsys, "up", "--port", "26379")
    file = data / "cluster.token"
    token = file.read_text()
    assert (len(token), stat.S_IMODE(file.stat().st_mode)) == (64, 0o600)
    assert "CLUSTER_ADDRESS=127.0.0.1:26379" in out
    assert "easel cluster join 192.168.1.5:6379" in out
    assert token not in out  # it is no terminal, so it may be a log
    assert parts.own[0]["RAY_AUTH_TOKEN_PATH"] == str(file.absolute())
    said(capsys, "up", "--port", "26379")
    assert file.read_text() == token


def test_on_a_terminal_the_line_for_other_machines_is_whole(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Parts(monkeypatch)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    out = said(capsys, "up", "--port", "26379")
    token = (data / "cluster.token").read_text()
    assert f"CLUSTER_TOKEN={token} easel cluster join 192.168.1.5:6379\n" in out


def test_ports_are_pinned_and_the_bots_own_cards_stay_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(monkeypatch)
    said(capsys, "up", "--port", "26379", "--name", "attic box", "--cards", "2")
    (one,) = parts.said
    assert (one["head"], one["gpus"], one["cards"], one["name"]) == (True, 0, 2, "attic-box")
    assert all(26379 <= port < 26479 for port in one["ports"].values())
    assert len(set(one["ports"].values())) == len(one["ports"])


def test_a_port_that_is_taken_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"Port {port} is taken" in said(capsys, "up", "--port", port, status=2)


def test_who_joins_keeps_the_token_for_later(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(monkeypatch)
    join = ("join", "192.168.1.5:6379", "--cards", "1")
    assert "There is no token" in said(capsys, *join, status=2)
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")
    assert "draws for the cluster at 192.168.1.5:6379" in said(capsys, *join)
    assert parts.own[0]["RAY_AUTH_TOKEN"] == "abc"
    monkeypatch.delenv("CLUSTER_TOKEN")
    said(capsys, *join)
    assert parts.own[1]["RAY_AUTH_TOKEN_PATH"] == str((data / "cluster.token").absolute())
    assert stat.S_IMODE((data / "cluster.token").stat().st_mode) == 0o600


def test_workers_of_a_machine_look_where_a_bot_there_would(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(monkeypatch)
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")
    monkeypatch.setenv("MODELS_DIR", "/srv/models")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    said(capsys, "join", "192.168.1.5:6379", "--cards", "2")
    (own,) = parts.own
    assert (own["MODELS_DIR"], own["DATA_DIR"]) == ("/srv/models", str(data.absolute()))
    assert own["OMP_NUM_THREADS"] == "4"


def test_a_machine_without_a_card_is_told_what_it_could_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")
    monkeypatch.setattr(cluster, "nvidia_cards", lambda: 0)
    assert "--cards 1" in said(capsys, "join", "192.168.1.5:6379", status=2)


def test_who_cannot_be_one_of_it_tries_again_or_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")
    monkeypatch.setattr(cluster, "refuse_open", _nothing)
    tries: list[int] = []

    async def run(part: cluster.Part, signals: object, begun: Any) -> int:
        tries.append(1)
        if len(tries) == 1:
            raise cluster.Away("It is away.")
        raise EaselError("It refuses the token.")

    monkeypatch.setattr(cluster.Part, "run", run)
    monkeypatch.setattr(cluster, "Backoff", lambda *_: _Quick())
    assert "It refuses the token." in said(capsys, "join", "a:1", "--cards", "1", status=1)
    assert len(tries) == 2


class _Quick:
    def next(self) -> float:
        return 0.01

    def reset(self) -> None:
        """Nothing was waited for."""


def test_without_ray_it_is_said_how_to_have_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install 'easel-bot[cluster]'" in said(capsys, "up", status=2)


def test_an_open_cluster_is_what_a_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.read({"CLUSTER_OPEN": "yes", "CLUSTER_ADDRESS": "10.0.0.1:6379"})
    access = access_of(settings)
    assert access.open
    assert access.environment()["RAY_AUTH_MODE"] == "disabled"


def test_the_token_is_in_no_words(data: Path) -> None:
    settings = Settings.read({"CLUSTER_TOKEN": "secret", "CLUSTER_ADDRESS": "10.0.0.1:6379"})
    assert "secret" not in repr(access_of(settings))
    assert "secret" in settings.secrets()


def test_the_sandbox_has_the_token_of_the_bot(data: Path) -> None:
    settings = Settings.read({"DATA_DIR": str(data)})
    assert settings.sandboxed().token_file == data / "cluster.token"


def test_settings_say_who_draws(data: Path) -> None:
    def chosen(**settings: str) -> object:
        return executor_of(Settings.read({"DATA_DIR": str(data), **settings}), [])

    here = {"DEVICE": "cpu"}
    there = {"CLUSTER_ADDRESS": "10.0.0.1:6379", "CLUSTER_TOKEN": "abc"}
    assert isinstance(chosen(**here), LocalExecutor)
    assert isinstance(chosen(**here, **there), Pool)
    assert isinstance(chosen(DEVICE="none", **there), RayExecutor)
    with pytest.raises(SettingsError, match="nothing draws"):
        chosen(DEVICE="none")
    with pytest.raises(SettingsError, match="There is no token"):
        chosen(CLUSTER_ADDRESS="10.0.0.1:6379")
    with pytest.raises(SettingsError, match="DEVICE=auto"):
        local_executor(Settings.read({"DEVICE": "none"}), [])


@pytest.mark.parametrize("address", ["10.0.0.1", "10.0.0.1:", ":6379", "10.0.0.1:x", "a:70000"])
def test_an_address_has_a_port(address: str) -> None:
    with pytest.raises(SettingsError, match="host and a port"):
        Settings.read({"CLUSTER_ADDRESS": address})


# What status says

NODES = [
    {"name": "bot", "draining": False, "cards": []},
    {
        "name": "gpu2", "draining": True,
        "cards": [
            {"device": "cuda:0", "worker": "w", "loaded": ["xl"], "loading": ["flux"],
             "failed": {"sd": "gone"}, "drawing": {"abc": "3/20", "def": ""}},
            {"device": "cuda:1"},
            {"device": "cuda:2", "silent": True},
        ],
    },
]  # fmt: skip
TABLE = """\
machine        card    draws            in memory
bot            -
gpu2 (leaves)  cuda:0  abc 3/20, def    xl, flux (loading), sd (failed)
               cuda:1  no bot uses it
               cuda:2  does not answer
"""


def test_status_is_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")
    asked: list[tuple[str, str]] = []

    async def answer(what: str, access: Any, *more: str, seconds: float | None) -> Any:
        asked.append((what, access.address))
        return {"nodes": NODES}

    monkeypatch.setattr(machines, "ask", answer)
    assert said(capsys, "status") == TABLE
    monkeypatch.setenv("CLUSTER_ADDRESS", "10.0.0.1:7000")
    said(capsys, "status")
    said(capsys, "status", "--address", "10.0.0.2:7000")
    addresses = ("127.0.0.1:6379", "10.0.0.1:7000", "10.0.0.2:7000")
    assert asked == [("standing", address) for address in addresses]


def test_a_machine_that_is_not_there_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")

    async def answer(*_: Any, **__: Any) -> Any:
        return {"error": "There is no machine gpu9; there are bot, gpu2."}

    monkeypatch.setattr(machines, "ask", answer)
    assert "There is no machine gpu9" in said(capsys, "drain", "gpu9", status=1)


def test_nobody_there_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "abc")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        assert "cannot be reached" in said(capsys, "status", "--address", address, status=1)
