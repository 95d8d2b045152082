"""Several models in one memory: how many stay, who leaves, and what is said where nobody may."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bot.domain.errors import RenderFailed
from bot.models.cards import ModelCard
from bot.worker import capacity
from bot.worker.capacity import Memory
from bot.worker.diffusion import DiffusionEngine
from bot.worker.library import Library
from bot.worker.model import Model
from bot.worker.models import Models
from bot.worker.pieces import Pieces
from bot.worker.rungs import STEP
from tests.kit.pipelines import card, stable_diffusion
from tests.kit.workers import attempt

GIB = 1 << 30


class House:
    """A memory of 32 GiB, of which drawing wants 4, and models of made-up sizes, of which a GiB
    loads in a second. `tried` are the loads that were begun; of what `hides` nobody knows before
    how large it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **sizes: int) -> None:
        self.sizes = {name: size * GIB for name, size in sizes.items()}
        self.total, self.tried, self.hides = 32 * GIB, [], set()
        self.seconds = 0.0
        monkeypatch.setattr(Models, "_open", self._open)
        clock = SimpleNamespace(monotonic=lambda: self.seconds)
        monkeypatch.setattr("bot.worker.models.time", clock)
        monkeypatch.setattr(capacity, "release", lambda: None)
        monkeypatch.setattr(capacity, "memory", lambda device: Memory(self.free, self.total))
        monkeypatch.setattr(
            capacity, "forecast", lambda name: 0 if name in self.hides else self.sizes[name]
        )
        cards = {name: replace(card(name), source=name) for name in sizes}
        self.models = Models(cards, torch.device("cpu"), torch.float32, Library(), None)

    @property
    def there(self) -> list[str]:
        return sorted(self.models._models)

    @property
    def free(self) -> int:
        return self.total - sum(self.sizes[name] for name in self.there)

    def _open(self, one: ModelCard) -> Any:
        self.tried.append(one.id)
        self.seconds += self.sizes[one.id] / GIB
        if self.sizes[one.id] > self.free:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return SimpleNamespace(card=one, pieces=Pieces(), weight=self.sizes[one.id])

    def load(self, *names: str) -> list[str]:
        """What is in memory afterwards."""
        for name in names:
            self.models.load(name, lambda text: None)
        return self.there

    def pin(self, *names: str) -> None:
        cards = [replace(card(name), source=name, pinned=name in names) for name in self.sizes]
        self.models.learn({one.id: one for one in cards})


Make = Callable[..., House]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda **sizes: House(monkeypatch, **sizes)


def test_models_stay_as_room_allows(make: Make) -> None:
    house = make(a=7, b=7, c=14)
    assert house.load("a", "b", "c", "a", "b", "c") == ["a", "b", "c"]
    assert house.tried == ["a", "b", "c"]


def test_the_least_recently_used_leaves_before_memory_runs_out(make: Make) -> None:
    house = make(a=8, b=8, c=8, d=8)
    assert house.load("a", "b", "c", "a", "d") == ["a", "c", "d"]
    assert house.tried == ["a", "b", "c", "d"]  # none was tried in vain


def test_drawing_wants_room_too(make: Make) -> None:
    house = make(a=14, b=14, c=1)
    assert house.load("a", "b") == ["a", "b"]
    assert house.load("c") == ["b", "c"]


def test_a_size_that_nobody_knew_is_found_out(make: Make) -> None:
    house = make(a=8, b=8, c=8, d=14)
    house.hides = {"d"}
    assert house.load("a", "b", "c") == ["a", "b", "c"]
    # It takes what the memory has, one model less at a time; then the room for drawing is made.
    assert house.load("d") == ["c", "d"]
    assert house.tried == ["a", "b", "c", "d", "d"]
    house.tried.clear()
    assert house.load("a", "b", "d") == ["b", "d"]
    assert house.tried == ["a", "b", "d"]


def test_a_model_that_is_too_large_says_so(make: Make) -> None:
    house = make(a=8, huge=40)
    house.load("a")
    with pytest.raises(RenderFailed) as caught:
        house.load("huge")
    assert caught.value.code == "out_of_memory"
    assert str(caught.value) == "The memory of cpu is too small for the model huge."
    assert house.there == []
    assert house.load("a") == ["a"]


def test_pinned_models_stay_and_are_named_where_there_is_no_room_beside_them(make: Make) -> None:
    house = make(a=14, b=8, c=8, huge=20)
    house.load("a", "b")
    house.pin("a")
    assert house.load("c") == ["a", "c"]
    with pytest.raises(RenderFailed, match=r"model huge beside what stays in it \(a\)\."):
        house.load("huge")
    assert house.there == ["a"]
    house.pin()
    assert house.load("huge") == ["huge"]


def test_a_model_that_is_drawn_with_stays(make: Make) -> None:
    class Run:
        """Something that holds a model."""

    house, run = make(a=8, b=8, c=8, d=8), Run()
    house.load("a", "b", "c")
    house.models.draws("a", run)
    assert house.load("d") == ["a", "c", "d"]
    del run
    gc.collect()
    assert house.load("b") == ["b", "c", "d"]


def test_what_was_replaced_leaves_whatever_the_room(make: Make) -> None:
    house = make(a=1, b=1, c=1)
    house.load("a", "b")
    before = house.models["a"]
    house.models.learn({n: replace(card(n), source=n, revision="2") for n in ("a", "c")})
    assert house.load("c") == ["c"]
    house.models.learn({n: replace(card(n), source=n, revision="2") for n in ("a", "b", "c")})
    assert house.load("a") == ["a", "c"]
    assert house.models["a"] is not before


def test_memory_that_runs_out_while_drawing_is_another_models_first(make: Make) -> None:
    house = make(a=8, b=8, c=8)
    house.load("a", "b", "c")
    rooms: list[tuple[int, list[str]]] = []

    def forward(begin: int, end: int) -> torch.Tensor:
        rooms.append((end - begin, house.there))
        if end - begin > 2 or len(house.there) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return torch.ones(end - begin)

    pieces = house.models["a"].pieces
    assert len(pieces.joined((STEP, (64, 64)), 4, forward)) == 4
    assert rooms == [
        (4, ["a", "b", "c"]), (4, ["a", "c"]), (4, ["a"]), (2, ["a"]), (2, ["a"]),
    ]  # fmt: skip


def test_the_last_row_is_tried_again_when_something_left() -> None:
    pieces, left = Pieces(), [True]
    pieces.spill = lambda: bool(left and left.pop())

    def forward(begin: int, end: int) -> torch.Tensor:
        if left:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return torch.ones(1)

    assert len(pieces.joined((STEP, (64, 64)), 1, forward)) == 1
    left.append(True)
    pieces.spill = lambda: False
    with pytest.raises(RenderFailed, match="memory does not suffice"):
        pieces.joined((STEP, (64, 64)), 1, forward)


def test_an_engines_runs_keep_their_model_in_memory(make: Make) -> None:
    house = make(a=8, b=8, c=8, d=8)
    engine = DiffusionEngine({}, device="cpu", dtype="float32")
    engine._models = house.models
    house.load("a", "b", "c")
    one = Model(stable_diffusion(), card("a"), torch.float32)
    house.models._models._models["a"] = one
    run = engine.begin(attempt(model="a", indices=(0,), steps=1), lambda event: None, lambda: False)
    assert house.load("d") == ["a", "c", "d"]
    while not run.done:
        engine.step([run])
    assert len(engine.retire(run)) == 1


# What memory there is


def test_parts_that_are_shared_count_once() -> None:
    one = stable_diffusion()
    alone = capacity.weight(one)
    assert alone == sum(
        tensor.nbytes
        for part in (one.unet, one.vae, one.text_encoder)
        for tensor in (*part.parameters(), *part.buffers())
    )
    one.register_modules(safety_checker=one.vae)
    assert capacity.weight(one) == alone


def test_what_files_weigh_is_the_forecast(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "model.safetensors").write_bytes(bytes(100))
    (tmp_path / "unet" / "config.json").write_bytes(bytes(7))
    (tmp_path / "x.gguf").write_bytes(bytes(30))
    assert capacity.forecast(str(tmp_path)) == 130
    assert capacity.forecast(str(tmp_path / "x.gguf")) == 30
    assert capacity.forecast("org/model") == 0


MEMINFO = "MemTotal: 64 kB\nMemFree: 1 kB\nMemAvailable: 32 kB\nHugePages_Total: 0\n"


@pytest.mark.parametrize(
    ("files", "free", "total"),
    [
        ({}, 32 << 10, 64 << 10),
        ({"memory.max": "max\n", "memory.current": "1\n"}, 32 << 10, 64 << 10),
        ({"memory.max": "20000\n", "memory.current": "9000\n"}, 20000 - 9000 + 1500, 20000),
        ({"memory.max": "99999999\n", "memory.current": "9000\n"}, 32 << 10, 64 << 10),
    ],
    ids=["none", "no limit", "small", "large"],
)
def test_a_container_may_have_less_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], free: int, total: int
) -> None:
    for name, text in {"meminfo": MEMINFO, **files}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "memory.stat").write_text("anon 7\ninactive_file 1000\nactive_file 500\n")
    monkeypatch.setattr(capacity, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(capacity, "_CONTAINER", tmp_path)
    assert capacity.of_system() == Memory(free, total)
    monkeypatch.setattr(capacity, "_MEMINFO", tmp_path / "nothing")
    assert capacity.of_system() is None
    assert capacity.memory(torch.device("cpu")) is None


@pytest.mark.parametrize(
    ("total", "spare"), [(4, 1), (8, 1), (24, 3), (80, 8), (500, 8)]
)  # fmt: skip
def test_an_eighth_is_left_for_drawing(total: int, spare: int) -> None:
    memory: Any = Memory(0, total * GIB)
    assert memory.spare == spare * GIB
