"""The languages that Easel speaks besides English, each with its catalogue of translations.

Catalogues are `locale/<language>/LC_MESSAGES/easel.po`, which `make words` keeps in step with the
sources and compiles to the `.mo` beside it. Knows how a language writes numbers, days and lists
(Babel); not who hears it.
"""

from __future__ import annotations

import datetime
import functools
import gettext
from collections.abc import Mapping, Sequence
from pathlib import Path

from babel import Locale
from babel.dates import format_interval, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from bot.domain.language import ENGLISH, Language

DOMAIN = "easel"
FOLDER = Path(__file__).parent / "locale"
CATALOGUES: Mapping[str, tuple[str, ...]] = {
    "de": ("de",),
    "fr": ("fr",),
    "es-ES": ("es",),
    "es-419": ("es_419", "es"),
    "pt-BR": ("pt_BR",),
    "ja": ("ja",),
    "ko": ("ko",),
    "zh-CN": ("zh_Hans",),
    "zh-TW": ("zh_Hant",),
}
"""Discord's name of each language, and the catalogues that are looked through for it, in order."""


class Translated(Language):
    """A language with catalogues. What they lack is said in English."""

    def __init__(self, code: str, names: Sequence[str]) -> None:
        self.code = code
        self.locale = names[0]
        self._locale = Locale.parse(names[0])
        # The first has the next behind it.
        self._found = gettext.translation(DOMAIN, FOLDER, names)

    def gettext(self, message: str) -> str:
        return self._found.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self._found.ngettext(one, many, count)

    def pgettext(self, context: str, message: str) -> str:
        return self._found.pgettext(context, message)

    def number(self, value: float, digits: int = 0) -> str:
        places = "." + "0" * digits if digits else ""
        return format_decimal(value, f"#,##0{places}", locale=self._locale)

    def percent(self, fraction: float) -> str:
        return format_percent(fraction, locale=self._locale)

    def listed(self, names: Sequence[str]) -> str:
        return format_list(names, locale=self._locale)

    def day(self, day: datetime.date) -> str:
        return format_skeleton("MMMd", day, locale=self._locale)

    def days(self, first: datetime.date, last: datetime.date) -> str:
        return format_interval(first, last, "yMMMd", locale=self._locale)


@functools.cache
def language(code: str) -> Language:
    """The one that Discord calls so; English for those that Easel does not speak."""
    names = CATALOGUES.get(code)
    return Translated(code, names) if names else ENGLISH
