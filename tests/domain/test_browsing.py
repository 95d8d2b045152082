"""What somebody looks at, as the id of a button says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.action import Action
from bot.domain.browsing import SEARCH_MAX, Browse, Order, Place
from bot.domain.errors import InvalidPrompt

PLACES = st.none() | st.builds(Place, st.integers(0, 10**9 - 1), st.integers(1, 10**15 - 1))


@given(
    st.sampled_from(Order), st.text(max_size=SEARCH_MAX), st.sampled_from(["", *Action]), PLACES,
    st.booleans(),
)  # fmt: skip
def test_what_is_written_is_read(
    order: Order, search: str, action: str, place: Place | None, back: bool
) -> None:
    browse = Browse(order, search, str(action), place, back and place is not None)
    assert Browse.read(browse.code) == browse


@pytest.mark.parametrize("code", ["", "x:::", "o:>1:: ", "o:<.3::", "o:>1.2:VARY:", "n:>1.2"])
def test_what_another_version_wrote_is_not_read(code: str) -> None:
    assert Browse.read(code) is None


def test_the_longest_one_fits_into_the_id_of_a_button() -> None:
    longest = max(Action, key=len)
    own = Browse.typed(Order.OWN, "狐" * SEARCH_MAX, longest)
    public = Browse.typed(Order.LIKED, "狐" * SEARCH_MAX)
    for browse in (own.beyond(Place(0, 10**10)), public.beyond(Place(10**6, 10**10), back=True)):
        assert len(f"easel:page:{browse.code}") <= 100


def test_a_search_is_one_line_of_a_few_words() -> None:
    assert Browse.typed(Order.OWN, "  a \n red\tfox ").search == "a red fox"
    assert Browse.typed(Order.OWN, "fox\x00\u2028cat\ud800\u200d").search == "fox cat"
    Browse.typed(Order.OWN, "x" * SEARCH_MAX)
    for long in ("x" * (SEARCH_MAX + 1), "🦊" * (SEARCH_MAX // 2 + 1)):
        with pytest.raises(InvalidPrompt, match=f"at most {SEARCH_MAX} characters"):
            Browse.typed(Order.OWN, long)
