"""`make words`: brings the catalogues of translations in step with the sources, and compiles them.

Texts that are marked are found by Babel, those of commands by asking discord.py for them. What is
new comes into each catalogue without a translation, what is gone goes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import discord
from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot import __file__ as package
from bot.chat.client import EaselBot
from bot.chat.speech import context_of
from bot.language import CATALOGUES, DOMAIN, FOLDER
from bot.settings import Settings

ROOT = Path(package).parents[1]
_PLACED = ((1, "c"), 2)
KEYWORDS = {"_": None, "N_": None, "counted": (1, 2), "pgettext": _PLACED, "NP_": _PLACED}
_SOURCES = (
    "bot/chat", "bot/dispatch", "bot/domain", "bot/filtering", "bot/links", "bot/service",
    "bot/storage",
)  # fmt: skip
_WIDTH = 100
_NO_DATE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_IDLE = re.compile(
    rb'^"(?:Report|POT|PO|Last|Language-Team|Generated|Project)[^\n]*\n', re.MULTILINE
)
"""Lines of a header that change with each run, or say nothing."""
_PARTIAL = "es_419"
"""Has what differs from the catalogue behind it, and no more."""

Text = tuple[str, str, str]
"""Where it stands, its context and itself."""


class Listener(app_commands.Translator):
    """Hears every text of every command, and translates none."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, str], str] = {}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> None:
        self.heard.setdefault((context_of(context), string.message), "")


class _Nothing:
    """Stands where the service does: commands are only listed."""

    def __getattr__(self, name: str) -> _Nothing:
        return self


async def commands() -> EaselBot:
    """A bot with every command that there is, which is never run."""
    bot = EaselBot(cast(Any, _Nothing()), Settings().extensions)
    for name in bot.wanted:
        await bot.load_extension(name)
    return bot


async def texts_of_commands() -> list[Text]:
    """In the order in which Discord is told of them."""
    bot = await commands()
    found: list[Text] = []
    for command in bot.tree.get_commands(type=None):
        listener = Listener()
        await command.get_translated_payload(bot.tree, listener)
        group = isinstance(command, app_commands.Group)
        module = command.module if group else command.callback.__module__
        where = f"{str(module).replace('.', '/')}.py"
        found += [(where, context, text) for context, text in listener.heard]
    return found


def texts_of_sources() -> Iterator[tuple[str, str | None, str | tuple[str, ...], list[str]]]:
    """File, context, text (or its two forms) and what a comment before it says to translators."""
    for folder in (*_SOURCES, "cogs"):
        found = extract_from_dir(
            ROOT / folder, [("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",),
            strip_comment_tags=True,
        )  # fmt: skip
        for name, _, text, comments, context in sorted(found, key=lambda each: each[:2]):
            yield f"{folder}/{name}", context, cast("str | tuple[str, ...]", text), list(comments)


def template() -> Catalog:
    """Everything that can be said, with no translation."""
    made = Catalog(project="Easel", domain=DOMAIN)
    for where, context, text in asyncio.run(texts_of_commands()):
        made.add(text, locations=[(where, 0)], context=context or None)
    for where, context, text, comments in texts_of_sources():
        known = made.get(text if isinstance(text, str) else text[0], context)
        # Once for each file, however often it says so.
        places = [] if known and (where, 0) in known.locations else [(where, 0)]
        made.add(text, locations=places, auto_comments=comments, context=context)
    return made


def file_of(name: str) -> Path:
    """The catalogue of a language, without its ending."""
    return FOLDER / name / "LC_MESSAGES" / DOMAIN


def read(name: str) -> Catalog:
    """A catalogue as it is; an empty one where there is none yet."""
    path = file_of(name).with_suffix(".po")
    if not path.exists():
        return Catalog(locale=name, domain=DOMAIN, project="Easel")
    with path.open("rb") as file:
        return read_po(file, locale=name, domain=DOMAIN)


def brought_up(name: str, template: Catalog) -> Catalog:
    """A catalogue with what the sources say now. Nothing is guessed from texts that look alike."""
    catalogue = read(name)
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    if name == _PARTIAL:
        for message in [each for each in catalogue if each.id and not any(_forms(each.string))]:
            catalogue.delete(message.id, message.context)
    return catalogue


def _forms(string: Any) -> Iterable[str]:
    return (string,) if isinstance(string, str) else string or ()


def write(name: str, catalogue: Catalog) -> None:
    """The catalogue, and what is read of it when the bot runs."""
    path = file_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    language = Locale.parse(name).english_name
    catalogue.header_comment = f"# Easel in {language}. Terms: bot/language/GLOSSARY.md."
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    catalogue.fuzzy = False
    text = io.BytesIO()
    write_po(text, catalogue, width=_WIDTH, include_lineno=False)
    path.with_suffix(".po").write_bytes(_IDLE.sub(b"", text.getvalue()))
    with path.with_suffix(".mo").open("wb") as mo:
        write_mo(mo, catalogue)


def names() -> list[str]:
    """Of all catalogues."""
    return list(dict.fromkeys(name for chain in CATALOGUES.values() for name in chain))


def main() -> None:
    """Bring all of them up, and say what is missing."""
    made = template()
    for name in names():
        catalogue = brought_up(name, made)
        write(name, catalogue)
        missing = [each for each in catalogue if each.id and not any(_forms(each.string))]
        print(f"{name}: {len(catalogue)} texts, {len(missing)} without a translation")


if __name__ == "__main__":
    main()
