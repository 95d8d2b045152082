"""The language that text is made in: how strings are marked, and where they are looked up.

Whoever makes a sentence wraps it in `_`, or `counted` where a number decides its form; a table or a
constant marks its texts by `N_` and gives them to `_` where they are shown. Which language that is
stands in a context variable, so that neither the domain nor a service is told: the edge sets it,
for who asked or for the place where something is posted. Nothing set is English, as written here.

`make words` finds the marks, so what stands in them has to be literal.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Language:
    """English, which needs no catalogue. Others look strings up, and write numbers, days and lists
    as their readers do."""

    code = "en-US"
    """As Discord has it."""
    locale = ""
    """As Unicode's tables have it, for who writes numbers elsewhere; empty for English."""

    def gettext(self, message: str) -> str:
        """The message in this language; as it is where there is no translation."""
        return message

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form that stands with a number."""
        return one if count == 1 else many

    def pgettext(self, context: str, message: str) -> str:
        """Of a word that means several things."""
        return message

    def number(self, value: float, digits: int = 0) -> str:
        """With as many digits behind the point."""
        return f"{value:,.{digits}f}"

    def signed(self, change: int) -> str:
        """What is added or taken away: `+3`, `-2`."""
        return f"{'+' if change >= 0 else ''}{self.number(change)}"

    def factor(self, value: float) -> str:
        """With the digits behind the point that it has, of six at most: `2`, `1.5`."""
        plain = f"{Decimal(f'{value:g}'):f}"
        return self.number(value, len(plain.partition(".")[2]))

    def percent(self, fraction: float) -> str:
        """A fraction of 1 in whole percent."""
        return f"{fraction:.0%}"

    def listed(self, names: Sequence[str]) -> str:
        """`a, b and c`."""
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    def day(self, day: datetime.date) -> str:
        """Of a calendar, shortly: `Jan 3`."""
        return f"{_MONTHS[day.month - 1]} {day.day}"

    def days(self, first: datetime.date, last: datetime.date) -> str:
        """From one to another: `Dec 28 2025 to Jan 3 2026`."""
        year = f" {first.year}" if first.year != last.year else ""
        return f"{self.day(first)}{year} to {self.day(last)} {last.year}"


class Said(str):
    """Text in another language that knows how it reads in `english`, for a log."""

    english: str


ENGLISH = Language()
_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def spoken() -> Language:
    """The language of now."""
    return _spoken.get()


def speak(language: Language) -> None:
    """From now on, for the rest of this task and those that it begins."""
    _spoken.set(language)


@contextlib.contextmanager
def speaking(language: Language) -> Iterator[None]:
    """For a block."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def _(message: str, /, **values: Any) -> str:
    """The message in the language of now, with `values` in its braces if any are given."""
    return _filled(_spoken.get().gettext(message), message, values)


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """The same of a text whose place decides its words, or how long it may be: a button's."""
    return _filled(_spoken.get().pgettext(context, message), message, values)


def counted(one: str, many: str, count: int, /, **values: Any) -> str:
    """The same of what stands with a number, which is `{n}` in it."""
    language = _spoken.get()
    said, english = language.ngettext(one, many, count), ENGLISH.ngettext(one, many, count)
    number = _said(language.number(count), ENGLISH.number(count))
    return _filled(said, english, {"n": number, **values})


def joined(parts: Sequence[str]) -> str:
    """`a, b, c`: with no word before the last, so that each may have commas of its own."""
    return _said(pgettext("between", ", ").join(parts), ", ".join(map(in_english, parts)))


def moment(at: float, style: str) -> str:
    """UTC seconds, which Discord shows to each in their language and time zone: as a date by the
    style `D`, with its time by `f`, as how long it is until then by `R`."""
    return f"<t:{at:.0f}:{style}>"


def in_english(text: str) -> str:
    """What was said, as a log has it; as it stands where more than a sentence was put together."""
    return text.english if isinstance(text, Said) else text


def _filled(text: str, english: str, values: Mapping[str, Any]) -> str:
    said = text.format(**values) if values else text
    plain = {name: getattr(value, "english", value) for name, value in values.items()}
    return _said(said, english.format(**plain) if values else english)


def _said(text: str, english: str) -> str:
    if text == english:
        return text
    found = Said(text)
    found.english = english
    return found


def N_(message: str) -> str:  # noqa: N802 - the mark that everybody knows
    """A mark for what is looked up later."""
    return message


def NP_(context: str, message: str) -> str:  # noqa: N802
    """The same for `pgettext`."""
    return message
