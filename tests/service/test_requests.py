"""The one maker of requests: from a prompt or a press, and a model's card, to what is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.action import Action, Kind, Press, Tile
from bot.domain.errors import InvalidPrompt, Unable
from bot.domain.request import Sampling, Seeding
from bot.domain.size import Size
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service import requests
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
    assert [action for action in Action if not requests.able(flat, action)] == [Action.VARY]


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
    card = a_card(guidance=guidance, negatives_above=above)
    said = requests.warnings(card, requests.imagine(card, "a fox --no cats"))
    assert bool(said) is warned
    assert all("`--no` has no effect here: the model `Tiny`" in sentence for sentence in said)
    assert requests.warnings(card, requests.imagine(card, "a fox")) == []


def test_what_starts_from_an_upload_needs_a_model_that_can() -> None:
    request = from_file(requests.imagine(a_card(id="gone"), "a fox"), "ab" * 32)
    able = requests.resumed(Catalogue(a_card()), request)
    assert (able.model, able.inputs, able.sampling.strength) == ("tiny", request.inputs, 0.5)
    with pytest.raises(Unable, match="has no variations"):
        requests.resumed(Catalogue(a_card(variations=False)), request)
