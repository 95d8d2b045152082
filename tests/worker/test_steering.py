"""bot.worker.steering over every kind of model: what is asked moves what is drawn, what is not
leaves it alone to the last bit, and a picture depends on nobody beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pytest
import torch

from bot.domain.vocabulary import Vocabulary
from bot.worker.drawing import CalledRun
from bot.worker.families import meanings
from bot.worker.families.long_texts import pieces
from bot.worker.model import Model
from bot.worker.wording import Wording, wording_of
from tests.kit import flows
from tests.kit.pipelines import library, stable_diffusion, stable_diffusion_xl, unet
from tests.kit.runs import (
    COMPANY,
    VARIED,
    Heard,
    alone,
    begun,
    drawn_together,
    each_once,
    far,
    finished,
)
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
MAKERS: dict[str, Callable[[], Any]] = {
    "sd": stable_diffusion,
    "sdxl": stable_diffusion_xl,
    "lcm": lambda: stable_diffusion(
        unet=unet(time_cond_proj_dim=8), scheduler=library.LCMScheduler()
    ),
    "sd3": flows.stable_diffusion_3,
    "flux": flows.flux,
    "pixart": lambda: flows.pixart("Sigma"),
    "chroma": flows.chroma,
    "z": flows.z_image,
    "qwen": flows.qwen_image,
}
STEERED = ("sd", "sdxl", "lcm", "sd3", "flux", "pixart", "chroma")
UNASKED: dict[str, Any] = {
    "parts": [], "excluded": [], "meant": {"chaos": 0.0, "stylize": 0.0}, "stop": 1.0,
}  # fmt: skip
EVERYTHING: dict[str, Any] = {
    "parts": [["a cat", 2.0], ["a very red house on a hill", 1.0]],
    "excluded": [["red", 0.5], ["a dog", 0.25]],
    "meant": {
        "chaos": 0.4, "weird": 0.2, "stylize": 2.0, "exp": 0.3, "looks": [[7, 1.0]],
    },
}  # fmt: skip

SHORT = Wording("oil painting", "neon art", ("pencil", "photo", "snow"), ("red", "blue"))
"""Words that the tiny encoders have room for."""


@pytest.fixture(scope="module")
def made() -> Callable[[str], Model]:
    of = each_once(MAKERS)

    def briefly(name: str) -> Model:
        model = of(name)
        model.wording = SHORT
        return model

    return briefly


def asked(**changes: Any) -> dict[str, Any]:
    return {"steps": 2, "guidance": 3.0, "indices": (0, 1)} | changes


def meant(**values: Any) -> dict[str, Any]:
    return asked(meant=values)


@pytest.mark.parametrize("name", MAKERS)
def test_who_asks_for_nothing_is_drawn_as_before(made: Callable[[str], Model], name: str) -> None:
    model = made(name)
    assert torch.equal(alone(model, **asked(**UNASKED)), alone(model, **asked()))


@pytest.mark.parametrize("name", ["sd", "sdxl", "sd3", "pixart", "chroma"])
def test_one_thing_left_out_is_a_plain_negative(made: Callable[[str], Model], name: str) -> None:
    model, plain = made(name), asked(negative="a dog")
    assert torch.equal(
        alone(model, **plain, excluded=[["a dog", 0.5]]), alone(model, **plain)
    )  # fmt: skip
    for more in ([["a dog", 0.2]], [["a dog", 0.5], ["red", 0.5]]):
        assert far(alone(model, **plain, excluded=more), alone(model, **plain)) > 1e-6


@pytest.mark.parametrize("name", ["z", "qwen"])
def test_who_reads_a_text_as_a_whole_is_not_steered(
    made: Callable[[str], Model], name: str
) -> None:
    model = made(name)
    assert not model.capabilities.steers
    assert torch.equal(alone(model, **asked(**EVERYTHING)), alone(model, **asked()))


@pytest.mark.parametrize("name", STEERED)
@pytest.mark.parametrize("guidance", [0.0, 3.0])
def test_whatever_is_asked_acts(made: Callable[[str], Model], name: str, guidance: float) -> None:
    model, plain = made(name), asked(guidance=guidance, steps=1)
    own = alone(model, **plain)
    for what, value in [*EVERYTHING["meant"].items(), ("stylize", -1.0)]:
        assert far(alone(model, **plain, meant={what: value}), own) > 1e-7, what
    for what in ("parts", "excluded"):
        assert far(alone(model, **plain, **{what: EVERYTHING[what]}), own) > 1e-7, what


RANGES = {"weird": (0.2, 0.5, 1.0), "stylize": (1.0, 4.0, 9.0), "exp": (0.2, 0.5, 1.0)}


@pytest.mark.parametrize("name", ["sd", "sd3", "flux"])
@pytest.mark.parametrize("what", RANGES)
def test_more_is_further(made: Callable[[str], Model], name: str, what: str) -> None:
    """In what the denoiser is told; and drawn, where it is not told of its guidance as well."""
    model = made(name)
    runs = [begun(model, **asked())]
    runs += [begun(model, **meant(**{what: value})) for value in RANGES[what]]
    told = [run.path.conditions["text"] for run in runs]
    fars = [[(each - told[0]).norm() for each in told]]
    if name != "flux":
        drawn = [finished(run) for run in runs]
        fars.append([(each - drawn[0]).norm() for each in drawn])
    assert fars == [sorted(row) for row in fars]
    assert all(len(set(map(float, row))) == 4 for row in fars)


@pytest.mark.parametrize("name", ["sd", "sd3", "flux"])
def test_chaos_tells_pictures_apart_that_would_be_alike(
    made: Callable[[str], Model], name: str
) -> None:
    """What it adds to the difference that noise makes, which in models that learned nothing is
    nearly all."""

    def spread(chaos: float) -> float:
        drawn = alone(made(name), **meant(chaos=chaos)) - alone(made(name), **asked())
        return float((drawn[0] - drawn[1]).norm())

    assert 0 == spread(0) < spread(0.5) < spread(1.0)


@pytest.mark.parametrize("name", ["sd", "flux"])
def test_the_heavier_part_is_nearer(made: Callable[[str], Model], name: str) -> None:
    model = made(name)
    cat, dog = (alone(model, **asked(text=each)) for each in ("a cat", "a dog"))
    first, last = (
        alone(model, **asked(parts=[["a cat", one], ["a dog", other]]))
        for one, other in ((3.0, 1.0), (1.0, 3.0))
    )
    assert (first - cat).norm() < (first - dog).norm()
    assert (last - dog).norm() < (last - cat).norm()
    assert torch.equal(alone(model, **asked(parts=[["a cat", 7.0]])), cat)


# Alone and in company

CROWD: tuple[dict[str, Any], ...] = (
    {"steps": 4, "stop": 0.5, **EVERYTHING},
    {"steps": 3},
    {"steps": 2, "guidance": 0.0, "meant": {"chaos": 1.0}, "excluded": [["red", 0.5]]},
    {"steps": 5, "stop": 0.8, "indices": (2,), "meant": {"looks": [[8, 0.5]]}, **VARIED},
)


@pytest.mark.parametrize("name", STEERED)
def test_company_draws_what_each_draws_alone(made: Callable[[str], Model], name: str) -> None:
    model, crowd = made(name), [asked(**changes) for changes in CROWD]
    solo = [alone(model, **changes) for changes in crowd]
    runs = [begun(model, str(index), **changes) for index, changes in enumerate(crowd)]
    assert len({run.company for run in runs}) == 1
    drawn_together(runs, joins=(0, 0, 1, 2))
    for run, own in zip(runs, solo, strict=True):
        assert far(finished(run), own) <= COMPANY


@pytest.mark.parametrize("name", ["sd", "sd3", "flux"])
def test_a_picture_drawn_again_is_that_of_its_grid(made: Callable[[str], Model], name: str) -> None:
    model = made(name)
    grid = alone(model, **asked(indices=(0, 1, 2, 3), **EVERYTHING))
    for index in (1, 3):
        again = alone(model, **asked(indices=(index,), **EVERYTHING))
        assert far(again[0], grid[index]) <= COMPANY


# Stopping early


@pytest.mark.parametrize(
    ("steps", "stop", "made_"), [(10, 1.0, 10), (10, 0.5, 5), (10, 0.11, 2), (3, 0.1, 1)]
)
def test_so_many_steps_are_made(
    made: Callable[[str], Model], steps: int, stop: float, made_: int
) -> None:
    assert begun(made("sd"), steps=steps, stop=stop).left == made_


def test_a_start_from_a_picture_stops_at_the_same_level(made: Callable[[str], Model]) -> None:
    left = [begun(made("sd"), steps=10, stop=stop, **VARIED).left for stop in (1.0, 0.8, 0.1)]
    assert left == [7, 5, 1]


SAMPLED = ("default", "euler", "euler_a", "heun", "dpmpp_2m", "unipc", "lcm", "dpmpp_2m_sde")


@pytest.mark.parametrize("sampler", SAMPLED)
def test_what_is_left_of_the_noise_is_taken_out(made: Callable[[str], Model], sampler: str) -> None:
    """The last step is the same as far as it is made; what is decoded is nearer to what was
    predicted than to the noise."""
    model, changes = made("sd"), {"steps": 6, "sampler": sampler, "indices": (0, 1)}
    stopped = begun(model, stop=0.5, **changes)
    whole = begun(model, **changes)
    while stopped.left:
        stopped.step_with([])
        whole.step_with([])
    assert stopped.path.latents.isfinite().all()
    assert not torch.equal(stopped.path.latents, whole.path.latents)


def test_a_pipelines_own_call_stops_early_too(made: Callable[[str], Model]) -> None:
    """And its last step is the one that it stops after."""
    pictures, steps, costs = {}, {}, {}
    for stop in (1.0, 0.5):
        heard = Heard()
        one = attempt(steps=6, stop=stop, indices=(0, 1))
        run = CalledRun(made("sd"), one, heard.emit, heard.cancelled)
        costs[stop] = run.cost
        run.step_with([])
        pictures[stop], steps[stop] = run.pictures(), heard.steps
    assert steps[0.5] == [(1, 3), (2, 3), (3, 3)]
    assert steps[1.0][-1] == (6, 6)
    assert costs[0.5] == costs[1.0] / 2
    assert pictures[0.5] != pictures[1.0]


# Long texts

LONG = " ".join(["a red cat in the forest"] * 8)


def test_long_texts_are_read_in_pieces(made: Callable[[str], Model]) -> None:
    pipeline = made("sd").pipeline
    assert pieces(pipeline, "a cat,  in space") == ["a cat,  in space"]
    parts = pieces(pipeline, LONG)
    assert len(parts) > 1
    assert " ".join(parts) == LONG
    room = pipeline.tokenizer.model_max_length
    assert max(len(pipeline.tokenizer(part).input_ids) for part in parts) <= room


@pytest.mark.parametrize(
    "text",
    [
        "a cat 1girl,solo,masterpiece,best_quality,ultra_detailed,8k,wallpaper,smile,outdoors,tree",
        "森の中の赤い狐が、月明かりの下で歩いている。",
        "word" * 20,
    ],
    ids=["list", "Japanese", "letters"],
)
def test_what_is_written_without_spaces_is_read_to_its_end(
    made: Callable[[str], Model], text: str
) -> None:
    pipeline = made("sd").pipeline
    parts = pieces(pipeline, text)
    assert len(parts) > 1
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    room = pipeline.tokenizer.model_max_length
    assert max(len(pipeline.tokenizer(part).input_ids) for part in parts) <= room
    assert not any(part.startswith(",") for part in parts)


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_both_halves_are_as_long_as_the_longest(made: Callable[[str], Model], name: str) -> None:
    model, long = made(name), {"text": LONG, "indices": (0, 1)}
    tokens = begun(model).path.conditions["text"].shape[1]
    crowd = [
        asked(text=LONG),
        asked(text="a cat", negative=LONG),
        asked(excluded=[[LONG, 0.5]]),
        asked(parts=[["a dog", 1.0], [LONG, 1.0]], **{"meant": {"chaos": 0.5, "weird": 0.2}}),
    ]
    runs = [begun(model, str(index), **changes) for index, changes in enumerate(crowd)]
    assert {run.path.conditions["text"].shape[1] for run in runs} == {3 * tokens}
    assert len({run.company for run in runs}) == 1
    assert runs[0].company != begun(model).company
    solo = [alone(model, **changes) for changes in crowd]
    drawn_together(runs, joins=(0, 0, 0, 0))
    for run, own in zip(runs, solo, strict=True):
        assert far(finished(run), own) <= COMPANY
    assert far(alone(model, **long), alone(model, **long | {"text": LONG[:60]})) > 1e-6


# Words and numbers


def test_a_mixture_sees_what_any_of_its_texts_says() -> None:
    def rows(seen: Sequence[int], value: float) -> dict[str, torch.Tensor]:
        return {"text": torch.full((1, 3, 2), value), "seen": torch.tensor([seen])}

    mixture = meanings.mixed([(rows([1, 0, 0], 1.0), 1.0), (rows([1, 1, 0], 4.0), 3.0)])
    assert mixture["seen"].tolist() == [[1, 1, 0]]
    assert mixture["text"][0, :, 0].tolist() == [3.25, 3.0, 0.0]
    alone_ = rows([1, 0, 0], 1.0)
    assert meanings.mixed([(alone_, 0.1)]) is alone_


def test_looks_are_as_many_as_numbers() -> None:
    wording = Wording()
    assert wording.look(7) == wording.look(7)
    looks = [wording.look(number) for number in range(50)]
    assert all(one != other for one, other in combinations(looks, 2))
    for look in looks:
        assert len({words for words, _ in look}) == len(look) == 3


def test_a_small_model_is_told_in_words_that_it_knows() -> None:
    assert wording_of(None) == wording_of(Vocabulary()) == Wording()
    known = Vocabulary(styles=("plain", "ink", "neon"), words=frozenset({"ink", "neon", "red"}))
    wording = wording_of(known)
    assert (wording.taste, wording.detail) == ("ink", "neon")
    assert {words for words, _ in wording.look(3)} == {"ink", "neon", "red background"}
