"""How a picture grows, in pixels."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidPrompt
from bot.domain.framing import (
    Bounds,
    Frame,
    Framed,
    Side,
    drawable,
    name,
    panned,
    ratio,
    squared,
    zoomed,
    zoomed_out,
)
from bot.domain.size import WIDEST, AspectRatio, Size

WIDE = Bounds(8, 1536**2)
SIDES = st.integers(4, 128).map(lambda number: number * 8)
SIZES = st.builds(Size, SIDES, SIDES)
BOUNDS = st.builds(Bounds, st.just(8), st.integers(64**2, 1536**2))


def is_centred(framed: Framed) -> bool:
    size, frame = framed
    return (2 * frame.left + frame.width, 2 * frame.top + frame.height) == size.sides


@pytest.mark.parametrize(
    ("size", "times", "frame"),
    [
        (Size(1024, 1024), 2, Frame(256, 256, 512, 512)),
        (Size(1024, 1024), 1.5, Frame(171, 171, 682, 682)),
        (Size(152, 104), 2, Frame(38, 26, 76, 52)),
        (Size(128, 128), 1, Frame(0, 0, 128, 128)),
    ],
)
def test_zooming_out_makes_the_picture_smaller_in_the_middle(
    size: Size, times: float, frame: Frame
) -> None:
    assert zoomed_out(size, times) == (size, frame)


@given(SIZES, st.floats(1, 2))
def test_the_middle_is_the_middle(size: Size, times: float) -> None:
    framed = zoomed_out(size, times)
    assert is_centred(framed)
    assert abs(framed[1].width - size.width / times) <= 1


@pytest.mark.parametrize(
    ("side", "size", "frame"),
    [
        (Side.LEFT, Size(1536, 1024), Frame(512, 0, 1024, 1024)),
        (Side.RIGHT, Size(1536, 1024), Frame(0, 0, 1024, 1024)),
        (Side.UP, Size(1024, 1536), Frame(0, 512, 1024, 1024)),
        (Side.DOWN, Size(1024, 1536), Frame(0, 0, 1024, 1024)),
    ],
)
def test_panning_makes_a_picture_half_as_large_again(side: Side, size: Size, frame: Frame) -> None:
    assert panned(Size(1024, 1024), side, WIDE) == (size, frame)


@pytest.mark.parametrize(
    ("side", "frame"),
    [
        (Side.LEFT, Frame(512, 0, 1024, 1024)),
        (Side.RIGHT, Frame(-512, 0, 1024, 1024)),
        (Side.UP, Frame(0, 512, 1024, 1024)),
        (Side.DOWN, Frame(0, -512, 1024, 1024)),
    ],
)
def test_where_nothing_larger_can_be_drawn_the_picture_moves_on(side: Side, frame: Frame) -> None:
    size = Size(1024, 1024)
    assert panned(size, side, Bounds(8, 1024**2)) == (size, frame)


def test_no_picture_becomes_longer_than_its_shape_may_be() -> None:
    assert panned(Size(1536, 512), Side.RIGHT, WIDE) == (
        Size(1536, 512), Frame(-768, 0, 1536, 512),
    )  # fmt: skip
    assert panned(Size(1024, 512), Side.RIGHT, WIDE)[0] == Size(1536, 512)


@given(SIZES, st.sampled_from(Side), BOUNDS)
def test_what_a_pan_makes_can_be_drawn(size: Size, side: Side, bounds: Bounds) -> None:
    made, frame = panned(size, side, bounds)
    assert made == size or bounds.allow(made)
    assert not any(length % 8 for length in made.sides)
    assert (frame.width, frame.height) == size.sides  # not a pixel is changed
    assert name(made, frame) == f"Pan {side.name.title()}"


@pytest.mark.parametrize(
    ("size", "pixels", "square", "frame"),
    [
        (Size(152, 104), 192**2, Size(152, 152), Frame(0, 24, 152, 104)),
        (Size(104, 152), 192**2, Size(152, 152), Frame(24, 0, 104, 152)),
        (Size(216, 72), 192**2, Size(192, 192), Frame(0, 64, 192, 64)),
        (Size(72, 216), 190**2, Size(184, 184), Frame(61, 0, 62, 184)),
    ],
)
def test_a_square_holds_the_whole_picture(
    size: Size, pixels: int, square: Size, frame: Frame
) -> None:
    assert squared(size, Bounds(8, pixels)) == (square, frame)


@given(SIZES.filter(lambda size: size.width != size.height), BOUNDS)
def test_a_square_is_square_and_in_bounds(size: Size, bounds: Bounds) -> None:
    made, frame = squared(size, bounds)
    assert made.width == made.height <= math.isqrt(bounds.pixels)
    assert is_centred((made, frame))
    assert max(frame.width, frame.height) == made.width


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (Frame(1, 1, 8, 8), "Zoom Out"),
        (Frame(2, 0, 8, 10), "Pan Left"),
        (Frame(0, 0, 8, 10), "Pan Right"),
        (Frame(-2, 0, 10, 10), "Pan Right"),
        (Frame(0, 2, 10, 10), "Pan Up"),
        (Frame(0, 0, 10, 6), "Pan Down"),
        (Frame(1, 0, 8, 10), "Make Square"),
        (Frame(0, 1, 10, 8), "Make Square"),
        (Frame(0, 2, 8, 8), "Zoom Out"),
    ],
)
def test_what_was_done_is_said(frame: Frame, said: str) -> None:
    assert name(Size(10, 10), frame) == said


def test_a_place_in_a_picture_of_another_size() -> None:
    frame = Frame(-64, 0, 128, 96)
    assert frame.scaled(Size(128, 96), Size(256, 48)) == Frame(-128, 0, 256, 48)
    assert frame.scaled(Size(128, 96), Size(128, 96)) == frame


@given(SIZES)
def test_the_shape_in_lowest_terms(size: Size) -> None:
    shape = ratio(size)
    assert shape.width * size.height == shape.height * size.width
    assert math.gcd(shape.width, shape.height) == 1
    if max(size.sides) <= WIDEST * min(size.sides):
        assert AspectRatio.parse(str(shape)) == shape


@given(SIZES, SIZES, st.floats(1, 2))
def test_a_custom_zoom_has_the_whole_picture_in_its_middle(
    old: Size, size: Size, times: float
) -> None:
    try:
        framed = zoomed(old, size, times)
    except InvalidPrompt:
        fits = min(size.width / old.width, size.height / old.height) / times
        assert all(fits * mine > its - 1.5 for mine, its in zip(old.sides, size.sides, strict=True))
        return
    frame = framed[1]
    assert framed[0] == size
    assert is_centred(framed)
    assert frame.left >= 0
    assert frame.top >= 0
    assert abs(frame.width / old.width - frame.height / old.height) <= 2 / min(old.sides)
    margin = min(
        (size.width - frame.width) / size.width, (size.height - frame.height) / size.height
    )
    assert margin == pytest.approx(1 - 1 / times, abs=2 / min(size.sides))


def test_in_the_same_shape_a_custom_zoom_is_a_zoom_out() -> None:
    size = Size(152, 104)
    assert zoomed(size, size, 1.5) == zoomed_out(size, 1.5)
    with pytest.raises(InvalidPrompt, match="leaves nothing to draw"):
        zoomed(size, size, 1)
    wide = zoomed(Size(128, 128), Size(176, 88), 1)
    assert wide == (Size(176, 88), Frame(44, 0, 88, 88))
    assert name(*wide) == "Zoom Out"


@pytest.mark.parametrize(
    ("sides", "size"),
    [
        ((128, 128), Size(128, 128)),
        ((192, 120), Size(192, 120)),
        ((131, 131), Size(128, 128)),
        ((64, 64), Size(128, 128)),
        ((4000, 4000), Size(128, 128)),
        ((4000, 100), Size(216, 72)),
    ],
)
def test_a_picture_keeps_its_size_where_that_can_be_drawn(
    sides: tuple[int, int], size: Size
) -> None:
    assert drawable(*sides, 128, Bounds(8, 192**2)) == size
