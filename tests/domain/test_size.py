"""Aspect ratios and the pixels that a model draws for them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.size import AspectRatio, Size

RATIOS = st.tuples(st.integers(1, 60), st.integers(1, 60)).filter(
    lambda pair: pair[0] <= 3 * pair[1] and pair[1] <= 3 * pair[0]
)


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


@pytest.mark.parametrize(
    ("size", "pixels", "smaller"),
    [
        (Size(1024, 1024), 768 * 768, Size(768, 768)),
        (Size(1024, 1024), 1024 * 1024 // 2, Size(704, 704)),
        (Size(1344, 768), 1344 * 768 // 2, Size(896, 512)),
        (Size(520, 512), 256 * 256, Size(256, 248)),
        (Size(64, 64), 2048, None),
        (Size(1024, 1024), 2048 * 2048, None),
    ],
)
def test_a_smaller_size_keeps_shape_and_steps(
    size: Size, pixels: int, smaller: Size | None
) -> None:
    assert size.within(pixels) == smaller


@given(st.integers(1, 400), st.integers(1, 400), st.integers(3, 6), st.integers(1, 10**7))
def test_a_smaller_size_is_within(width: int, height: int, twos: int, most: int) -> None:
    size = Size(width << twos, height << twos)
    smaller = size.within(most)
    if smaller:
        assert smaller.pixels < size.pixels
        assert smaller.pixels <= most
        assert smaller.width % (1 << twos) == smaller.height % (1 << twos) == 0


def test_codes_of_sizes_are_read_back() -> None:
    assert Size.parse(Size(1024, 768).code) == Size(1024, 768)
    for text in ("", "x", "12", "12x", "ax3", "-1x2", "1x2x3", "1×2"):
        with pytest.raises(ValueError):
            Size.parse(text)
