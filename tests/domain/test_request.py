"""Requests as values: seeds, changed copies, plain data and back, what a worker gets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.action import Action, Kind, Tile
from bot.domain.framing import Frame
from bot.domain.inputs import ORIGIN, SOURCE, Input
from bot.domain.prompt import Prompt, values
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.request import GRID, GenerationRequest, Sampling, Seeding
from bot.domain.size import Size

TEXTS = st.text(min_size=1, max_size=20)
SHARES = st.floats(0, 1)
TILES = st.builds(Tile, st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(1, 4))
SAMPLINGS = st.builds(
    Sampling, st.integers(1, 100), st.floats(0, 30), TEXTS, st.none() | SHARES, SHARES
)
INPUTS = st.lists(
    st.builds(
        Input, st.sampled_from([SOURCE, "mask"]), st.none() | TEXTS, st.none() | TILES, SHARES
    ),
    max_size=3,
).map(tuple)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
PAIRS = st.dictionaries(TEXTS, PLAIN, max_size=3).map(lambda found: tuple(found.items()))
REQUESTS = st.builds(
    GenerationRequest,
    kind=st.sampled_from(Kind),
    action=st.sampled_from(Action),
    prompt=st.builds(Prompt, TEXTS, PAIRS),
    model=TEXTS,
    size=st.builds(Size, st.integers(8, 4096), st.integers(8, 4096)),
    count=st.integers(1, 4),
    seed=st.integers(0, SEED_MAX),
    seeding=st.sampled_from(Seeding),
    sampling=SAMPLINGS,
    inputs=INPUTS,
    frame=st.none() | st.builds(Frame, *[st.integers(-4096, 4096)] * 4),
    extra=PAIRS,
)


def request(text: str = "a red fox --seed 7 --ar 3:2", **changes: Any) -> GenerationRequest:
    made = GenerationRequest(
        action=Action.IMAGINE,
        prompt=Prompt.parse(text),
        model="embedded",
        size=Size(152, 104),
        seed=7,
        sampling=Sampling(steps=12, guidance=3.0),
    )
    return replace(made, **changes)


# Stored and read again


@given(REQUESTS)
def test_json_round_trip_of_every_request(wanted: GenerationRequest) -> None:
    data = json.loads(json.dumps(wanted.to_json()))
    assert data == wanted.to_json()
    assert GenerationRequest.from_json(data) == wanted
    assert hash(GenerationRequest.from_json(data)) == hash(wanted)


def test_what_is_stored_is_the_prompt_as_understood() -> None:
    stored = request("a fox --ar 6:4 --no cats, dogs --q .5").to_json()["prompt"]
    assert stored == {
        "text": "a fox",
        "options": {"ar": [3, 2], "quality": 0.5, "no": ["cats", "dogs"]},
    }


def test_a_stored_request_needs_no_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.loads(json.dumps(request("a fox --q .5 --no cats").to_json()))
    # The next version narrows a range and takes a parameter away.
    narrow = replace(_table()["quality"], spelling=values.share(1, 4))
    monkeypatch.setitem(_table(), "quality", narrow)
    monkeypatch.delitem(_table(), "no")
    read = GenerationRequest.from_json(data)
    assert (read.prompt.quality, read.prompt.negative) == (0.5, "cats")
    assert "--quality 0.5" in str(read.prompt)


def _table() -> dict[str, Any]:
    from bot.domain.prompt import parameters

    return parameters._BY_NAME


@pytest.mark.parametrize("schema", [None, 0, 3, "1", [2]])
def test_unknown_schema_is_refused(schema: object) -> None:
    with pytest.raises(ValueError, match="schema"):
        GenerationRequest.from_json(request().to_json() | {"schema": schema})


@pytest.mark.parametrize(
    "damage",
    [
        {"action": "paint"},
        {"kind": "paint"},
        {"prompt": None},
        {"prompt": {"text": "a fox"}},
        {"prompt": {"text": "a fox", "options": {"no": {"cats": 1}}}},
        {"size": [128]},
        {"seed": "x"},
        {"seeding": 9},
        {"sampling": {"steps": 4}},
        {"inputs": [{"role": "source"}]},
        {"inputs": 7},
        {"frame": {"left": 1}},
        {"extra": None},
    ],
    ids=str,
)
def test_damaged_data_is_one_kind_of_error(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        GenerationRequest.from_json(request().to_json() | damage)


@pytest.mark.parametrize("key", sorted(request().to_json()))
def test_missing_data_is_the_same_kind_of_error(key: str) -> None:
    data = request().to_json()
    del data[key]
    with pytest.raises(ValueError, match=key):
        GenerationRequest.from_json(data)


def test_recipe_says_in_plain_words_what_the_request_comes_to() -> None:
    wanted = request("a fox --no cats, dogs")
    recipe = wanted.recipe()
    assert (recipe["text"], recipe["negative"]) == ("a fox", "cats, dogs")
    assert recipe["seeds"] == [wanted.seed_of(index) for index in range(4)]
    assert GenerationRequest.from_json(json.loads(json.dumps(recipe))) == wanted


# What a worker gets


def test_the_wire_form_is_flat_plain_data() -> None:
    source = Tile("j", 2)
    varied = request("a fox --no cats").vary(source, seed=99, strength=0.6)
    wire = varied.identified({source: "ab" * 32, Tile("j", 1): "no"}).wire()
    assert json.loads(json.dumps(wire)) == {
        "width": 152, "height": 104, "count": 4, "seeds": varied.seeds, "text": "a fox",
        "negative": "cats", "steps": 12, "guidance": 3.0, "sampler": "default", "strength": 0.6,
        "stop": 1.0, "rescale": 0.0, "parts": [], "excluded": [["cats", 0.5]], "meant": {},
        "source": "ab" * 32, "mask": None, "frame": None, "loras": {}, "file": "webp",
        "images": [], "style": False,
        "recipe": varied.identified({source: "ab" * 32}).recipe(),
    }  # fmt: skip
    assert request().wire()["source"] is None
    masked = replace(request(), inputs=(Input("source", "ab" * 32), Input("mask", "cd" * 32)))
    assert masked.wire()["mask"] == "cd" * 32


# Seeds


def test_seeds_are_the_hash_that_the_docstring_defines() -> None:
    # printf 'easel 7 0' | sha256sum | cut -c -8
    assert [f"{seed:08x}" for seed in request().seeds] == [
        "45b79718", "a7854a1f", "798ff3fe", "49254870",
    ]  # fmt: skip


def test_neighbouring_seeds_share_no_picture() -> None:
    seen = [seed for number in range(300) for seed in request(seed=number).seeds]
    assert len(set(seen)) == len(seen)
    assert all(0 <= seed <= SEED_MAX for seed in seen)


def test_schema_1_kept_its_own_formula() -> None:
    old = request(seeding=Seeding.FOLLOWING)
    assert old.seeds == [7, 8, 9, 10]
    last = replace(old, seed=SEED_MAX)
    assert last.seeds == [SEED_MAX, 0, 1, 2]


# Changed copies


def test_vary_is_a_changed_copy() -> None:
    parent = request(seeding=Seeding.FOLLOWING)
    varied = parent.vary(Tile("j", 2), seed=99, strength=0.6)
    assert (varied.kind, varied.action) == (Kind.DRAW, Action.VARY)
    assert (varied.source, varied.sampling.strength, varied.seed) == (Tile("j", 2), 0.6, 99)
    assert varied.seeding is Seeding.SCATTERED
    assert str(varied.prompt) == "a red fox --ar 3:2"
    assert (varied.size, varied.count) == (parent.size, GRID)
    assert replace(varied.sampling, strength=None) == parent.sampling
    assert parent == request(seeding=Seeding.FOLLOWING)


def test_reroll_draws_anew_and_of_a_variation_varies_its_source_again() -> None:
    again = request().reroll(5)
    assert (again.action, again.seed, again.source) == (Action.REROLL, 5, None)
    assert again.prompt.seed is None
    varied = request().vary(Tile("j", 2), 99, 0.6).reroll(5)
    assert (varied.source, varied.sampling.strength) == (Tile("j", 2), 0.6)


def test_reroll_of_a_single_picture_is_drawn_from_the_prompt() -> None:
    again = request().upscale(Tile("j", 3)).reroll(5)
    assert (again.source, again.sampling.strength, again.count) == (None, None, GRID)
    assert (again.kind, again.seeding) == (Kind.DRAW, Seeding.SCATTERED)


def test_what_is_drawn_around_a_picture_is_a_changed_copy() -> None:
    parent = request("a red fox --seed 7 --ar 3:2 --tile", extra=(("tile", True), ("chaos", 0.1)))
    framed = Size(152, 152), Frame(0, 24, 152, 104)
    grown = parent.around(Action.PAN_UP, Tile("j", 2), 99, 0.6, framed)
    assert (grown.kind, grown.action, grown.seed) == (Kind.DRAW, Action.PAN_UP, 99)
    assert (grown.source, grown.size, grown.frame) == (Tile("j", 2), *framed)
    assert grown.sampling == replace(parent.sampling, strength=0.6)
    assert (str(grown.prompt), grown.meant) == ("a red fox", {"chaos": 0.1})
    wide = parent.around(Action.PAN_LEFT, Tile("j", 2), 99, 0.6, (Size(208, 104), framed[1]))
    assert str(wide.prompt) == "a red fox --ar 2:1"
    same = parent.around(Action.ZOOM_OUT_2X, Tile("j", 2), 99, 0.6, (parent.size, framed[1]))
    assert str(same.prompt) == "a red fox --ar 3:2"
    assert grown.wire()["frame"] == [0, 24, 152, 104]
    # 🔄 draws other surroundings, a variation is one of the whole, and without the picture there
    # is nothing to be around.
    again = grown.reroll(5)
    assert again == replace(grown, action=Action.REROLL, seed=5)
    varied = grown.vary(Tile("k", 1), 99, 0.5)
    assert (varied.size, varied.frame) == (grown.size, None)
    assert grown.afresh().frame is None
    half = grown.smaller("76x76")
    assert (half.size, half.frame) == (Size(76, 76), Frame(0, 12, 76, 52))


def test_what_was_taken_out_of_a_grid_remembers_how_that_was_drawn() -> None:
    tile, source = Tile("j", 3), Input(SOURCE, "ab" * 32, Tile("i", 1))
    framed = Size(208, 104), Frame(0, 0, 152, 104)
    grown = request().around(Action.PAN_RIGHT, source.tile or tile, 99, 0.6, framed)
    grown = replace(grown, inputs=(source,))
    single = grown.upscale(tile)
    assert single.inputs == (Input(SOURCE, tile=tile), replace(source, role=ORIGIN))
    assert (single.source, single.origin) == (tile, replace(source, role=ORIGIN))
    assert GenerationRequest.from_json(json.loads(json.dumps(single.to_json()))) == single
    again = single.reroll(5, Action.REDO)
    assert again == replace(grown, action=Action.REDO, seed=5)
    restored = single.restored()
    assert (restored.kind, restored.seeds) == (Kind.DRAW, [grown.seeds[2]])
    assert (restored.inputs, restored.frame) == (grown.inputs, grown.frame)
    # Nothing of it is left in what is made of that picture.
    assert single.vary(Tile("k", 1), 1, 0.5).inputs == (Input(SOURCE, tile=Tile("k", 1)),)
    assert request().upscale(tile).origin is None


def test_afresh_forgets_the_source_and_keeps_other_inputs() -> None:
    mask, look = Input("mask", digest="ab"), Input("style", digest="cd")
    varied = request().vary(Tile("j", 2), 99, 0.6)
    plain = replace(varied, inputs=(*varied.inputs, mask, look)).afresh()
    assert (plain.source, plain.sampling.strength, plain.seed) == (None, None, 99)
    assert plain.inputs == (look,)


@pytest.mark.parametrize("seeding", Seeding)
def test_upscale_carries_the_seed_of_its_picture(seeding: Seeding) -> None:
    grid = request(seeding=seeding)
    single = grid.upscale(Tile("j", 3))
    assert (single.kind, single.action, single.count) == (Kind.EXTRACT, Action.UPSCALE, 1)
    assert single.seeds == [grid.seeds[2]]
    assert single.source == Tile("j", 3)


def test_work() -> None:
    grid = request(size=Size(1000, 1000), sampling=Sampling(10, 3.0))
    assert grid.work == 80.0
    assert grid.vary(Tile("j", 1), 1, 0.5).work == 40.0
    assert replace(grid, sampling=Sampling(10, 3.0, stop=0.25)).work == 20.0
    assert replace(grid, sampling=Sampling(10, 1.0)).work == 40.0
    nearly_nothing = Sampling(10, 1.0, strength=0.5, stop=0.1)
    assert replace(grid, sampling=nearly_nothing).work == 4.0  # one step of each
