"""Texts as terms: what is found is what people take for the same, in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.terms import phrases, terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A red Fox, a half-open door", ["a", "red", "fox", "a", "half", "open", "door"]),
        ("Café naïve Ångström", ["cafe", "naive", "angstrom"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("ＦＯＸ １２", ["fox", "12"]),
        ("лиса Ёлка", ["лиса", "елка"]),
        ("الثعلب الأحمر", ["الثعلب", "الأحمر"]),
        ("हिन्दी लोमड़ी", ["हिन्दी", "लोमड़ी"]),
        ("빨간 여우", ["빨간", "여우"]),
        ("snake_case --ar 3:2", ["snake", "case", "ar", "3", "2"]),
        ("🦊❤️ fox", ["🦊", "❤", "fox"]),
        ("\"'*()^{}:-+\x00\ud800", []),
        ("", []),
    ],
)
def test_words_are_terms(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_what_is_written_without_spaces_is_a_phrase_of_characters() -> None:
    assert phrases("赤い狐、森 fox") == [("赤", "い", "狐"), ("森",), ("fox",)]
    assert phrases("ﾈｺ") == phrases("ネコ") == [("ネ", "コ")]
    assert phrases("ガラス") == [("ガ", "ラ", "ス")]  # its dots are letters, not accents
    thai = "ทุ่งหญ้า"
    assert phrases(thai) == [tuple(thai)]


@given(st.text(max_size=60))
def test_every_term_is_a_term_of_itself(text: str) -> None:
    for term in terms(text):
        assert terms(term) == [term]
        assert not set(term) & set(" \"'*()^{}:+-\x00")
