"""Characters, pieces and words one by one: what each may stand for, and what makes two the same."""

from __future__ import annotations

import pytest

from bot.filtering import Match, WordFilter
from bot.filtering.pieces import Piece, disguises, pieces, shown
from bot.filtering.rule import Rule, key, key_of, looks
from bot.filtering.signs import Kind, sign
from bot.filtering.spared import Spared
from bot.filtering.wordfilter import rule_of


def found(word: str, text: str, *allowed: str) -> list[tuple[int, int]]:
    matches = WordFilter([Rule.typed(word)], allowed).find(text)
    return [(match.start, match.end) for match in matches]


@pytest.mark.parametrize(
    ("chars", "kind", "script", "own", "latin"),
    [
        ("aA𝓪ⓐ🄰🅰🇦ａá", Kind.LETTER, "LATIN", "a", "a"),
        ("ﬁ", Kind.LETTER, "LATIN", "fi", "fi"),
        ("ß", Kind.LETTER, "LATIN", "ss", "ss"),
        ("ⅳ", Kind.LETTER, "LATIN", "iv", "iv"),
        ("łℓL", Kind.LETTER, "LATIN", "l", "l"),
        ("сС", Kind.LETTER, "CYRILLIC", "с", "c"),
        ("α", Kind.LETTER, "GREEK", "α", "a"),
        ("ς", Kind.LETTER, "GREEK", "σ", "c"),
        ("ゃやヤﾔャ", Kind.EASTERN, "", "や", ""),
        ("ガが", Kind.EASTERN, "", "が", ""),
        ("한", Kind.EASTERN, "HANGUL", "\u1112\u1161\u1102", ""),
        ("ㅅᄉᆺ", Kind.EASTERN, "HANGUL", "ᄉ", ""),
        ("性", Kind.EASTERN, "CJK", "性", ""),
        ("〇", Kind.EASTERN, "CJK", "〇", "o"),
        ("8８٨๘", Kind.DIGIT, "", "8", "b"),
        ("$", Kind.SIGN, "", "", "s"),
        ("!", Kind.EDGE, "", "", "i"),
        ("|", Kind.INNER, "", "", "i"),
        ("({[<", Kind.INNER, "", "", "c"),
        ("-_.'’½🦊", Kind.GAP, "", "", ""),
        (" \t\n\u00a0\u2800\u3000", Kind.SPACE, "", "", ""),
        ("\u200b\u00ad\u0640\u0301\u3164\ufe0f\ud800", Kind.UNSEEN, "", "", ""),
    ],
)
def test_what_a_character_may_stand_for(
    chars: str, kind: Kind, script: str, own: str, latin: str
) -> None:
    for char in chars:
        it = sign(char)
        assert (it.kind, it.own, it.latin) == (kind, own, latin), char
        assert it.script == script or not script


def test_what_looks_too_much_alike_is_one() -> None:
    assert {sign(char).folded for char in "iIlL1!|ł"} == {"i"}
    assert {sign(char).looked for char in "sS5$ѕ"} == {"s"}
    assert sign("ѕ").folded != sign("s").folded


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("sc\u200bu\u00adm", "scum"),
        ("s\u0336c\u0301um", "scum"),
        ("e\u0301t\u00e9", "et\u00e9"),
        ("x\u2800y\tz\nq", "x y z q"),
        ("ｶﾞｽ", "ガス"),
        ("が", "が"),
        ("", ""),
    ],
)
def test_what_is_seen_of_a_text(text: str, seen: str) -> None:
    assert shown(text) == seen


@pytest.mark.parametrize(
    ("chunk", "cuts"),
    [
        ("scum", ["scum"]),
        ("s.c.u.m", ["s c u m"]),
        ("$cum", ["$cum", "cum"]),
        ("scum!", ["scum"]),
        ("(scum)", ["scum"]),
        ("s(um", ["s(um", "s um"]),
        ("he'll", ["he ll"]),
        ("a性交b", ["a 性交 b", "a性交b"]),
        ("18禁", ["18 禁", "18禁"]),
        ("...", [""]),
    ],
)
def test_a_chunk_is_cut_in_each_way_to_read_its_signs(chunk: str, cuts: list[str]) -> None:
    assert [" ".join(piece.text for piece in cut) for cut in pieces(chunk)] == cuts


def test_a_piece_knows_where_it_stands() -> None:
    for cut in pieces("a-$cum!性交"):
        for piece in cut:
            end = piece.start + len(piece.text)
            assert "a-$cum!性交"[piece.start : end] == piece.text


@pytest.mark.parametrize(
    ("text", "mixed", "short"),
    [
        ("scum", False, False),
        ("sс", True, True),
        ("кот", False, False),
        ("сс", False, True),
        ("ѕ$", True, True),
        ("aaa", False, True),
    ],
)
def test_pieces_of_several_scripts_and_short_ones(text: str, mixed: bool, short: bool) -> None:
    piece = Piece.of(text, 0, len(text))
    assert (piece.mixed, piece.short) == (mixed, short)


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("a fox", {"LATIN"}),
        ("кот", set()),
        ("a кот", {"LATIN", "CYRILLIC"}),
        ("a кот и пёс", {"LATIN"}),
        ("кот fox пёс", {"LATIN"}),
        ("кот fox γάτα", {"LATIN", "CYRILLIC", "GREEK"}),
        ("", set()),
    ],
)
def test_scripts_that_may_disguise_are_no_more_than_what_they_stand_in(
    text: str, scripts: set[str]
) -> None:
    assert disguises(text) == scripts


@pytest.mark.parametrize(
    ("typed", "text", "letters", "start", "end", "eastern"),
    [
        ("  S.C.U.M ", "s.c.u.m", "scum", False, False, False),
        ("*Berg", "*berg", "berg", True, False, False),
        ("fu*", "fu*", "fu", False, True, False),
        ("sc*um", "sc*um", "scum", False, False, False),
        ("vvet", "vvet", "wet", False, False, False),
        ("Bloody  HELL", "bloody hell", "bloodyhell", False, False, False),
        ("ﬁg", "fig", "fig", False, False, False),
        ("性", "性", "性", False, False, True),
        ("24 7", "24 7", "247", False, False, False),
    ],
)
def test_a_rule_as_it_was_typed(
    typed: str, text: str, letters: str, start: bool, end: bool, eastern: bool
) -> None:
    rule = Rule.typed(typed)
    assert (rule.text, "".join(rule.joined)) == (text, letters)
    assert (rule.open_start, rule.open_end, rule.eastern) == (start, end, eastern)


@pytest.mark.parametrize(
    ("folded", "shared"),
    [("scum", "scum"), ("sssccuum", "scum"), ("vvet", "wet"), ("vvvv", "w"), ("", "")],
)
def test_spellings_have_a_key_in_common(folded: str, shared: str) -> None:
    assert key(folded) == shared


@pytest.mark.parametrize(
    ("word", "latin"), [("кот", "kot"), ("жук", "xyk"), ("scum", ""), ("рыба", ""), ("性", "")]
)
def test_only_what_looks_latin_as_a_whole_has_such_looks(word: str, latin: str) -> None:
    spelled = Rule.typed(word).joined
    assert "".join(looks(spelled)) == latin
    assert key_of(spelled) != "kot"


@pytest.mark.parametrize(
    ("word", "text", "spans"),
    [
        ("ばか", "ばかは", [(0, 2)]),
        ("ばか", "これはばか", [(3, 5)]),
        ("ばか", "そばか", []),
        ("ばか", "ばかり", []),
        ("ばか", "ばっか", []),
        ("エロ", "ｴﾛ", [(0, 2)]),
        ("エロ", "エ ロ", [(0, 3)]),
        ("カス", "ガス", []),
        ("カス", "カ\u3099ス", []),
        ("ควาย", "ควาย\u0e4c", []),
        ("ควาย", "ตัวควาย", [(3, 7)]),
        ("시발", "시발이다", [(0, 2)]),
        ("시발", "시발역", []),
        ("시발", "아시발", []),
        ("性交", "性 交", [(0, 3)]),
        ("性交", "性、交", [(0, 3)]),
        ("18禁", "18禁", [(0, 3)]),
        ("18禁", "2018禁", []),
    ],
)
def test_words_of_scripts_without_gaps(word: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert found(word, text) == spans


@pytest.mark.parametrize(
    ("word", "text", "spans"),
    [
        ("scum", "s c u m", [(0, 7)]),
        ("scum", "the s-c-u-m!", [(4, 11)]),
        ("scum", "sc um", []),
        ("scum", "123scum45", [(3, 7)]),
        ("scum", "scum's", [(0, 4)]),
        ("hell", "he'll", []),
        ("hell", "he-ll", [(0, 5)]),
        ("bloody hell", "Bloody, HELL", [(0, 12)]),
        ("bloody hell", "hell bloody", []),
        ("bloody hell", "bloody red hell", []),
        ("bloody hell", "bloodyhell", [(0, 10)]),
        ("h2o", "h20", [(0, 3)]),
        ("scum", "scum scum", [(0, 4)]),
    ],
)
def test_words_among_letters_gaps_and_figures(
    word: str, text: str, spans: list[tuple[int, int]]
) -> None:
    assert found(word, text) == spans


@pytest.mark.parametrize(
    ("word", "allowed", "text", "spans"),
    [
        ("dick", "Dick Tracy", "DICK, tracy", []),
        ("dick", "Dick Tracy", "dick dick tracy", [(0, 4)]),
        ("dick", "Dick Tracy", "dick tracyx", [(0, 4)]),
        ("dick", "Dick Tracy", "dick", [(0, 4)]),
        ("dick", "", "dick", [(0, 4)]),
        ("dick", "!", "dick", [(0, 4)]),
        ("性", "性格", "性格", []),
        ("性", "性格", "性、格", [(0, 1)]),
        ("性", "性格", "女性", [(1, 2)]),
    ],
)
def test_what_is_allowed_reaches_as_far_as_it_is_written(
    word: str, allowed: str, text: str, spans: list[tuple[int, int]]
) -> None:
    assert found(word, text, allowed) == spans


def test_allowed_words_that_overlap_reach_as_far_as_the_longest() -> None:
    reach = Spared(["a b", "b c d", "q"]).reach("a b c d e")
    assert reach == [3, 3, 7, 7, 7, 7, 7, 7, 7, 7]
    assert Spared([]).reach("ab") == [0, 0, 0]


def test_each_rule_is_told_once_where_it_stands_first() -> None:
    filter = WordFilter([Rule.typed(word) for word in ("scum", "*cum", "crap")])
    text = "crap and scum, scum and crap"
    assert sorted(filter.find(text)) == [Match(0, 9, 13), Match(1, 10, 13), Match(2, 0, 4)]
    # What was learned of a text is found again.
    assert sorted(filter.find(text)) == sorted(filter.find(text.upper()))


def test_a_filter_that_has_read_very_much_still_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.filtering import wordfilter

    monkeypatch.setattr(wordfilter, "_KNOWN", 3)
    filter = WordFilter([Rule.typed("scum")])
    text = " ".join(f"word{n}" for n in range(9))
    for _ in range(2):
        assert [*filter.find(f"{text} scum")] == [Match(0, len(text) + 1, len(text) + 5)]
    assert [*filter.find(text)] == []


@pytest.mark.parametrize("phrase", ["plan b", "a scum fox", "vitamin d"])
def test_a_phrase_may_have_words_of_one_letter(phrase: str) -> None:
    assert found(phrase, f"so {phrase} so") == [(3, 3 + len(phrase))]


def test_an_allowed_phrase_may_begin_with_an_article() -> None:
    assert rule_of("a scum fox").text == "a scum fox"
