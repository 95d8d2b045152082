"""What each character may stand for: its own letter, and the Latin one that it looks like.

What looks like what is decancer's to know (MIT, https://github.com/null8626/decancer); what a
character is otherwise, Unicode says. Knows characters, not words.
"""

from __future__ import annotations

import enum
import functools
import string
import unicodedata
from dataclasses import dataclass

import decancer_py

LATIN = "LATIN"
HAN = "CJK"
HIRAGANA = "HIRAGANA"
HANGUL = "HANGUL"
KANA = frozenset({HIRAGANA, "KATAKANA"})
UNSPACED = frozenset({HAN, "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"})
"""Scripts without gaps between words."""
EASTERN = UNSPACED | KANA | {HANGUL}
"""Scripts in which a word does not end where its letters do."""
WRITTEN = EASTERN - {"BOPOMOFO"} | {
    "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "DEVANAGARI", "BENGALI",
    "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA",
    "ETHIOPIC", "MONGOLIAN", "THAANA", "SYRIAC", "TIFINAGH",
}  # fmt: skip
"""Scripts that people write their languages in; of others fonts for Latin letters are made."""

# Leetspeak is a way of writing, not of looking alike: no library has it character by character.
_LEET = dict(zip("0123456789@$!|+({[<", "oizeasgtbgasiitcccc", strict=True))
_INNER = frozenset("|({[<")
_LETTERS = frozenset(string.ascii_lowercase)
_SMALL_KANA = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ")
_BLANK, _TATWEEL = "\u2800", "\u0640"
_VOICED = "COMBINING KATAKANA-HIRAGANA"
_ACCENTS = ("COMBINING ", "ARABIC ", "HEBREW ", "VARIATION SELECTOR", "MONGOLIAN FREE VARIATION")
_REMEMBERED = 50_000


class Kind(enum.StrEnum):
    """What a character is between the letters of a word.

    A LETTER is one of them, EASTERN where its script is. A DIGIT is one, or itself. A SIGN is a
    letter or a gap; before a gap it is one if it is an EDGE, and beside one if it is INNER.
    """

    LETTER = "L"
    EASTERN = "E"
    DIGIT = "D"
    SIGN = "S"
    EDGE = "B"
    INNER = "I"
    GAP = "."
    SPACE = " "
    UNSEEN = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """A character: the letters that it is in its own `script`, and the Latin one that it looks
    like. Of a Latin letter both are the same, and may be several. A `mark` belongs to the letter
    before it."""

    kind: Kind
    script: str = ""
    own: str = ""
    latin: str = ""
    mark: bool = False

    @property
    def folded(self) -> str:
        """What it has in common with all that may be meant by it in its own script: `i` and `l`
        look too much alike, and 1 like both."""
        own = "" if self.kind is Kind.DIGIT else self.own
        return (own or self.latin).replace("l", "i")

    @property
    def looked(self) -> str:
        """The same of what it looks like."""
        return (self.latin or self.own).replace("l", "i")


@functools.lru_cache(_REMEMBERED)
def sign(char: str) -> Sign:
    """What this character may stand for."""
    category, name = unicodedata.category(char), unicodedata.name(char, "")
    if char.isspace() or char == _BLANK:
        return Sign(Kind.SPACE)
    if _unseen(char, category, name):
        return Sign(Kind.UNSEEN)
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return Sign(Kind.DIGIT, "", str(digit), _LEET[str(digit)])
    if _is_letter(char, category, name):
        return _letter(char, category, name)
    return _sign(char, category)


def _sign(char: str, category: str) -> Sign:
    """What is no letter but may be one."""
    latin = _LEET.get(char, "") if char.isascii() else _look(char)
    if len(latin) != 1:
        return Sign(Kind.GAP)
    inner = char in _INNER or category == "So"
    kind = Kind.INNER if inner else Kind.EDGE if char == "!" else Kind.SIGN
    return Sign(kind, latin=latin)


def _unseen(char: str, category: str, name: str) -> bool:
    """Controls, joiners, fillers, and accents on letters that mean the same without."""
    if category in ("Cc", "Cf", "Cs", "Co", "Cn") or name.endswith(" FILLER") or char == _TATWEEL:
        return True
    return category in ("Mn", "Me") and _accent(name)


def _accent(name: str) -> bool:
    return name.startswith(_ACCENTS) and not name.startswith(_VOICED)


def _is_letter(char: str, category: str, name: str) -> bool:
    """Also one in a circle or a square, and half of a flag."""
    if category[0] in "LM" or category == "Nl":
        return True
    plain = unicodedata.normalize("NFKD", char)
    return " LETTER " in name or (plain != char and plain.isalpha())


def _letter(char: str, category: str, name: str) -> Sign:
    apart = unicodedata.normalize("NFKD", char)
    bare = "".join(each for each in apart if not _accent(unicodedata.name(each, "")))
    plain = bare.casefold()
    script = _script(name)
    if plain and _LETTERS.issuperset(plain):
        return Sign(Kind.LETTER, LATIN, plain, plain)
    if script in KANA:
        return Sign(Kind.EASTERN, script, _hiragana(char), mark=category[0] == "M")
    if script == HANGUL:
        return Sign(Kind.EASTERN, HANGUL, "".join(map(_initial, plain)))
    if len(bare) == 1 and bare != char:
        return sign(bare)
    look, own = _look(char), plain or char
    if script == LATIN:
        return Sign(Kind.LETTER, LATIN, look or own, look or own)
    kind = Kind.EASTERN if script in EASTERN else Kind.LETTER
    single = look if len(look) == len(own) == 1 else ""
    return Sign(kind, script, own, single, category[0] == "M")


def _script(name: str) -> str:
    if " LATIN " in name or name.startswith(("REGIONAL INDICATOR", "MATHEMATICAL")) or not name:
        return LATIN
    word = name.removeprefix("HALFWIDTH ").removeprefix("FULLWIDTH ").partition(" ")[0]
    return HAN if word in ("IDEOGRAPHIC", "KANGXI") else word


def _hiragana(char: str) -> str:
    """Either kana, small or not, by its hiragana; a voiced one is one letter."""
    whole = unicodedata.normalize("NFKC", char)
    moved = "".join(chr(ord(each) - 0x60) if "ァ" <= each <= "ヶ" else each for each in whole)
    return moved.translate(_SMALL_KANA)


@functools.cache
def _initial(jamo: str) -> str:
    """What ends a syllable is written as what begins one, as on a keyboard."""
    name = unicodedata.name(jamo, "")
    if "JONGSEONG" not in name:
        return jamo
    parts = name.removeprefix("HANGUL JONGSEONG ").split("-")
    try:
        return "".join(unicodedata.lookup(f"HANGUL CHOSEONG {each}") for each in parts)
    except KeyError:
        return jamo


def _look(char: str) -> str:
    """The Latin letters that a character is taken for; empty for none."""
    whole = str(decancer_py.parse(char))
    letters = "".join(_LEET.get(each, each) for each in whole) if whole != char else ""
    return letters if _LETTERS.issuperset(letters) else ""


class Table(dict[int, str]):
    """For `str.translate`: something of each sign, learned as they are met."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, code: int) -> str:
        said = str(getattr(sign(chr(code)), self._name))
        if len(self) < _REMEMBERED:
            self[code] = said
        return said
