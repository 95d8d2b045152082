"""The scenarios that draw for real: with the run's one worker, beside plain diffusers in a process
of its own, and with tiny random weights. Values are not judged."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Self

import psutil
import pytest

from bot.bench import (
    card,
    card_figures,
    cold,
    neighbour,
    plain,
    random_weights,
    shapes,
    sharing,
    users,
)
from bot.bench.child import Child, Message
from bot.bench.cold import Start
from bot.bench.drawings import Drawing
from bot.bench.figures import Figure, times
from bot.bench.model import processor
from bot.bench.sharing import Compared
from bot.bench.stage import Seen
from bot.bench.users import BUSY, EASEL, FULL, HALF, IDLE
from bot.domain.errors import EaselError
from bot.engine.local import LocalExecutor
from bot.engine.seam import Progress
from bot.models import box
from bot.service.choice import Choice
from tests.kit.easel import SharedExecutor
from tests.kit.executor import ENGINE, FakeExecutor, Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes as streams")
LOCAL = "bot.bench.studio.local_executor"


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, studio: LocalExecutor) -> None:
    """The run's one worker instead of another."""
    monkeypatch.setattr(LOCAL, lambda *_: SharedExecutor(studio))


class Here:
    """Stands for a child process, whose work it does in this one."""

    def __init__(self, module: str, *, untuned: bool = False) -> None:
        self.ask_of = {
            "bot.bench.random_weights": random_weights.answer,
            "bot.bench.plain": plain.Server().answer,
            "bot.bench.model.processor": processor.answer,
        }[module]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is left."""

    async def ask(self, **message: Any) -> Message:
        return self.ask_of(message)


def rows(figures: list[Figure]) -> dict[str, Figure]:
    return {row.what: row for row in figures if row.aim}


@pytest.mark.usefixtures("worker")
@pytest.mark.slow
async def test_users_and_plain_diffusers_draw_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "Child", Here)
    monkeypatch.setattr(users, "neighbour", contextlib.nullcontext)
    run = users.Run(turns=2, beside=1, steps=1, precisions=(FULL,))
    seen = await users.play(run)
    assert seen.first.keys() == {EASEL, FULL}
    assert {key: len(each) for key, each in seen.turns.items()} == {
        (IDLE, EASEL): 2, (IDLE, FULL): 2, (BUSY, EASEL): 1, (BUSY, FULL): 1,
    }  # fmt: skip
    assert min(itertools.chain(*seen.turns.values())) > 0
    assert seen.engine.startswith("torch ")
    assert len(users.figures_of(seen)) == 2 + 4 + 2


def test_how_many_times_as_fast_users_draw() -> None:
    turns = {
        (IDLE, FULL): [5.0, 9.0, 5.0], (IDLE, HALF): [3.0], (IDLE, EASEL): [2.0, 2.0, 7.0],
        (BUSY, FULL): [60.0], (BUSY, HALF): [8.0], (BUSY, EASEL): [4.0],
    }  # fmt: skip
    told = users.figures_of(users.Seen({EASEL: 1.0}, turns, "openvino"))
    assert [(row.result, row.met) for row in told[:4]] == [
        ("2.50 ×", True), ("1.50 ×", False), ("15.00 ×", None), ("2.00 ×", False),
    ]  # fmt: skip
    assert told[-1].what == "the first grid after loading by Easel"


def test_without_bfloat16_less_is_asked_of_it() -> None:
    turns = {
        (where, who): [1.3 if who == FULL else 1.0]
        for where in (IDLE, BUSY)
        for who in (FULL, EASEL)
    }
    told = users.figures_of(users.Seen({}, turns, "openvino"))
    assert [(row.aim, row.met) for row in told[:2]] == [("≥ 1.2 ×", True), ("≥ 3 ×", False)]


async def test_plain_diffusers_have_no_variables_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    monkeypatch.setenv("HOMELY", "yes")
    async with Child("bot.bench.plain", untuned=True) as child, Child("bot.bench.plain") as tuned:
        found = [_environment(each) for each in (child, tuned)]
    assert ["OMP_WAIT_POLICY" in each for each in found] == [False, True]
    assert all("HOMELY" in each for each in found)


def _environment(child: Child) -> str:
    return Path(f"/proc/{child.process}/environ").read_text()


async def test_a_neighbour_takes_a_core_while_it_is_there() -> None:
    async with neighbour.neighbour() as process:
        await asyncio.to_thread(_until_it_spins, process)
    assert not psutil.pid_exists(process)


def _until_it_spins(process: int) -> None:
    while sum(psutil.Process(process).cpu_times()[:2]) < 1:  # more than it takes to start
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.usefixtures("worker")
async def test_jobs_are_drawn_one_at_a_time_and_together() -> None:
    run = sharing.Run([Choice(1, 64, 64, steps=1)] * 3, (64, 128), (2, 1), repeats=1, turns=1)
    seen = await sharing.play(run)
    for each, count in ((seen.equal, 3), (seen.mixed, 2)):
        [alone], [shared] = each.alone, each.shared
        assert len(alone) == len(shared) == count
        assert sorted(alone) == alone
        assert min(*alone, *shared) > 0
    assert [(job.width, job.steps) for job in run.mixed] == [(64, 2), (128, 1)]


def test_what_sharing_brings() -> None:
    run = sharing.Run([Choice(1)] * 2, steps=(50, 4), repeats=1)
    equal = Compared([[1.0, 4.0], [1.0, 6.0], [2.0, 4.0]], [[2.0, 2.0]])
    mixed = Compared([[8.0, 9.0]], [[8.0, 4.5]])
    told = sharing.figures_of(run, sharing.Seen(equal, mixed, "openvino"))
    assert [(row.result, row.met) for row in told if row.aim] == [
        ("2.00 ×", True), ("1.12 ×", False), ("0.5", False),
    ]  # fmt: skip
    assert told[-1].result == "9 / 4.5 s"


@pytest.mark.slow
async def test_two_starts_are_watched_until_they_draw() -> None:
    run = cold.Run("bot.bench.grainy:create", {"side": 64, "step_seconds": 0.0})
    for start in await cold.play(run):
        assert 0 < start.first_s < start.converted_s
        assert start.first.lag
        assert start.converted.lag
        assert len(start.converted.drawings) == 1
        assert start.calm


def test_a_second_conversion_is_told() -> None:
    seen = Seen(1.0, {}, False, [0.001, 0.06], [0.001], [Drawing("a", 0, 1, "openvino")], ["cpu"])
    first, second = (Start(seen, 5.0, seen, 9.0, [0.001], made) for made in ([1], [2]))
    told = rows(cold.figures_of(first, second))
    assert not told["second start: converted again"].met
    assert rows(cold.figures_of(first, first))["second start: converted again"].met
    lag = "cold start, until the first grid: lag of the bot's loop, maximum"
    assert (told[lag].result, told[lag].met) == ("60 ms", False)


CLIP = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "projection_dim": 32,
}


def small(configs: Path) -> Path:
    """Those of Stable Diffusion 1, with fewer numbers."""
    shutil.copytree(box.FOLDER / "sd1", configs)
    change(configs, "unet", {"block_out_channels": [32] * 4, "cross_attention_dim": 32})
    change(configs, "vae", {"block_out_channels": [32] * 4})
    change(configs, "text_encoder", CLIP)
    return configs


def change(configs: Path, part: str, numbers: dict[str, Any]) -> None:
    file = configs / part / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | numbers))


async def test_a_shape_is_drawn_with_random_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = FakeExecutor(automatic=True)

    def step_by_step(run: Run) -> None:
        for step in range(run.attempt.request["steps"]):
            run.put(Progress(step + 1, 5, t=step / 2))

    executor.on_start = step_by_step
    monkeypatch.setattr(LOCAL, lambda *_: executor)
    monkeypatch.setattr(shapes, "Child", Here)
    configs = small(tmp_path / "configs")
    shape = shapes.Shape("tiny", configs, 64, 1, 5, 2, (("float32", 5.0),), turns=1)
    seen = await shapes.play(shape)
    assert seen.engine == ENGINE
    assert seen.steps[EASEL] == [0.5] * 4
    [plain_s] = seen.grids["float32"]
    assert plain_s > 3 * min(seen.steps["float32"])  # those that were not made count
    assert seen.promised_mib > 1


async def test_flux_is_written_with_words_of_its_own(tmp_path: Path) -> None:
    configs = tmp_path / "configs"
    shutil.copytree(box.FOLDER / "flux-dev", configs)
    heads = {"num_attention_heads": 2, "attention_head_dim": 16, "axes_dims_rope": [4, 6, 6]}
    widths = {"joint_attention_dim": 32, "pooled_projection_dim": 32}
    change(configs, "transformer", {"num_layers": 1, "num_single_layers": 1} | heads | widths)
    change(configs, "text_encoder", CLIP)
    change(configs, "text_encoder_2", {"d_model": 32, "d_ff": 32, "num_heads": 2, "num_layers": 1})
    change(configs, "vae", {"block_out_channels": [32] * 4})
    folder = tmp_path / "flux"
    random_weights.answer({"configs": str(configs), "folder": str(folder)})
    drawn = plain.Plain(str(folder), "float32").drawn(
        prompt="a cat in the forest", count=1, side=64, steps=2, guidance=3.5
    )
    assert len(drawn["steps"]) == 1


def test_what_a_shape_comes_to() -> None:
    shape = shapes.Shape("SD", box.FOLDER, 256, 4, 20, 4, (("float32", 5.0), ("bfloat16", None)))
    grids = {EASEL: [10.0, 12.0], "float32": [56.0, 54.0], "bfloat16": [22.0]}
    steps = {EASEL: [0.5], "float32": [2.0], "bfloat16": [1.0]}
    told = shapes.figures_of(shape, shapes.Seen(grids, steps, "openvino", "", 3000, 4000))
    assert [(row.result, row.met) for row in told] == [
        ("5.00 ×", True), ("4.00 ×", None), ("2.00 ×", None), ("2.00 ×", None),
        ("11 / 0.5 s", None), ("55 / 2 s", None), ("22 / 1 s", None), ("3000 MiB", True),
    ]  # fmt: skip


@pytest.mark.slow
async def test_a_card_is_measured_beside_plain_diffusers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = FakeExecutor(automatic=True)
    monkeypatch.setattr(LOCAL, lambda *_: executor)
    monkeypatch.setattr(card, "Child", Here)
    monkeypatch.setattr(card, "DEVICE", "cpu")
    monkeypatch.setattr(card, "DTYPE", "float32")
    for module in (card, card_figures):
        monkeypatch.setattr(module, "FILLED", 2)
    monkeypatch.setattr(sharing, "Run", lambda: sharing_run)
    told = {"tflops": 2.0, "dtype": "float32", "name": "a card of paper"}
    monkeypatch.setattr(processor, "rate", lambda device, dtype: told)
    shape = card.Shape(
        "tiny", small(tmp_path / "tiny"), 64, steps=2, count=2, turns=1, crowd=True,
        sides=(64, 128), aims=card.Aims(apart=1.0),
    )  # fmt: skip
    stand = card.Stand(tmp_path / "place")
    saw: list[card.Seen] = []
    await card.play(shape, stand, saw.append)
    seen = saw[-1]
    assert seen.bound
    assert seen.turns.engine == ENGINE
    assert min(*seen.turns.grids, *seen.turns.together, *seen.turns.apart, seen.crowded) > 0
    assert seen.bound.card == "a card of paper"
    assert 0 < seen.bound.seconds < 1
    assert seen.equal
    assert seen.mixed
    assert [len(waits) for waits in seen.equal.shared] == [2, 2]
    assert [(job.width, job.steps, job.guidance) for job in shape.mixed] == [
        (64, 2, card.GUIDANCE), (128, 1, card.GUIDANCE),
    ]  # fmt: skip
    asked = [run.attempt.request for run in executor.runs]
    assert {(each["count"], each["width"], each["steps"]) for each in asked} == {
        (2, 64, 2), (1, 64, 2), (1, 128, 1),
    }  # fmt: skip
    stand.leave(shape, [shape])
    assert (tmp_path / "place" / "tiny").exists()
    stand.leave(shape, [])
    assert not (tmp_path / "place" / "tiny").exists()


@pytest.mark.slow
async def test_what_fails_on_a_card_spoils_nothing_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOCAL, lambda *_: FakeExecutor(automatic=True))
    monkeypatch.setattr(card, "Child", Here)
    monkeypatch.setattr(card, "DEVICE", "cpu")
    monkeypatch.setattr(card, "DTYPE", "float32")
    monkeypatch.setattr(card.card_memory, "used", lambda: [0.0])
    monkeypatch.setattr(processor, "rate", lambda **_: {"trouble": "no products"})

    def full(*_: object, **asked: object) -> None:
        raise MemoryError("out of memory on the card")

    monkeypatch.setattr(plain.Plain, "drawn", full)
    configs = small(tmp_path / "tiny")
    shapes = [
        card.Shape("one", configs, 64, steps=2, count=2, large=True, turns=1),
        card.Shape("broken", tmp_path / "nowhere", 64),
        card.Shape("three", configs, 64, steps=2, count=2),
    ]
    monkeypatch.setattr(card, "SHAPES", shapes)
    section = await card.measure()
    named = [row.what.partition(",")[0] for row in section.figures]
    assert named == ["one", "… pictures a second", "three", "… pictures a second"]
    said = "\n".join(section.notes)
    assert said.count("exact: the rest failed (out of memory on the card).") == 2
    assert "broken, exact: the rest failed" in said
    assert "could not be told" in said
    late = await card.measure(minutes=1e-9)
    assert late.figures == []
    assert [note.partition(": ")[2] for note in late.notes] == ["there was no time for it."] * 3


sharing_run = sharing.Run(steps=(2, 1), repeats=1)


async def test_without_a_card_it_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card.card_memory, "used", list)
    with pytest.raises(EaselError, match="No NVIDIA card was found"):
        await card.measure()


def test_what_a_card_comes_to() -> None:
    aims = card.Aims(together=1.5, apart=2.5, share=0.45, rate=10.0)
    shape = card.Shape("SD", box.FOLDER, 512, aims=aims, crowd=True, sides=(512, 768))
    turns = card.Turns([0.5, 0.4, 0.6], [0.7], [2.0], "torch compiled")
    bound = card.Bound(0.2, 720.0, "a card")
    equal = Compared([[1.0, 6.0]], [[2.0]])
    mixed = Compared([[2.0] * 31 + [9.0]], [[1.5] * 31 + [6.0]])
    seen = card.Seen(turns, bound, "", equal, 8.0, mixed)
    assert [(row.result, row.met) for row in card.figures_of(shape, seen)] == [
        ("1.40 ×", False), ("0.5 / 0.7 s", None), ("0.400", False), ("8.00", False),
        ("4.00 ×", True), ("3.00 ×", True), ("4.00 ×", None), ("2 / 6 / 8 s", None),
        ("1.50 ×", True), ("9 / 6 s", None), ("0.75", False), ("2 / 1.5 s", None),
    ]  # fmt: skip
    assert "by torch compiled on a card" in card.note_of(shape, seen)
    bare = card.Shape("SD", box.FOLDER, 512)
    told = card.figures_of(bare, card.Seen(card.Turns([0.5], [0.7], [], "torch"), bound))
    assert all(row.met is None for row in told)


def test_times_as_fast() -> None:
    assert times("a", 2.0) == Figure("a", "2.00 ×")
    assert times("a", 2.0, 3.0) == Figure("a", "2.00 ×", "≥ 3 ×", False)
