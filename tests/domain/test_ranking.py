"""Names by rank: always the least, and no memory of what is over."""

from __future__ import annotations

import gc
import weakref

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ranking import Ranking

NAMES = st.sampled_from("abcde")
MOVES = st.lists(st.tuples(NAMES, st.none() | st.integers(0, 5)), max_size=300)


@given(MOVES)
def test_the_first_is_always_one_with_the_least_rank(moves: list[tuple[str, int | None]]) -> None:
    ranking: Ranking[str] = Ranking()
    ranks: dict[str, int] = {}
    for name, rank in moves:
        if rank is None:
            ranking.drop(name)
            ranks.pop(name, None)
        else:
            ranking.put(name, (float(rank),))
            ranks[name] = rank
        first = ranking.first()
        assert len(ranking) == len(ranks)
        assert (first is None) == (not ranks)
        if first is not None:
            assert ranks[first] == min(ranks.values())


def test_of_equals_the_first_is_who_got_the_rank_first() -> None:
    ranking: Ranking[str] = Ranking()
    for name in "cab":
        ranking.put(name, (1.0,))
    assert ranking.first() == "c"


class Guest:
    """Somebody of whom can be told whether they are still remembered."""


def test_what_was_dropped_behind_the_first_is_let_go() -> None:
    ranking: Ranking[Guest] = Ranking()
    stays, gone = Guest(), []
    ranking.put(stays, (0.0,))
    for number in range(1000):
        guest = Guest()
        ranking.put(guest, (1.0 + number,))
        ranking.drop(guest)
        gone.append(weakref.ref(guest))
    del guest
    gc.collect()
    assert [each() for each in gone if each() is not None] == []
    assert ranking.first() is stays
