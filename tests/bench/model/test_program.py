"""From settings to a report: with the real embedded model in the run's one worker, and without."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.bench.child import Child
from bot.bench.model import program
from bot.bench.model.program import Wanted, dtype_of, measure
from bot.bench.model.report import Processor
from bot.domain.errors import EaselError, InvalidPrompt, RenderFailed
from bot.engine.local import LocalExecutor
from bot.ops.lock import lock_folder
from bot.service.choice import Choice
from bot.settings import Settings
from bot.worker.converted import runtime
from bot.worker.converted.store import Store
from tests.e2e.test_command_line import easel
from tests.kit.easel import SharedExecutor
from tests.kit.executor import FakeExecutor, Run

LOCAL = "bot.bench.model.program.local_executor"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    """Its worker draws by itself, and nobody multiplies matrices."""

    async def processor(*_: object) -> tuple[Processor, list[str]]:
        return Processor(), []

    one = FakeExecutor(automatic=True)
    monkeypatch.setattr(LOCAL, lambda *_: one)
    monkeypatch.setattr(program, "_processor", processor)
    return one


@pytest.mark.timeout(300)
@pytest.mark.slow
async def test_the_embedded_model_is_measured(
    settings: Settings, studio: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOCAL, lambda *_: SharedExecutor(studio))
    monkeypatch.setattr(program, "_PROCESSOR", "tests.kit.processor")
    said: list[str] = []
    wanted = Wanted(Choice(count=2, width=64, height=64, steps=3), price=1.0, quick=True)
    report = await measure(settings, wanted, said.append)
    assert report.drawn.engine.startswith("torch ")
    assert report.drawn.device == "cpu"
    assert report.drawn.step
    assert report.processor == Processor(2.0, "float32", "A card", 0.5)
    assert report.share == pytest.approx(0.125 * report.drawn.images_per_second)
    assert report.worker_mib
    assert 200 < report.worker_mib < 8000
    assert report.price_per_thousand
    assert report.notes == []
    assert said[-2:] == ["multiplying matrices", "counting operations"]


@pytest.mark.slow
async def test_products_are_timed_and_what_cannot_be_done_is_a_few_words() -> None:
    async with Child("bot.bench.model.processor") as child:
        said = await child.ask(device="cpu", dtype="float77")
        told = await child.ask(device="cpu", dtype="float32")
    assert said == {"trouble": "'float77' is no data type: use float32, bfloat16 or float16"}
    assert (told["dtype"], told["name"]) == ("float32", "")
    assert 0.001 < told["tflops"] < 1000


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_all_of_it_in_processes_of_its_own(tmp_path: Path) -> None:
    """With what makes a CPU faster, where that is installed."""
    status, out, err = await easel(
        "bench", "--model", "--quick", "--json", "--price-per-hour", "1", DATA_DIR=str(tmp_path)
    )
    assert status == 0, err
    told = json.loads(out)
    fast = told["device"] == "cpu" and runtime.version()
    assert told["engine"].startswith("openvino " if fast else "torch ")
    assert bool(told["preparing_s"]) is bool(fast)
    assert told["grid_tflop"] == pytest.approx(0.0733, rel=0.01)
    assert 0 < told["matmul_share"] < 2
    assert told["notes"] == []
    assert "Traceback" not in err


@pytest.mark.parametrize("folder", ["converted", "compiled"])
async def test_what_makes_it_faster_is_waited_for(
    settings: Settings, fake: FakeExecutor, folder: str
) -> None:
    work = Store(settings.data_dir / folder).begin()
    file = work.file
    assert file
    over: dict[str, bool] = {}

    def say(what: str) -> None:
        over.setdefault(what, file.closed)
        if what.startswith("waiting"):
            asyncio.get_running_loop().call_soon(work.end)

    await measure(settings, Wanted(quick=True), say)
    assert not over["waiting for what makes it faster"]
    assert over["drawing alone, 1 of 1"]


async def test_a_bot_that_runs_would_be_measured_too(settings: Settings) -> None:
    with lock_folder(settings.sandbox_dir), pytest.raises(EaselError, match="stop it first"):
        await measure(settings, Wanted(), lambda _: None)


async def test_a_wrong_size_is_said_before_anything_is_loaded(
    settings: Settings, fake: FakeExecutor
) -> None:
    with pytest.raises(InvalidPrompt, match="`--W` takes a multiple of 8"):
        await measure(settings, Wanted(Choice(width=100)), lambda _: None)
    assert fake.prepared == []


async def test_what_cannot_be_drawn_is_a_sentence(settings: Settings, fake: FakeExecutor) -> None:
    def fail(run: Run) -> None:
        run.put(RenderFailed("out_of_memory", "It does not fit."))

    fake.on_start = fail
    with pytest.raises(EaselError, match="Easel embedded could not draw this: It does not fit"):
        await measure(settings, Wanted(quick=True), lambda _: None)


@pytest.mark.parametrize(
    ("engine", "dtype"),
    [("torch 2.13.0+cpu bfloat16", "bfloat16"), ("torch 2.13.0 float16 compiled", "float16"),
     ("openvino 2026.4.1 f32", "float32"),
     ("fake 1.0", ""), ("", "")],
)  # fmt: skip
def test_the_number_format_is_told_by_the_recipe(engine: str, dtype: str) -> None:
    assert dtype_of(engine) == dtype
