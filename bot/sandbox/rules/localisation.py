"""The rules for what commands are called in other languages, and which of it a person reads.

Knows names, descriptions and their languages; not what else makes a command valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.rules.errors import Problems

DEFAULT = "en-US"
LOCALES = frozenset({
    "ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he", "hi",
    "hr", "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th",
    "tr", "uk", "vi", "zh-CN", "zh-TW",
})  # fmt: skip
"""Discord's `AvailableLocalesEnum`."""
_FALLBACKS = {"en-GB": "en-US", "en-US": "en-GB", "es-419": "es-ES"}
NAME = re.compile(r"[-_'\w]{1,32}")

Command = dict[str, Any]


def check(path: str, it: Command, problems: Problems, *, plain: bool) -> None:
    """Check the names and descriptions of a command, an option or a choice; `plain` says that its
    name is one word in small letters."""
    for locale, name in _said(f"{path}.name_localizations", it.get("name_localizations"), problems):
        at = f"{path}.name_localizations.{locale}"
        if problems.length(at, name, 1, 32) and plain and not is_name(name):
            text = "String value did not match validation regex."
            problems.add(at, "APPLICATION_COMMAND_INVALID_NAME", text)
    check_texts(f"{path}.description_localizations", it.get("description_localizations"), problems)


def check_texts(path: str, texts: object, problems: Problems) -> None:
    """Check descriptions, or names of choices."""
    for locale, text in _said(path, texts, problems):
        problems.length(f"{path}.{locale}", text, 1, 100)


def is_name(name: object) -> bool:
    """Whether a command or an option may be called so."""
    return isinstance(name, str) and bool(NAME.fullmatch(name)) and name == name.lower()


def names(it: Command) -> dict[str, str]:
    """What it is called in every language that says so, by locale; the default's is always there.
    Whatever is missing is called as by default."""
    own = it.get("name_localizations")
    return {DEFAULT: str(it.get("name")), **(own if isinstance(own, dict) else {})}


def longest(it: Command, key: str) -> int:
    """Characters of its `key` ("name", "description") in the language that takes most."""
    others = it.get(f"{key}_localizations")
    said = others.values() if isinstance(others, dict) else ()
    return max(len(str(text)) for text in (it.get(key, ""), *said))


def localised(it: Command, locale: str) -> Command:
    """As Discord gives it to a client: with `name_localized` and `description_localized`, in its
    options and choices too."""
    shown = dict(it)
    for key in ("name", "description"):
        said = it.get(f"{key}_localizations") or {}
        found = said.get(locale) or said.get(_FALLBACKS.get(locale, ""))
        if found:
            shown[f"{key}_localized"] = found
    for key in ("options", "choices"):
        if it.get(key):
            shown[key] = [localised(each, locale) for each in it[key]]
    return shown


def _said(path: str, texts: object, problems: Problems) -> Iterator[tuple[str, object]]:
    """Each language and its text."""
    if texts is None:
        return
    if not isinstance(texts, dict):
        problems.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    for locale, text in texts.items():
        if locale in LOCALES:
            yield locale, text
        else:
            known = f"Value must be one of {sorted(LOCALES)}."
            problems.add(f"{path}.{locale}", "BASE_TYPE_CHOICES", known)
