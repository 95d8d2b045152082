"""Items in chunks stand as they would in one sorted list."""

from __future__ import annotations

from bisect import insort

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ordered import CHUNK, Ordered

MOVES = st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=300)


def filled(count: int) -> Ordered[tuple[int]]:
    ordered: Ordered[tuple[int]] = Ordered()
    for number in range(count):
        ordered.add((number * 7919 % count,))
    return ordered


@given(MOVES, st.sampled_from([2, 4, 16, CHUNK]))
def test_whatever_comes_and_goes_it_is_a_sorted_list(
    moves: list[tuple[bool, int]], size: int
) -> None:
    ordered: Ordered[tuple[int]] = Ordered(size)
    plain: list[tuple[int]] = []
    for comes, number in moves:
        item = (number,)
        if comes:
            ordered.add(item)
            insort(plain, item)
        elif item in plain:
            ordered.remove(item)
            plain.remove(item)
        assert list(ordered) == plain
        assert len(ordered) == len(plain)
        assert [ordered.rank((each,)) for each in range(32)] == [
            sum(other < (each,) for other in plain) for each in range(32)
        ]
        if plain:
            assert ordered.first() == plain[0]


def test_what_is_not_there_cannot_be_removed() -> None:
    ordered = filled(3 * CHUNK)
    for item in ((-1,), (3 * CHUNK,)):
        with pytest.raises(ValueError, match="is not there"):
            ordered.remove(item)
    with pytest.raises(ValueError, match="is not there"):
        Ordered[tuple[int]]().remove((1,))
    assert len(ordered) == 3 * CHUNK


def test_nothing_has_no_first() -> None:
    with pytest.raises(IndexError):
        Ordered[tuple[int]]().first()


def test_what_is_left_of_many_takes_few_chunks() -> None:
    ordered = filled(20 * CHUNK)
    for number in range(20 * CHUNK):
        if number % 100:
            ordered.remove((number,))
    assert [number for (number,) in ordered] == list(range(0, 20 * CHUNK, 100))
    assert len(ordered._chunks) <= 2
