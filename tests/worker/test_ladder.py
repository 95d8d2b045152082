"""Memory that runs out, at every stage and on every rung: pictures come all the same, and the next
of their size starts where the last one ended."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bot.domain.errors import RenderFailed
from bot.worker import pipelines, rungs
from bot.worker.converted.conversion import Conversion, Workshop
from bot.worker.converted.networks import DECODER
from bot.worker.diffusion import DiffusionEngine
from bot.worker.drawing import CalledRun
from bot.worker.families.stable_diffusion import StableDiffusion
from bot.worker.hastening import Hastening
from bot.worker.ladder import Ladder, Learned
from bot.worker.library import Library
from bot.worker.model import Model
from bot.worker.runs import SteppedRun
from tests.kit.pipelines import card, stable_diffusion, stable_diffusion_xl
from tests.kit.runs import drawn_by
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore")

CPU = torch.device("cpu")
CAST = ["8-bit weights"]
OFFLOADED = [*CAST, "offloading"]
GROUPED = [*OFFLOADED, "group offloading"]
TOP = [*GROUPED, "sequential offloading"]

Picture = np.ndarray[Any, Any]


class House:
    """An engine with one model, on a device whose memory is not the system's. A stage that is
    `hungry` finds too little memory until the model stands on a rung; `short` counts how often."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hungry: dict[str, Callable[[list[str], int], bool]] = {}
        self.short: Counter[str] = Counter()
        self.ladder: Ladder | None = None
        self.engine = DiffusionEngine({"tiny": card()}, device="cpu", dtype="float32")
        monkeypatch.setattr(rungs, "has_own_memory", lambda device: True)
        monkeypatch.setattr("bot.worker.capacity.release", lambda: None)
        monkeypatch.setattr(pipelines, "open_pipeline", lambda *_: stable_diffusion())
        starting = Ladder.__init__

        def start(ladder: Ladder, *given: Any) -> None:
            self.ladder = ladder
            starting(ladder, *given)

        monkeypatch.setattr(Ladder, "__init__", start)
        self._watch(monkeypatch, Model, "__init__", "load", lambda *_: 0)
        self._watch(monkeypatch, StableDiffusion, "encode", "begin", lambda *_: 0)
        rows = lambda given, *_: len(given["latents"])  # noqa: E731
        self._watch(monkeypatch, StableDiffusion, "predict", "step", rows)
        self._watch(monkeypatch, StableDiffusion, "decode", "decode", lambda given, *_: len(given))

    def _watch(
        self, monkeypatch: pytest.MonkeyPatch, kind: Any, name: str, stage: str,
        rows: Callable[..., int],
    ) -> None:  # fmt: skip
        real = getattr(kind, name)

        def watched(one: Any, *given: Any) -> Any:
            assert self.ladder
            if stage in self.hungry and self.hungry[stage](self.ladder.names(), rows(*given)):
                self.short[stage] += 1
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return real(one, *given)

        monkeypatch.setattr(kind, name, watched)

    def until(self, stage: str, rung: str) -> None:
        self.hungry[stage] = lambda names, _: rung not in names

    @property
    def names(self) -> list[str]:
        """The rungs that its model stands on."""
        return self.engine._models["tiny"].ladder.names()

    def draw(self, side: int = 64, **asked: Any) -> list[Picture]:
        asked = {
            "model": "tiny",
            "indices": (0, 1),
            "steps": 2,
            "width": side,
            "height": side,
        } | asked
        images = drawn_by(self.engine, attempt(**asked))
        return [np.asarray(image, dtype=int) for image in images]


@pytest.fixture(scope="module")
def plain() -> list[Picture]:
    """What is drawn where memory suffices."""
    return stepped(Model(stable_diffusion(), card(), torch.float32), 0, 1)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    return House(monkeypatch)


def far(some: list[Picture], others: list[Picture]) -> int:
    return max(int(np.abs(a - b).max()) for a, b in zip(some, others, strict=True))


@pytest.mark.parametrize(
    ("stage", "names"),
    [
        ("load", CAST), ("load", TOP), ("begin", ["tiling"]), ("begin", ["tiling", *GROUPED]),
        ("step", OFFLOADED), ("step", TOP), ("decode", ["tiling"]), ("decode", ["tiling", *CAST]),
        ("decode", ["tiling", *OFFLOADED]),
    ],
    ids=lambda each: each if isinstance(each, str) else each[-1],
)  # fmt: skip
def test_pictures_come_from_every_rung_and_the_next_start_there(
    house: House, plain: list[Picture], stage: str, names: list[str]
) -> None:
    house.until(stage, names[-1])
    first = house.draw()
    assert house.names == names
    assert house.short[stage] >= len(names)
    notes = house.engine.drawn_by("tiny").partition("float32")[2].strip()
    wanted = ["tiled"] * ("tiling" in names) + ["float8 weights"] * ("8-bit weights" in names)
    assert notes == " ".join(wanted)
    # A tile is as large as this picture: only weights of 8 bits are other weights.
    assert far(first, plain) <= (40 if "8-bit weights" in names else 1)
    house.short.clear()
    drawn = house.draw()
    assert stage == "decode" or far(drawn, first) == 0
    # What was learned outlives the model's stay in memory.
    house.engine._models._models.leave("tiny")
    assert far(house.draw(), drawn) == 0
    assert house.names == names
    assert not house.short


def test_the_next_drawings_are_as_before_on_whatever_rung(house: House) -> None:
    house.until("step", "8-bit weights")
    cast = house.draw()
    for rung in ("offloading", "group offloading", "sequential offloading"):
        house.until("step", rung)
        assert far(house.draw(), cast) == 0
        assert house.names[-1] == rung


def test_a_company_halves_first(house: House) -> None:
    plain = house.draw(), house.draw(text="a blue car")
    house.hungry["step"] = lambda names, rows: rows > 2
    runs = [
        house.engine.begin(
            attempt(indices=(0, 1), model="tiny", steps=2, text=text),
            lambda _: None,
            lambda: False,
        )
        for text in ("a red fox in the forest", "a blue car")
    ]
    while not all(run.done for run in runs):
        house.engine.step(runs)
    for run, before in zip(runs, plain, strict=True):
        images = [np.asarray(image, dtype=int) for image in house.engine.retire(run)]
        assert far(images, before) <= 1
    assert house.names == []
    assert house.short["step"] == 2  # of eight rows, and of four
    house.draw()
    assert house.short["step"] == 2


def test_a_company_goes_on_where_one_of_it_made_the_model_climb(house: House) -> None:
    one = attempt(indices=(0,), model="tiny", steps=3)
    runs = [house.engine.begin(one, lambda _: None, lambda: False) for _ in range(2)]
    house.engine.step(runs)
    house.until("step", "group offloading")
    while not all(run.done for run in runs):
        house.engine.step(runs)
    first, second = ([np.asarray(house.engine.retire(run)[0], dtype=int)] for run in runs)
    assert far(first, second) <= 1
    assert house.names == GROUPED


def test_a_smaller_picture_wants_less_and_a_larger_one_as_much(house: House) -> None:
    house.hungry["decode"] = lambda names, _: "tiling" not in names
    house.draw(128)
    assert house.names == ["tiling"]
    house.hungry.clear()
    house.draw(64)
    assert house.names == []
    assert "tiled" not in house.engine.drawn_by("tiny")
    house.draw(192, indices=(0,))
    assert house.names == ["tiling"]
    assert "tiled" in house.engine.drawn_by("tiny")


def test_a_model_comes_down_when_nobody_wants_it_high_any_more(
    house: House, plain: list[Picture]
) -> None:
    house.until("step", "offloading")
    large = house.draw(128)
    house.hungry.clear()
    high = [OFFLOADED, OFFLOADED, []]
    for names in high:
        drawn = house.draw()
        assert house.names == names
    assert far(drawn, plain) == 0
    assert house.engine.drawn_by("tiny").endswith("float32")
    assert far(house.draw(128), house.draw(128)) == 0
    assert house.names == OFFLOADED
    assert far(house.draw(128), large) < 40
    # Not under the hands of somebody who draws with it.
    one = attempt(indices=(0,), model="tiny", steps=2)
    run = house.engine.begin(one, lambda _: None, lambda: False)
    for _ in range(3):
        house.draw()
    assert house.names == OFFLOADED
    while not run.done:
        house.engine.step([run])
    assert len(house.engine.retire(run)) == 1


def test_an_idle_model_leaves_before_anything_is_climbed(house: House) -> None:
    house.draw()
    other, left = house.engine._models["tiny"], [True]
    house.hungry["step"] = lambda *_: bool(left)
    other.pieces.spill = lambda: bool(left and left.pop())
    house.draw()
    assert house.names == []


def test_at_the_top_it_is_said_what_fits(house: House) -> None:
    house.draw(64)
    house.hungry["decode"] = lambda *_: True
    with pytest.raises(RenderFailed) as caught:
        house.draw(128, indices=(0,))
    assert (caught.value.code, caught.value.fits) == ("out_of_memory", 64 * 64)
    assert house.names == ["tiling", *TOP]
    with pytest.raises(RenderFailed) as caught:
        house.draw(64, indices=(0,))
    assert caught.value.fits == 0


def test_a_model_that_does_not_fit_from_the_top_either_says_so(house: House) -> None:
    house.hungry["load"] = lambda *_: True
    with pytest.raises(RenderFailed, match="memory of cpu is too small for the model tiny"):
        house.draw()


def test_a_rung_that_cannot_be_climbed_is_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("not for this pipeline")

    monkeypatch.setattr("diffusers.StableDiffusionPipeline.enable_model_cpu_offload", refuse)
    house.until("step", "group offloading")
    house.draw()
    assert house.names == [*CAST, "group offloading"]


def test_without_memory_of_its_own_weights_stay_what_and_where_they_are(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rungs, "has_own_memory", lambda device: False)
    house.hungry["step"] = lambda *_: True
    with pytest.raises(RenderFailed):
        house.draw()
    assert house.names == []


# What else is at work


def test_faster_networks_rest_before_weights_are_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[str] = []

    class Faster:
        """As one that is ready: it has replaced the U-Net's forward."""

        due, coming, engine = False, False, "faster"

        def __init__(self, pipeline: Any, *_: Any) -> None:
            began.append("begun")
            self.network, self.eager = pipeline.unet, pipeline.unet.forward
            pipeline.unet.forward = functools.partial(self.eager)

        def rest(self) -> None:
            assert not any(rungs.casts(self.network))
            self.network.forward = self.eager
            began.append("rests")

        def adopt(self, _: Any) -> None: ...
        def adapted(self, on: bool) -> None: ...
        def listen(self) -> None: ...

    monkeypatch.setattr(Hastening, "begin", Faster)
    house.draw()
    assert house.engine.drawn_by("tiny") == "faster"
    house.until("decode", "tiling")
    house.draw()
    assert house.engine.drawn_by("tiny") == "faster tiled"
    house.until("step", "offloading")
    house.draw()
    assert began == ["begun", "rests"]
    assert house.engine.drawn_by("tiny").endswith("float32 tiled float8 weights")
    house.engine._models._models.leave("tiny")
    house.draw(128)
    assert began == ["begun", "rests", "begun", "rests"]


def test_converted_networks_leave_nothing_between_when_they_rest() -> None:
    pipeline = stable_diffusion()
    cells = torch.ones(1, 4, 8, 8)
    plain = pipeline.vae.decoder(cells)
    conversion = Conversion(Workshop("", Library()), pipeline, card(), torch.float16)
    conversion._compiled[DECODER] = lambda *_: torch.zeros(1)  # type: ignore[assignment]
    conversion.adopt(pipeline)
    assert len(pipeline.vae.decoder(cells)) == 1
    assert pipeline.vae.decoder(cells).sum() == 0
    conversion.rest()
    assert torch.equal(pipeline.vae.decoder(cells), plain)


@pytest.mark.parametrize("make", [stable_diffusion, stable_diffusion_xl])
def test_a_pipelines_own_call_halves_and_then_climbs(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rungs, "has_own_memory", lambda device: True)
    monkeypatch.setattr("bot.worker.capacity.release", lambda: None)
    pipeline = make()
    model = Model(pipeline, card(), torch.float32)
    forward, sizes = pipeline.unet.forward, []

    def hungry(sample: torch.Tensor, *given: Any, **named: Any) -> Any:
        sizes.append(len(sample))
        if len(sample) > 2 or "group offloading" not in model.ladder.names():
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(sample, *given, **named)

    pipeline.unet.forward = hungry
    for _ in range(2):
        run = CalledRun(model, attempt(indices=(0, 1), steps=2), lambda _: None, lambda: False)
        run.step_with([])
        assert len(run.pictures()) == 2
        assert run.drawn_by.endswith("float8 weights")
    assert sizes[:2] == [4, 2]
    assert sizes[-4:] == [2, 2, 2, 2]
    assert model.ladder.names() == ["tiling", *GROUPED]


def test_heads_are_drawn_one_by_one_where_their_matrix_would_be_there_at_once() -> None:
    """Metal alone holds it; the mechanism is the same everywhere."""
    slicing = next(rung for rung in rungs.RUNGS if rung.name == "attention slicing")
    pipeline = stable_diffusion()
    model = Model(pipeline, card(), torch.float32)
    assert slicing.applies(pipeline, torch.device("mps"))
    assert not slicing.applies(pipeline, CPU)
    plain = stepped(model)
    slicing.climb(pipeline, CPU)
    kinds = {type(each).__name__ for each in pipeline.unet.attn_processors.values()}
    assert kinds == {"SlicedAttnProcessor"}
    assert far(stepped(model), plain) <= 1
    assert slicing.leave
    slicing.leave(pipeline)
    assert far(stepped(model), plain) == 0


@pytest.mark.parametrize("rung", rungs.RUNGS, ids=lambda rung: rung.name)
def test_a_rung_may_be_climbed_twice(rung: rungs.Rung) -> None:
    pipeline = stable_diffusion()
    model = Model(pipeline, card(), torch.float32)
    for _ in range(2):
        if rung.place:
            rungs.grounded(pipeline)
        rung.climb(pipeline, CPU)
    once = stepped(model)
    assert far(stepped(model), once) == 0


def test_weights_become_small_beside_the_device_which_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = stable_diffusion().unet
    moved: list[Any] = []
    monkeypatch.setattr(network, "to", moved.append)
    monkeypatch.setattr(network, "enable_layerwise_casting", lambda **_: moved.append("small"))
    cast = next(rung for rung in rungs.RUNGS if rung.name == "8-bit weights")
    cast.climb(SimpleNamespace(unet=network), CPU)
    assert moved == [CPU, "small", CPU]


def stepped(model: Model, *indices: int) -> list[Picture]:
    one = attempt(indices=indices or (0,), steps=2)
    run = SteppedRun(model, one, lambda _: None, lambda: False)
    while not run.done:
        run.step_with([])
    return [np.asarray(image, dtype=int) for image in run.pictures()]


# What is remembered


def test_larger_sizes_want_what_smaller_ones_do() -> None:
    learned = Learned()
    tiling, _, cast, *_ = rungs.RUNGS
    learned.want(cast, 100)
    learned.want(tiling, 400)
    learned.want(cast, 900)
    assert learned.wanted(50) == []
    assert learned.wanted(100) == [cast]
    assert learned.wanted(500) == [tiling, cast]
    for pixels in (100, 300, 50):
        learned.drew(pixels)
    assert [learned.fits(pixels) for pixels in (400, 300, 50)] == [300, 100, 0]


def test_parts_that_take_turns_leave_the_device_before_the_next_drawing() -> None:
    pipeline = stable_diffusion()
    ladder = Ladder(pipeline, CPU, Learned())
    ladder.learned.want(rungs.RUNGS[3], 0)
    ladder.stand((64, 64))
    left: list[Any] = []
    for hook in pipeline._all_hooks:
        hook.offload = lambda hook=hook: left.append(hook.model)
    ladder.rest()
    assert left == [pipeline.text_encoder, pipeline.unet, pipeline.vae]
