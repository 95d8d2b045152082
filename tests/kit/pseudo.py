"""A language in which every text of the catalogues stands between ⟦ and ⟧, and what is to be read
outside of them: what nobody gave a translator."""

from __future__ import annotations

import datetime
import re
import string
from collections.abc import Iterable, Iterator, Sequence

from bot.domain.language import Language
from tests.kit.messages import Message, components_of

_TEXT, _ATTRIBUTES = 10, ("label", "placeholder", "description", "title")
_WRAPPED = re.compile(r"⟦[^⟦⟧]*(?:⟧|\Z)")
_DATA = re.compile(
    r"""
    ```.*?(?:```|\Z) | `[^`]*`          # code
    | <[@#:/at][^>]*>                   # mentions, emoji, times
    | https?://\S+ | (?<!\w)--?[a-z][\w-]*
    | \{[^{}]*\}                        # fields that nobody fills
    | \b(?:[0-9a-f]{8,}|[0-9A-F]{6})\b  # ids, references
    | [A-Z]+_[A-Z_]+ | \b[\w-]+\.(?:png|webp|json|csv|zip)\b
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]{2,}")


class Pseudo(Language):
    """English, with what surrounds the fields of each text in brackets, and no longer for it."""

    code = "pseudo"

    def gettext(self, message: str) -> str:
        return _bracketed(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return _bracketed(super().ngettext(one, many, count))

    def pgettext(self, context: str, message: str) -> str:
        return _bracketed(message)

    def listed(self, names: Sequence[str]) -> str:
        return " & ".join(names)

    def day(self, day: datetime.date) -> str:
        return day.isoformat()

    def days(self, first: datetime.date, last: datetime.date) -> str:
        return f"{first}/{last}"


def _bracketed(message: str) -> str:
    """Each literal part loses its first and its last letter to the brackets."""
    try:
        parts = [*string.Formatter().parse(message)]
    except ValueError:  # braces that are no fields
        return f"⟦{message[1:-1]}⟧"
    return "".join(_part(text, field) for text, field, _, _ in parts)


def _part(text: str, field: str | None) -> str:
    words = _WORD.search(text) or "`" in text  # of which one alone would hide what follows
    said = f"⟦{text[1:-1]}⟧" if words else text
    said = said.replace("{", "{{").replace("}", "}}")
    return said if field is None else f"{said}{{{field}}}"


def read(message: Message) -> Iterator[str]:
    """Everything that is to be read in a message or a form, its files included."""
    yield message.get("content") or ""
    yield message.get("title") or ""
    for embed in message.get("embeds") or []:
        yield from (embed.get("title") or "", embed.get("description") or "")
        yield (embed.get("footer") or {}).get("text", "")
        for field in embed.get("fields") or []:
            yield from (field["name"], field["value"])
    for each in components_of(message):
        yield from _component(each)
    for file in message.get("attachments") or []:
        yield file.get("description") or ""


def _component(each: Message) -> Iterator[str]:
    if each["type"] == _TEXT:
        yield each["content"]
    for part in (each, *each.get("options", ()), *each.get("items", ())):
        yield from (part.get(name) or "" for name in _ATTRIBUTES)


def forgotten(texts: Iterable[str], data: Iterable[str] = ()) -> list[str]:
    """Words of these that stand in no brackets and are no data: mentions, code, parameters, and
    the words of what is given as such."""
    known = {word for each in data for word in _WORD.findall(each)}
    return [word for text in texts for word in _WORD.findall(_outside(text)) if word not in known]


def _outside(text: str) -> str:
    before = None
    while before != text:
        before, text = text, _WRAPPED.sub(" ", text)
    return _DATA.sub(" ", text)
