"""The families that flow from noise to picture: what is drawn alone is what their pipelines draw,
and what is drawn in company is what is drawn alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from bot import imaging
from bot.domain.errors import Cancelled, RenderFailed
from bot.engine.seam import Preview
from bot.models.cards import ModelCard
from bot.worker.diffusion import DiffusionEngine
from bot.worker.model import Model
from tests.kit import flows
from tests.kit.pipelines import card, generators
from tests.kit.runs import (
    COMPANY,
    EXACT,
    MASK,
    PARTLY,
    SOURCE,
    VARIED,
    Heard,
    alone,
    begun,
    by_pipeline,
    drawn_by,
    drawn_together,
    each_once,
    far,
    finished,
)  # fmt: skip
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
MAKERS: dict[str, Callable[[], Any]] = {
    "sd3": flows.stable_diffusion_3,
    "flux": flows.flux,
    "schnell": lambda: flows.flux(told=False),
    "chroma": flows.chroma,
    "qwen": flows.qwen_image,
    "z": flows.z_image,
    "klein": flows.flux_2_klein,
    "distilled klein": lambda: flows.flux_2_klein(distilled=True),
    "flux 2": flows.flux_2,
    "alpha": lambda: flows.pixart("Alpha"),
    "sigma": lambda: flows.pixart("Sigma"),
    "sana": flows.sana,
}
AS_ASKED = {"use_resolution_binning": False}
"""For pipelines that know no shapes for so small models."""
ONE: dict[str, Any] = {"steps": 3, "indices": (0,), "guidance": 4.0}
"""Of several pictures from one, these pipelines let each see what the first one's seed made."""


@pytest.fixture(scope="module")
def made() -> Callable[[str], Model]:
    def card_of(name: str) -> ModelCard:
        argument = "true_cfg_scale" if name == "qwen" else "guidance_scale"
        return card(name, guidance_argument=argument)

    return each_once(MAKERS, card_of)


def assert_the_same(model: Model, **changes: Any) -> None:
    """Latents as the pipeline has them; klein's gives them as its autoencoder takes them."""
    more: dict[str, Any] = AS_ASKED if hasattr(model.family, "shaped") else {}
    if model.card.name == "schnell":
        more = {"max_sequence_length": 256}  # as its makers call it
    drawn, own = alone(model, **changes), by_pipeline(model, more, **changes)
    if drawn.ndim != own.ndim:
        assert model.family
        drawn = model.family.unscaled(model.family.cells(drawn, (changes["width"], 64)))
    assert far(drawn, own) <= EXACT


@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize("name", MAKERS)
def test_each_draws_what_its_pipeline_draws(
    made: Callable[[str], Model], name: str, guidance: float
) -> None:
    negative = "" if "klein" in name else "a dog"  # of which klein's pipeline takes none
    asked = {"steps": 3, "guidance": guidance, "negative": negative, "indices": (0, 1)}
    assert_the_same(made(name), width=96, **asked)


@pytest.mark.parametrize(("kind", "side"), [("Sigma", 32), ("Alpha", 128)])
def test_models_of_certain_shapes_draw_the_nearest_one(kind: str, side: int) -> None:
    """Alpha of 1024 pixels is told the size, too."""
    model = Model(flows.pixart(kind, side), card("shaped"), torch.float32)
    asked = {"steps": 2, "guidance": 3.0, "width": 96, "height": 64, "indices": (0,)}
    own = by_pipeline(model, **asked)
    assert far(alone(model, **asked), own) <= EXACT
    if side == 32:
        run = begun(model, **asked)
        finished(run)
        assert run.pictures()[0].size == (96, 64)
        assert own.shape[-1] > own.shape[-2] > 96 / 8


@pytest.mark.parametrize("name", ["sd3", "z", "chroma", "sana"])
def test_without_a_negative_there_is_an_empty_one(made: Callable[[str], Model], name: str) -> None:
    assert_the_same(made(name), **ONE, width=64)


@pytest.mark.parametrize("name", ["sd3", "flux", "chroma", "qwen", "z"])
def test_variations_are_what_the_pipeline_draws(made: Callable[[str], Model], name: str) -> None:
    assert_the_same(made(name), negative="a dog", **ONE, **VARIED)


@pytest.mark.parametrize("strength", [0.7, 1.0])
@pytest.mark.parametrize("name", ["sd3", "flux", "qwen", "z"])
def test_a_part_is_drawn_as_the_pipeline_draws_it(
    made: Callable[[str], Model], name: str, strength: float
) -> None:
    assert_the_same(made(name), negative="a dog", strength=strength, **ONE, **PARTLY)


@pytest.mark.parametrize("name", MAKERS)
def test_company_draws_what_each_draws_alone(made: Callable[[str], Model], name: str) -> None:
    model = made(name)
    crowd: list[dict[str, Any]] = [
        {"steps": 5, "guidance": 4.0, "negative": "a dog", "indices": (0, 1)},
        {"steps": 2, "guidance": 0.0, "text": "another"},
        {"steps": 3, "guidance": 7.0, "text": "a third one", "indices": (2,), **VARIED},
        {"steps": 3, "guidance": 1.0, "indices": (1,), **PARTLY},
    ]
    solo = [alone(model, **changes) for changes in crowd]
    runs = [begun(model, str(index), **changes) for index, changes in enumerate(crowd)]
    assert len({run.company for run in runs}) == 1
    drawn_together(runs, joins=(0, 1, 0, 2))
    for run, own in zip(runs, solo, strict=True):
        assert far(finished(run), own) <= COMPANY


@pytest.mark.parametrize("name", MAKERS)
def test_a_part_keeps_the_rest(made: Callable[[str], Model], name: str) -> None:
    run = begun(made(name), **ONE, **PARTLY)
    finished(run)
    (picture,) = run.pictures()
    old = imaging.decode(SOURCE)
    box = (0, 0, 24, 64)
    assert picture.crop(box).tobytes() == old.crop(box).tobytes()
    assert picture.tobytes() != old.tobytes()
    assert MASK != SOURCE


@pytest.mark.parametrize("name", MAKERS)
def test_steps_are_shown_and_can_be_the_last(made: Callable[[str], Model], name: str) -> None:
    heard = Heard(cancel_at=2)
    run = begun(made(name), heard=heard, steps=4)
    while not run.done:
        run.step_with([])
    assert heard.steps == [(1, 4), (2, 4)]
    assert any(isinstance(event, Preview) for event in heard.events)
    with pytest.raises(Cancelled):
        run.pictures()


@pytest.mark.parametrize("name", MAKERS)
def test_a_subtle_variation_stays_close(made: Callable[[str], Model], name: str) -> None:
    """A picture that is barely noised is the picture, as far as a random autoencoder keeps one."""
    model = made(name)
    assert model.family
    with torch.no_grad():
        own = model.family.encoded(imaging.decode(SOURCE), generators([7]))
    subtle, strong = (
        begun(model, steps=20, indices=(0,), **{**VARIED, "strength": strength}).path.latents
        for strength in (0.05, 0.95)
    )
    assert far(subtle, own) < 0.3 * far(strong, own)


def test_sizes_and_samplers_that_do_not_fit_are_bad_input(made: Callable[[str], Model]) -> None:
    for name, changes in (
        ("flux", {"width": 72}), ("flux", {"sampler": "euler"}), ("sana", {"sampler": "ddim"}),
    ):  # fmt: skip
        with pytest.raises(RenderFailed) as caught:
            begun(made(name), **changes)
        assert caught.value.code == "bad_input"


def test_a_transformer_that_predicts_noise_has_all_samplers(made: Callable[[str], Model]) -> None:
    asked = {"sampler": "euler", "guidance": 3.0, "steps": 3}
    assert_the_same(made("sigma"), **asked)


def test_an_engine_draws_from_a_folder_and_confirms_its_card(tmp_path: Path) -> None:
    flows.flux().save_pretrained(tmp_path / "flux")
    asked = ModelCard(id="f", name="f", source=str(tmp_path / "flux"), native=64)
    engine = DiffusionEngine({"f": asked}, "cpu", "float32")
    heard = Heard()
    one = attempt(model="f", indices=(2,), steps=2)
    (picture,) = drawn_by(engine, one, heard)
    assert picture.size == (64, 64)
    assert heard.steps == [(1, 2), (2, 2)]
    confirmed = engine.loaded()["f"]
    told = {
        name: confirmed[name] for name in ("family", "variations", "previews", "negatives_above")
    }
    assert told == {
        "family": "flux", "variations": True, "previews": True, "negatives_above": None,
    }  # fmt: skip
    assert engine.drawn_by("f").startswith("torch ")


def test_a_sampler_that_does_not_fit_is_said_when_the_model_is_loaded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flows.flux().save_pretrained(tmp_path / "flux")
    asked = ModelCard(
        id="f", name="Flow", source=str(tmp_path / "flux"), native=64, sampler="euler"
    )
    engine = DiffusionEngine({"f": asked}, "cpu", "float32")
    engine.load("f", lambda said: None)
    assert caplog.messages == ["Flow draws by its own sampler only, so sampler = euler is ignored."]
    confirmed = engine.loaded()["f"]
    assert (confirmed["samplers"], confirmed["sampler"]) == (False, "default")


def test_what_can_be_asked_is_declared(made: Callable[[str], Model]) -> None:
    above = {name: made(name).capabilities.negatives_above for name in MAKERS}
    assert above == {
        "sd3": 1.0, "flux": None, "schnell": None, "chroma": 1.0, "qwen": 1.0, "z": 0.0,
        "klein": 1.0, "distilled klein": None, "flux 2": None, "alpha": 1.0, "sigma": 1.0,
        "sana": 1.0,
    }  # fmt: skip
    assert all(made(name).capabilities.shared_steps for name in MAKERS)
