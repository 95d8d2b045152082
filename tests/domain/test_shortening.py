"""bot.domain.shortening: what is left of a prompt without what does not matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidPrompt
from bot.domain.shortening import LEAST, MOST, SHARES, Analysis, pieces

WEIGHED = {"red": 0.9, "fox,": 1.0, "snow,": 0.8, "light": 0.4, "sitting": 0.3, "deep": 0.2}


def analysed(text: str) -> Analysis:
    words = pieces(text)
    return Analysis(words, tuple(WEIGHED.get(word, 0.01) for word in words))


def test_five_prompts_each_shorter_than_the_one_before() -> None:
    analysis = analysed("a red fox, sitting in the deep snow, with very soft cinematic light")
    assert analysis.shorter == [
        "a red fox, sitting in the deep snow, with very light",
        "a red fox, sitting in the deep snow, light",
        "a red fox, sitting deep snow, light",
        "red fox, sitting deep snow, light",
        "red fox, sitting snow, light",
    ]


@given(st.lists(st.text("abcd,", min_size=1), min_size=LEAST + 1), st.randoms())
def test_words_keep_their_order_and_nothing_is_added(words: list[str], random: object) -> None:
    cut = pieces(" ".join(words))
    importance = tuple(random.random() for _ in cut)  # type: ignore[attr-defined]
    analysis = Analysis(cut, importance)
    assert len(analysis.shorter) <= len(SHARES)
    for shorter in analysis.shorter:
        left = iter(" ".join(cut).replace(",", " ").split())
        assert all(word in left for word in shorter.replace(",", " ").split())


@given(st.text())
def test_any_text_is_cut_into_so_many_pieces_or_refused(text: str) -> None:
    if len(text.split()) <= LEAST:
        with pytest.raises(InvalidPrompt, match="short already"):
            pieces(text)
    else:
        assert LEAST < len(cut := pieces(text)) <= MOST
        assert " ".join(cut).split() == text.split()


def test_a_long_prompt_is_cut_where_its_phrases_end() -> None:
    phrases = [f"phrase {number} of many words," for number in range(40)]
    assert list(pieces(" ".join(phrases))) == phrases
    assert len(pieces("word " * 1000)) == 63


def test_what_matters_most_is_kept_whatever_the_share() -> None:
    analysis = analysed("a red fox, sitting in the deep snow, light")
    assert [analysis.pieces[place] for place in analysis.kept(0.0)] == [
        "red",
        "fox,",
        "snow,",
        "light",
    ]
