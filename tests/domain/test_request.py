"""Requests as values: sizes, changed copies, plain data and back."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.action import Action, Tile
from bot.domain.errors import InvalidPrompt
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.request import GRID, GenerationRequest
from bot.domain.size import AspectRatio, Size

RATIOS = st.tuples(st.integers(1, 60), st.integers(1, 60)).filter(
    lambda pair: pair[0] <= 3 * pair[1] and pair[1] <= 3 * pair[0]
)
TILES = st.builds(Tile, st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(1, 4))


def request(text: str = "a red fox --seed 7 --ar 3:2", **changes: object) -> GenerationRequest:
    values: dict[str, object] = {
        "action": Action.IMAGINE,
        "prompt": Prompt.parse(text),
        "model": "embedded",
        "size": Size(152, 104),
        "seed": 7,
        "steps": 12,
        "guidance": 3.0,
    }
    return GenerationRequest(**(values | changes))  # type: ignore[arg-type]


@given(
    text=st.text(min_size=1, max_size=200),
    tile=st.none() | TILES,
    strength=st.none() | st.floats(0, 1),
    seed=st.integers(0, SEED_MAX),
    guidance=st.floats(0, 30),
    action=st.sampled_from(list(Action)),
)
def test_json_round_trip(text, tile, strength, seed, guidance, action) -> None:
    try:
        prompt = Prompt.parse(text)
    except InvalidPrompt:
        return
    wanted = request(
        prompt=prompt, source=tile, strength=strength, seed=seed, guidance=guidance, action=action
    )
    data = json.loads(json.dumps(wanted.to_json()))
    assert GenerationRequest.from_json(data) == wanted


@pytest.mark.parametrize("schema", [None, 0, 2, "1"])
def test_unknown_schema_is_refused(schema: object) -> None:
    with pytest.raises(ValueError, match="schema"):
        GenerationRequest.from_json(request().to_json() | {"schema": schema})


def test_recipe_is_plain_data_with_text_and_negative_apart() -> None:
    recipe = request("a fox --no cats, dogs").recipe()
    assert (recipe["text"], recipe["negative"]) == ("a fox", "cats, dogs")
    assert json.loads(json.dumps(recipe)) == recipe


@given(RATIOS, st.sampled_from([(128, 8), (512, 8), (512, 64), (768, 64), (1024, 16), (1024, 64)]))
def test_fit_is_divisible_near_the_area_and_near_the_ratio(pair, model) -> None:
    native, multiple = model
    size = Size.fit(AspectRatio(*pair), native, multiple)
    assert size.width % multiple == size.height % multiple == 0
    assert min(size.width, size.height) >= multiple
    assert 0.6 < size.width * size.height / native**2 < 1.6
    # Nearer than one step of the shorter side would change it.
    error = abs(math.log(size.width * pair[1] / (size.height * pair[0])))
    assert error <= math.log1p(multiple / min(size.width, size.height))


@given(RATIOS)
def test_fit_of_the_turned_ratio_has_the_same_shape_turned(pair) -> None:
    upright = Size.fit(AspectRatio(*pair), 1024, 64)
    turned = Size.fit(AspectRatio(*reversed(pair)), 1024, 64)
    across = abs(math.log(upright.width * turned.width / (upright.height * turned.height)))
    assert across < 0.15


@pytest.mark.parametrize(
    ("ratio", "native", "multiple", "size"),
    [
        ((1, 1), 128, 8, Size(128, 128)),
        ((1, 1), 1024, 64, Size(1024, 1024)),
        ((3, 2), 512, 8, Size(624, 416)),
        ((1, 3), 128, 8, Size(72, 216)),
        ((3, 1), 128, 64, Size(192, 64)),
    ],
)
def test_fit_of_known_models(ratio, native, multiple, size) -> None:
    assert Size.fit(AspectRatio(*ratio), native, multiple) == size
    assert str(Size(2, 3)) == "2×3"


def test_seeds_follow_one_another_and_wrap() -> None:
    assert [request().seed_of(index) for index in range(4)] == [7, 8, 9, 10]
    last = request(seed=SEED_MAX)
    assert [last.seed_of(0), last.seed_of(1)] == [SEED_MAX, 0]


def test_vary_is_a_changed_copy() -> None:
    parent = request()
    varied = parent.vary(Tile("j", 2), seed=99, strength=0.6)
    assert varied.action is Action.VARY
    assert (varied.source, varied.strength, varied.seed) == (Tile("j", 2), 0.6, 99)
    assert str(varied.prompt) == "a red fox --ar 3:2"
    assert (varied.size, varied.steps, varied.count) == (parent.size, parent.steps, GRID)
    assert parent == request()


def test_reroll_draws_anew_and_of_a_variation_varies_its_source_again() -> None:
    again = request().reroll(5)
    assert (again.action, again.seed, again.source) == (Action.REROLL, 5, None)
    assert again.prompt.seed is None
    varied = request().vary(Tile("j", 2), 99, 0.6).reroll(5)
    assert (varied.source, varied.strength) == (Tile("j", 2), 0.6)


def test_reroll_of_a_single_picture_is_drawn_from_the_prompt() -> None:
    again = request().upscale(Tile("j", 3)).reroll(5)
    assert (again.source, again.strength, again.count) == (None, None, GRID)


def test_afresh_forgets_the_source() -> None:
    plain = request().vary(Tile("j", 2), 99, 0.6).afresh()
    assert (plain.source, plain.strength, plain.seed) == (None, None, 99)


def test_upscale_carries_the_seed_of_its_picture() -> None:
    single = request().upscale(Tile("j", 3))
    assert (single.action, single.seed, single.count) == (Action.UPSCALE, 9, 1)
    assert single.source == Tile("j", 3)


def test_price_and_work() -> None:
    grid = request(size=Size(1000, 1000), steps=10)
    assert (grid.cost, grid.work) == (1, 40.0)
    assert grid.vary(Tile("j", 1), 1, 0.5).work == 20.0
    assert grid.upscale(Tile("j", 1)).cost == 0
    assert [action.draws for action in Action] == [True, True, True, False]
