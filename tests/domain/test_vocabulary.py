"""Which words of a prompt a small model passes over."""

from __future__ import annotations

import pytest

from bot.domain.vocabulary import Vocabulary

WORDS = ("a", "cat", "t", "rex", "in", "the", "desert")
SMALL = Vocabulary(objects=("cat", "t-rex"), words=frozenset(WORDS))


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("a cat in the desert", []),
        ("A CAT, in the Desert!", []),
        ("a t-rex 4", []),
        ("a violinist in the desert", ["violinist"]),
        ("cellist cat Cellist cat's", ["cellist", "cat's"]),
        ("eine Füchsin", ["eine", "füchsin"]),
        ("", []),
        ("🦊 1234 --", []),
    ],
)
def test_unknown_words_come_in_order_and_once(text: str, unknown: list[str]) -> None:
    assert SMALL.unknown(text) == unknown


def test_a_vocabulary_without_its_words_says_nothing() -> None:
    assert Vocabulary(objects=("cat",)).unknown("a violinist") == []
