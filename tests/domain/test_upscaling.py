"""Larger pictures as requests: how large, how far from what there is, and at what price."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import upscaling
from bot.domain.action import Action, Kind, Tile
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.domain.upscaling import Detail, Upscaling
from tests.kit.values import a_request

TILE = Tile("ab" * 16, 1)


def larger(request: GenerationRequest, detail: Detail = Detail.SUBTLE) -> GenerationRequest:
    return upscaling.upscaled(request, TILE, 5, 0.5, detail, Action.UPSCALE_SUBTLE)


def test_each_press_doubles_the_sides_until_they_are_four_times_as_long() -> None:
    single = replace(a_request().upscale(TILE), size=Size(48, 32))
    twice = larger(single)
    four = larger(twice, Detail.CREATIVE)
    assert (twice.size, four.size) == (Size(96, 64), Size(192, 128))
    assert upscaling.of(single) is None
    assert upscaling.of(twice) == Upscaling(Detail.SUBTLE, 2)
    assert upscaling.of(four) == Upscaling(Detail.CREATIVE, 4)
    assert [upscaling.fits(each) for each in (single, twice, four)] == [True, True, False]
    assert [Upscaling(Detail.SUBTLE, times).price for times in (2, 4)] == [1, 4]


def test_what_is_said_to_be_made_larger_follows_from_a_picture_or_not() -> None:
    single = replace(a_request().upscale(TILE), size=Size(48, 32))
    twice = larger(single)
    four = larger(twice)
    assert upscaling.follows(single, twice)
    assert upscaling.follows(twice, four)
    assert upscaling.follows(single, twice.smaller("64x48"))
    assert not upscaling.follows(single, four)
    assert not upscaling.follows(twice, twice)
    assert not upscaling.follows(single, single)
    assert not upscaling.follows(four, four)
    assert not upscaling.follows(single, replace(twice, size=Size(48, 65)))


def test_one_picture_is_drawn_from_one_to_its_end() -> None:
    stopped = replace(a_request(), sampling=replace(a_request().sampling, stop=0.5))
    made = larger(stopped)
    assert (made.kind, made.count, made.seed, made.source) == (Kind.DRAW, 1, 5, TILE)
    assert (made.sampling.stop, made.sampling.strength) == (1.0, 0.15)
    assert larger(stopped, Detail.CREATIVE).sampling.strength == 0.325
    assert GenerationRequest.from_json(made.to_json()) == made
    assert made.wire()["meant"]["upscale"] == ["subtle", 2]


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        (Size(1024, 1024), True),
        (Size(2048, 2048), True),
        (Size(2560, 2048), True),
        (Size(2560, 2056), False),
    ],
)
def test_there_is_a_largest_picture(size: Size, fits: bool) -> None:
    assert upscaling.fits(replace(a_request(), size=size)) is fits


def test_the_picture_may_have_another_size_than_its_model_draws_today() -> None:
    made = upscaling.upscaled(
        a_request(), TILE, 5, 0.5, Detail.SUBTLE, Action.UPSCALE_SUBTLE, Size(40, 24)
    )
    assert made.size == Size(80, 48)
    assert upscaling.kept(made, a_request()).size == made.size
    assert upscaling.kept(a_request(), made) is made


@pytest.mark.parametrize("said", ["subtle", ("loud", 2), ("subtle", "many"), ("subtle",), 2])
def test_what_another_version_says_is_no_upscaling(said: object) -> None:
    assert upscaling.of(a_request().meaning(upscaling.NAME, said)) is None
