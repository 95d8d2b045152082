"""The one maker of requests: from a prompt or a press, and a model's card, to what is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.action import Action, Kind, Press, Tile
from bot.domain.errors import InvalidPrompt, Unable
from bot.domain.framing import Frame
from bot.domain.inputs import MASK, SOURCE, Input
from bot.domain.preferences import Variation
from bot.domain.request import GenerationRequest, Sampling, Seeding
from bot.domain.size import Size
from bot.domain.speed import Speed
from bot.domain.usual import HIDDEN, Usual, hidden
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service import requests, tariff
from bot.service.choice import Choice
from tests.kit.values import from_file

CARD = ModelCard("tiny", "Tiny", "nowhere", native=64, steps=10, guidance=3.0, strength=0.4)
TILE = Tile("ab" * 16, 2)
ALL_OF_IT = Tile(TILE.job, 0)


def a_card(**changes: Any) -> ModelCard:
    return replace(CARD, **changes)


def test_a_prompt_and_a_card_are_all_that_it_takes() -> None:
    made = requests.imagine(a_card(sampler="euler"), "a fox --ar 2:1 --q 0.5 --seed 7")
    assert (made.kind, made.action, made.model) == (Kind.DRAW, Action.IMAGINE, "tiny")
    assert (made.size, made.count) == (Size(96, 48), 4)
    assert made.sampling == Sampling(5, 3.0, "euler")
    assert (made.seed, made.seeding, made.inputs) == (7, Seeding.SCATTERED, ())
    assert str(made.prompt) == "a fox --ar 2:1 --seed 7 --quality 0.5"
    with pytest.raises(InvalidPrompt):
        requests.imagine(CARD, "a fox --ar")


def test_a_model_is_drawn_with_the_loras_of_its_card_unless_others_are_chosen() -> None:
    card = a_card(loras={"detail": 0.7})
    made = requests.imagine(card, "a fox")
    assert made.loras == {"detail": 0.7}
    assert Choice(steps=3).applied(card, made).loras == {"detail": 0.7}
    assert Choice(loras={"fog": 1.0}).applied(card, made).loras == {"fog": 1.0}
    assert Choice(loras={}).applied(card, made).loras == {}
    assert requests.current(a_card(id="other"), made).loras == {}
    assert requests.current(card, made).loras == {"detail": 0.7}


def test_a_model_is_drawn_with_the_contrast_that_its_card_takes_back() -> None:
    card = a_card(rescale=0.2)
    made = requests.imagine(card, "a fox")
    assert made.wire()["rescale"] == made.wire()["recipe"]["sampling"]["rescale"] == 0.2
    told = made.to_json()
    assert GenerationRequest.from_json(told) == made
    del told["sampling"]["rescale"]  # as before there was such a thing
    assert GenerationRequest.from_json(told).sampling.rescale == 0.0
    assert requests.current(a_card(id="other"), made).sampling.rescale == 0.0


def test_only_a_seed_that_nobody_chose_differs() -> None:
    many = [requests.imagine(CARD, "a fox") for _ in range(9)]
    assert len({made.seed for made in many}) == 9
    assert len({replace(made, seed=0) for made in many}) == 1


def test_a_press_takes_what_the_model_usually_does() -> None:
    grid = requests.imagine(CARD, "a fox --seed 7")
    varied = requests.pressed(CARD, grid, Press(Action.VARY, TILE))
    assert (varied.source, varied.sampling) == (TILE, Sampling(10, 3.0, strength=0.4))
    again = requests.pressed(CARD, grid, Press(Action.REROLL, ALL_OF_IT))
    assert (again.source, again.sampling) == (None, grid.sampling)
    assert 7 not in {varied.seed, again.seed}
    single = requests.pressed(CARD, grid, Press(Action.UPSCALE, TILE))
    assert (single.source, single.seeds) == (TILE, [grid.seeds[1]])


def test_a_button_that_says_how_far_wins_over_what_is_preferred() -> None:
    single = requests.imagine(CARD, "a fox").upscale(TILE)

    def strength(action: Action, variation: Variation | None) -> float | None:
        pressed = requests.pressed(CARD, single, Press(action, TILE), variation)
        return pressed.sampling.strength

    for preferred in (None, *Variation):
        assert strength(Action.VARY_SUBTLE, preferred) == pytest.approx(0.24)
        assert strength(Action.VARY_STRONG, preferred) == 0.7
    assert strength(Action.VARY, Variation.STRONG) == 0.7
    assert strength(Action.VARY, None) == 0.4
    # What is drawn around a picture is no variation of it.
    assert {strength(Action.PAN_UP, preferred) for preferred in (None, *Variation)} == {0.4}


def test_what_is_drawn_around_a_picture_stays_within_what_the_model_draws() -> None:
    pan = Press(Action.PAN_RIGHT, TILE)
    grid = requests.imagine(CARD, "a fox")
    once = requests.pressed(CARD, grid, pan)
    assert (once.size, once.frame) == (Size(96, 64), Frame(0, 0, 64, 64))
    assert (str(once.prompt), once.source) == ("a fox --ar 3:2", TILE)
    twice = requests.pressed(CARD, once, pan)
    assert (twice.size, twice.frame) == (Size(144, 64), Frame(0, 0, 96, 64))
    # Half as large again as the model draws of itself, as with --hd; then the picture moves on.
    more = requests.pressed(CARD, twice, pan)
    assert (more.size, more.frame) == (Size(144, 64), Frame(-72, 0, 144, 64))
    square = requests.pressed(CARD, twice, Press(Action.SQUARE, TILE))
    assert (square.size, square.frame) == (Size(96, 96), Frame(0, 27, 96, 42))
    assert [tariff.price(CARD, each) for each in (once, twice, more, square)] == [1] * 4


def test_a_button_that_has_nothing_to_do_says_why() -> None:
    single = requests.imagine(CARD, "a fox").upscale(TILE)
    square, redo = Press(Action.SQUARE, TILE), Press(Action.REDO, ALL_OF_IT)
    with pytest.raises(Unable, match="square already"):
        requests.pressed(CARD, single, square)
    with pytest.raises(Unable, match="from its words alone"):
        requests.pressed(CARD, single, redo)
    assert not requests.offered(CARD, single, Action.SQUARE)
    assert not requests.offered(CARD, single, Action.REDO)
    wide = requests.imagine(CARD, "a fox --ar 3:2")
    assert requests.offered(CARD, wide.upscale(TILE), Action.SQUARE)
    varied = wide.vary(TILE, 1, 0.5).upscale(Tile("cd" * 16, 1))
    assert requests.offered(CARD, varied, Action.REDO)
    again = requests.pressed(CARD, varied, redo)
    assert (again.action, again.source, again.sampling.strength) == (Action.REDO, TILE, 0.5)


def test_another_model_draws_around_the_same_place() -> None:
    grid = requests.imagine(CARD, "a fox")
    framed = requests.pressed(CARD, grid, Press(Action.PAN_LEFT, TILE))
    big = a_card(id="big", native=128)
    again = requests.pressed(big, framed, Press(Action.REROLL, ALL_OF_IT))
    assert again.size == requests.size_of(big, framed.prompt)
    left = round(again.size.width / 3)
    assert again.frame == Frame(left, 0, again.size.width - left, again.size.height)
    assert requests.resumed(Catalogue(big), framed).frame == again.frame
    with pytest.raises(Unable, match="the one of today"):
        requests.resumed(Catalogue(replace(big, inpaints=False)), framed)


def test_what_is_drawn_anew_is_drawn_by_todays_model() -> None:
    grid = requests.imagine(CARD, "a fox --ar 2:1 --q 2 --seed 7")
    big = a_card(id="big", native=128, steps=7, guidance=1.0, strength=0.3)
    varied = requests.pressed(big, grid, Press(Action.VARY, TILE))
    assert (varied.model, varied.size) == ("big", requests.imagine(big, "a fox --ar 2:1").size)
    assert varied.sampling == Sampling(14, 1.0, strength=0.3)
    # A stored picture stays what it is.
    single = requests.pressed(big, grid, Press(Action.UPSCALE, TILE))
    assert (single.model, single.size) == ("tiny", grid.size)


def test_the_model_of_today_keeps_what_an_older_card_said() -> None:
    grid = requests.imagine(CARD, "a fox")
    assert requests.current(a_card(steps=99), grid) is grid


def test_what_the_model_cannot_do_is_refused_by_name() -> None:
    grid = requests.imagine(CARD, "a fox")
    flat = a_card(name="Flat `one`", variations=False)
    with pytest.raises(Unable, match="The model `Flat 'one'` cannot do this"):
        requests.pressed(flat, grid, Press(Action.VARY, TILE))
    assert requests.pressed(flat, grid, Press(Action.REROLL, ALL_OF_IT)).seed
    for action in (Action.VARY, Action.VARY_SUBTLE, Action.ZOOM_OUT_2X, Action.PAN_UP):
        assert not requests.able(flat, action)
    drawn = {Action.IMAGINE, Action.UPSCALE, Action.REROLL, Action.SMALLER, Action.REDO}
    assert {action for action in Action if requests.able(flat, action)} == drawn
    whole = a_card(inpaints=False)
    assert {action for action in Action if requests.able(whole, action)} == drawn | {
        Action.VARY, Action.VARY_SUBTLE, Action.VARY_STRONG, Action.UPSCALE_SUBTLE,
        Action.UPSCALE_CREATIVE,
    }  # fmt: skip


def test_nobody_presses_imagine() -> None:
    with pytest.raises(ValueError, match="no button"):
        requests.pressed(CARD, requests.imagine(CARD, "a fox"), Press(Action.IMAGINE, TILE))


@pytest.mark.parametrize(
    ("guidance", "above", "warned"),
    [(3.0, 1.0, False), (1.0, 1.0, True), (0.0, 1.0, True), (3.5, None, True)],
)
def test_negatives_that_do_not_act_are_said(
    guidance: float, above: float | None, warned: bool
) -> None:
    card = a_card(guidance=guidance, negatives_above=above, steers=False)
    said = requests.warnings(card, requests.imagine(card, "a fox --no cats"))
    assert bool(said) is warned
    assert all("`--no` has no effect here: the model `Tiny`" in sentence for sentence in said)
    assert requests.warnings(card, requests.imagine(card, "a fox")) == []
    steered = replace(card, steers=True)
    assert requests.warnings(steered, requests.imagine(steered, "a fox --no cats")) == []


def test_guidance_decides_whether_a_model_that_does_not_steer_heeds_a_negative() -> None:
    card = a_card(guidance=3.0, steers=False)
    assert requests.warnings(card, requests.imagine(card, "a fox --no cats")) == []
    assert requests.warnings(card, requests.imagine(card, "a fox --no cats --cfg 1"))


def test_who_cannot_close_edges_says_so_and_is_not_told_to() -> None:
    able = a_card()
    assert dict(requests.imagine(able, "a fox --tile").wire()["meant"]) == {"tile": True}
    assert requests.warnings(able, requests.imagine(able, "a fox --tile")) == []
    card = replace(able, tiles=False)
    asked = requests.imagine(card, "a fox --tile")
    assert not asked.wire()["meant"]
    assert requests.warnings(card, asked) == [
        "`--tile` has no effect here: the model `Tiny` cannot close a picture's edges."
    ]


def test_a_sampler_that_does_not_fit_is_left_out() -> None:
    own = a_card(samplers=False, sampler="euler")
    assert requests.imagine(own, "a fox").sampling == Sampling(10, 3.0, "default")
    # It was not known of the model when this was asked for.
    before = requests.imagine(a_card(sampler="euler"), "a fox")
    again = requests.pressed(own, before, Press(Action.REROLL, ALL_OF_IT))
    assert again.sampling == Sampling(10, 3.0, "default")
    waiting = requests.resumed(Catalogue(own), before)
    assert waiting == replace(before, sampling=Sampling(10, 3.0, "default"))
    assert requests.resumed(Catalogue(a_card(sampler="euler")), before) == before


def test_what_starts_from_an_upload_needs_a_model_that_can() -> None:
    request = from_file(requests.imagine(a_card(id="gone"), "a fox"), "ab" * 32)
    able = requests.resumed(Catalogue(a_card()), request)
    assert (able.model, able.inputs, able.sampling.strength) == ("tiny", request.inputs, 0.5)
    with pytest.raises(Unable, match="has no variations"):
        requests.resumed(Catalogue(a_card(variations=False)), request)


# What is chosen by hand


def test_what_is_chosen_wins_over_prompt_and_card() -> None:
    made = requests.imagine(CARD, "a fox --q 2 --seed 7")
    choice = Choice(6, 128, 64, 8, 5, 1.5, "euler", 0.3)
    drawn = choice.applied(CARD, made)
    assert (drawn.count, drawn.size, drawn.seed) == (6, Size(128, 64), 8)
    assert drawn.sampling == Sampling(5, 1.5, "euler", 0.3)
    assert Choice().applied(CARD, made) == made


def test_one_side_alone_goes_with_the_models_own() -> None:
    made = requests.imagine(CARD, "a fox")
    assert Choice(height=96).applied(CARD, made).size == Size(64, 96)
    assert Choice(width=96).applied(CARD, made).size == Size(96, 64)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(width=100), "`--W` takes a multiple of 8 for this model, such as 96, not 100."),
        (Choice(width=96, height=65), "`--H` takes a multiple of 8 for this model, such as 64"),
    ],
)
def test_sides_that_the_model_cannot_draw(choice: Choice, words: str) -> None:
    with pytest.raises(InvalidPrompt) as caught:
        choice.applied(CARD, requests.imagine(CARD, "a fox"))
    assert words in str(caught.value)


def test_a_chosen_sampler_draws_as_long_as_it_needs() -> None:
    made = requests.imagine(CARD, "a fox")
    assert Choice(sampler="plms").applied(CARD, made).sampling.steps == 25
    assert Choice(sampler="plms", steps=8).applied(CARD, made).sampling.steps == 8
    assert Choice(sampler="ddim").applied(CARD, made).sampling.steps == 10


def test_only_a_sampler_that_fits_can_be_chosen() -> None:
    card = a_card(samplers=False, sampler="euler")
    made = requests.imagine(card, "a fox")
    with pytest.raises(Unable) as caught:
        Choice(sampler="ddim").applied(card, made)
    assert str(caught.value) == "The model `Tiny` draws by its own sampler only, not by `ddim`."
    assert Choice(sampler="default", steps=3).applied(card, made).sampling.steps == 3


@pytest.mark.parametrize(
    ("picture", "size"),
    [((300, 200), Size(72, 48)), ((4000, 100), Size(120, 40)), ((64, 64), Size(64, 64))],
)
def test_a_request_takes_the_shape_of_a_picture(picture: tuple[int, int], size: Size) -> None:
    assert requests.shaped(CARD, requests.imagine(CARD, "a fox"), *picture).size == size


def test_a_drawing_starts_from_a_file_where_the_model_can() -> None:
    made = requests.imagine(CARD, "a fox")
    assert requests.started(CARD, made, "d" * 64) == from_file(made, "d" * 64, CARD.strength)
    chosen = Choice(strength=0.9).applied(CARD, made)
    assert requests.started(CARD, chosen, "d" * 64).sampling.strength == 0.9
    with pytest.raises(Unable, match="`Tiny` cannot start from a picture"):
        requests.started(a_card(variations=False), made, "d" * 64)


def test_what_a_mask_covers_is_drawn_wholly_anew_unless_a_strength_is_chosen() -> None:
    made = requests.imagine(CARD, "a fox")
    masked = requests.started(CARD, made, "d" * 64, "e" * 64)
    assert masked.inputs == (Input(SOURCE, "d" * 64), Input(MASK, "e" * 64))
    assert masked.sampling.strength == 1.0
    chosen = Choice(strength=0.4).applied(CARD, made)
    assert requests.started(CARD, chosen, "d" * 64, "e" * 64).sampling.strength == 0.4


def test_a_recipe_is_the_request_again() -> None:
    made = from_file(requests.imagine(CARD, "a fox --ar 2:1"), "d" * 64)
    assert requests.of_recipe(made.recipe() | {"job": "j"}) == made


def test_a_picture_out_of_a_grid_is_drawn_from_its_own_seed() -> None:
    grid = requests.imagine(CARD, "a fox")
    single = requests.of_recipe(grid.upscale(TILE).recipe())
    assert (single.kind, single.count, single.inputs) == (Kind.DRAW, 1, ())
    assert single.seeds == [grid.seeds[1]]


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 99}, {"prompt": 3}, {"count": 10**9}, {"count": 0}, {"size": [10**6, 64]},
        {"kind": "lost"}, {"seed": float("inf")}, {"sampling": {"steps": 10**9, "guidance": 1,
         "sampler": "ddim", "strength": None, "stop": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_a_recipe_that_asks_for_the_impossible_is_refused(change: dict[str, Any]) -> None:
    recipe = requests.imagine(CARD, "a fox").recipe() | change
    with pytest.raises(InvalidPrompt, match="The recipe in this file"):
        requests.of_recipe(recipe)


@pytest.mark.parametrize(
    ("typed", "usual", "price"),
    [
        ("a fox", Speed.FAST, 1),
        ("a fox", Speed.TURBO, 2),
        ("a fox --relax", Speed.TURBO, 1),
        ("a fox --turbo", Speed.RELAX, 2),
        ("a fox --turbo --draft", Speed.FAST, 2),
        ("a fox --turbo --hd", Speed.FAST, 6),
    ],
)
def test_turbo_doubles_the_price(typed: str, usual: Speed, price: int) -> None:
    request = requests.wanted(requests.imagine(CARD, typed), Usual(usual), alone=False)
    assert tariff.price(CARD, request) == price
    assert tariff.price(CARD, request.upscale(TILE)) == 0
    moved = requests.current(a_card(id="other"), request)
    assert Speed.of(moved.extra) is Speed.of(request.extra)


@pytest.mark.parametrize(
    ("typed", "usual", "alone", "hides"),
    [
        ("a fox", False, False, False),
        ("a fox", True, False, True),
        ("a fox --public", True, False, False),
        ("a fox --stealth", False, False, True),
        ("a fox --stealth", True, True, False),
    ],
)
def test_what_is_hidden_and_from_whom(typed: str, usual: bool, alone: bool, hides: bool) -> None:
    made = requests.imagine(CARD, typed)
    assert HIDDEN not in dict(made.extra)
    wanted = requests.wanted(made, Usual(stealth=usual), alone=alone)
    assert hidden(wanted.extra) is hides
    assert tariff.price(CARD, wanted) == 1
    # Whatever is made of it stays so, wherever its owner asks.
    again = wanted.reroll(8)
    assert hidden(requests.wanted(again, Usual(), alone=True).extra) is hides
    assert hidden(requests.wanted(again, Usual(), alone=False).extra) is (hides or alone)


@pytest.mark.parametrize(
    ("typed", "price"), [("", 1), ("--draft", 1), ("--hd", 3), ("--hd --draft", 2)]
)
def test_a_draft_costs_half_rounded_up_to_whole_credits(typed: str, price: int) -> None:
    assert tariff.price(CARD, requests.imagine(CARD, f"a fox {typed}")) == price


@pytest.mark.parametrize(
    ("typed", "twice", "four"),
    [("a fox", 1, 4), ("a fox --draft", 1, 2), ("a fox --hd", 3, 9), ("a fox --turbo", 2, 8)],
)
def test_what_is_upscaled_costs_as_much_as_it_is_larger(typed: str, twice: int, four: int) -> None:
    parent = requests.wanted(requests.imagine(CARD, typed), Usual(Speed.FAST), alone=False)
    press = Press(Action.UPSCALE_SUBTLE, Tile(TILE.job, 1))
    first = requests.pressed(CARD, parent.upscale(TILE), press)
    second = requests.pressed(CARD, first, replace(press, action=Action.UPSCALE_CREATIVE))
    assert (tariff.price(CARD, first), tariff.price(CARD, second)) == (twice, four)
    with pytest.raises(Unable, match="as large as pictures get"):
        requests.pressed(CARD, second, press)
    with pytest.raises(Unable, match="This was upscaled"):
        requests.pressed(CARD, second, replace(press, action=Action.VARY_STRONG))


def test_an_upscaled_picture_stays_as_large_when_another_model_draws_it() -> None:
    press = Press(Action.UPSCALE_CREATIVE, Tile(TILE.job, 1))
    other = a_card(id="other", native=128, strength=0.8)
    parent = requests.imagine(CARD, "a fox --ar 2:1 --stop 50").upscale(TILE)
    waiting = requests.pressed(CARD, parent, press)
    for made in (requests.current(other, waiting), requests.pressed(other, parent, press)):
        assert (made.model, made.size, made.count) == ("other", Size(192, 96), 1)
        assert (made.sampling.stop, made.meant["upscale"]) == (1.0, ("creative", 2))
    assert requests.of_recipe(waiting.recipe()) == waiting
    large = replace(waiting, size=Size(5760, 2880))
    assert requests.of_recipe(large.recipe()) == large
    with pytest.raises(InvalidPrompt):
        requests.of_recipe(replace(large, size=Size(5760, 5760)).recipe())
