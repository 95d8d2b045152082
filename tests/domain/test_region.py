"""A part of a picture as somebody names it, and what is drawn of it."""

from __future__ import annotations

import json

import pytest

from bot.domain.action import Action, Tile
from bot.domain.errors import InvalidPrompt
from bot.domain.inputs import MASK, ORIGIN, ORIGIN_MASK, SOURCE, Input
from bot.domain.prompt import zooming
from bot.domain.region import FIELDS, Region
from bot.domain.request import GenerationRequest
from tests.kit.values import a_request

TILE, DIGEST = Tile("ab" * 16, 2), "m" * 64


def test_a_region_says_something_or_nothing() -> None:
    assert len(FIELDS) == 9
    assert not Region()
    assert not Region(word=" the ")
    for one in (Region("https://a.b/m.png"), Region(fields=(5,)), Region(word="hat")):
        assert one


@pytest.mark.parametrize(
    ("typed", "thing"), [("the hat", "hat"), ("The  red hat", "red hat"), ("hat", "hat"), ("a", "")]
)
def test_articles_name_nothing(typed: str, thing: str) -> None:
    assert Region(word=typed).thing == thing


def test_a_part_is_drawn_wholly_anew_from_its_picture_and_mask() -> None:
    made = a_request("a fox --seed 5").region(TILE, 9, DIGEST)
    assert made.action is Action.VARY_REGION
    assert made.inputs == (Input(SOURCE, tile=TILE), Input(MASK, DIGEST))
    assert (made.sampling.strength, made.seed, made.prompt.seed) == (1.0, 9, None)
    assert made.partly
    assert made.wire()["mask"] == DIGEST
    assert GenerationRequest.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_what_is_taken_out_remembers_picture_and_mask_and_is_drawn_so_again() -> None:
    made = a_request().region(TILE, 9, DIGEST)
    one = made.upscale(Tile("cd" * 16, 1))
    assert [each.role for each in one.inputs] == [SOURCE, ORIGIN, ORIGIN_MASK]
    assert not one.partly
    again = one.reroll(3, Action.REDO)
    assert again.inputs == made.inputs
    assert again.sampling.strength == 1.0
    # Of another variation the mask is no part, nor of what is drawn from words.
    assert one.vary(TILE, 3, 0.5).inputs == (Input(SOURCE, tile=TILE),)
    assert made.afresh().inputs == ()


@pytest.mark.parametrize(
    ("typed", "times", "left"),
    [
        ("a fox --zoom 1.5", 1.5, "a fox"),
        ("a fox --zoom 1,5 --ar 3:2", 1.5, "a fox  --ar 3:2"),
        ("a fox \u2014zoom 2x", 2.0, "a fox"),
        ("--zoom=1 a fox", 1.0, "a fox"),
        ("a fox --zoom 1.2 --ZOOM 1.8", 1.8, "a fox"),
        ("a fox", 2.0, "a fox"),
        ("a zoom lens, zoom 5", 2.0, "a zoom lens, zoom 5"),
    ],
)
def test_how_far_to_zoom_is_taken_out_of_a_prompt(typed: str, times: float, left: str) -> None:
    found, prompt = zooming.taken(typed)
    assert (found, " ".join(prompt.split())) == (times, " ".join(left.split()))


@pytest.mark.parametrize(
    "typed", ["--zoom 0.5", "--zoom 2.1", "--zoom far", "--zoom nan", "--zoom"]
)
def test_beyond_one_and_two_there_is_no_zoom(typed: str) -> None:
    with pytest.raises(InvalidPrompt, match="takes a number from 1 to 2"):
        zooming.taken(f"a fox {typed} --ar 3:2")
