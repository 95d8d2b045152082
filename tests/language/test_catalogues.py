"""Every text has a translation in every language, with what it must hold and no longer than Discord
takes."""

from __future__ import annotations

import ast
import asyncio
import functools
import itertools
import re
import string
from collections.abc import Iterable, Iterator, Sequence

import pytest
from babel.messages import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.plurals import get_plural

from bot.chat.speech import MENU
from bot.commands import words
from bot.domain.language import Language
from bot.language import CATALOGUES, language

LIMITS = {
    "command": 32, "option": 32, "choice": 100, MENU: 32, "button": 80, "form": 45, "field": 45,
    "between": 8, "hint": 100, "line": 100, "placeholder": 100, "title": 256, "ingredient": 40,
    "heading": 46, "caption": 64, "legend": 22,
}  # fmt: skip
"""Characters of a text by its context. Discord takes 150 in a placeholder; the last three are what
a chart has room for."""
DESCRIPTION = 100
NAME = re.compile(r"[-_'\w]{1,32}")
FILLED_BY = {"nth": "number"}
"""What English has in place of what all others have."""
COMMAND = re.compile(r"(?<![\w/.<])/([a-z]+(?:_[a-z]+)*)((?: [a-z_]+\b(?!:))*)((?: [a-z]+:)*)")


@pytest.fixture(scope="module")
def template() -> Catalog:
    return words.template()


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (each for each in catalogue if each.id)


def forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())  # type: ignore[arg-type]


def places(message: Message) -> set[str]:
    return {file for file, _ in message.locations}


def key(message: Message) -> tuple[str | None, str]:
    return message.context, forms(message.id)[0]


read = functools.cache(words.read)


@functools.cache
def translations(code: str) -> dict[tuple[str | None, str], tuple[str, ...]]:
    """Each text's forms in a language, as they are looked for: in one catalogue, then the next."""
    found: dict[tuple[str | None, str], tuple[str, ...]] = {}
    for name in reversed(CATALOGUES[code]):
        found |= {key(each): forms(each.string) for each in messages(read(name))}
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_text_is_missing(code: str, template: Catalog) -> None:
    there = translations(code)
    missing = [key(each) for each in messages(template) if not all(there.get(key(each)) or [""])]
    assert missing == [], "run `make words`, then translate"


@pytest.mark.parametrize("name", words.names())
def test_catalogues_are_in_step(name: str, template: Catalog) -> None:
    """With the sources, and what is compiled with what is written. `make words` does both."""
    said = {key(each): (each.id, places(each)) for each in messages(template)}
    written = read(name)
    here = {key(each): (each.id, places(each)) for each in messages(written)}
    assert here == {one: said.get(one) for one in here}
    assert len(here) == len(said) or name == "es_419"
    with words.file_of(name).with_suffix(".mo").open("rb") as file:
        compiled = {key(each): forms(each.string) for each in messages(read_mo(file))}
    assert compiled == {key(each): forms(each.string) for each in messages(written)}


def test_what_two_languages_share_is_written_once() -> None:
    shared = {key(each): forms(each.string) for each in messages(read("es"))}
    own = {key(each): forms(each.string) for each in messages(read("es_419"))}
    assert own
    assert {one for one, said in own.items() if shared[one] == said} == set()


FAMILIES = ({"es", "es_419", "pt_BR"}, {"zh_Hans", "zh_Hant"})
"""Languages in which a sentence may be the same."""


def test_no_language_has_the_words_of_another() -> None:
    """A sentence of German in the Japanese catalogue would pass for a translation otherwise."""
    said: dict[str, dict[tuple[str | None, str], str]] = {}
    for name in words.names():
        there = {key(each): forms(each.string)[0] for each in messages(words.read(name))}
        said[name] = {one: text for one, text in there.items() if text != one[1] and _long(text)}
    borrowed = []
    for one, other in itertools.combinations(said, 2):
        if not any({one, other} <= family for family in FAMILIES):
            both = said[one].keys() & said[other].keys()
            borrowed += [(one, other, k) for k in both if said[one][k] == said[other][k]]
    assert borrowed == []


def _long(text: str) -> bool:
    """Whether it has more words than two languages could share by chance."""
    own = re.sub(r"\{.*?\}|`.*?`", "", text)
    return len(re.findall(r"\w", own)) > 16


@pytest.mark.parametrize("code", CATALOGUES)
def test_translations_hold_what_is_filled_in_and_marked(code: str, template: Catalog) -> None:
    there, wrong = translations(code), []
    for each in messages(template):
        source = forms(each.id)[-1]
        wrong += [(source, said) for said in there[key(each)] if not alike(each, source, said)]
    assert wrong == []


def alike(message: Message, source: str, said: str) -> bool:
    """What is filled in is the same, but for the number of one; so is what is code or bold."""
    english = {number: name for name, number in FILLED_BY.items() if name in fields(source)}
    filled = {english.get(name, name) for name in fields(said)}
    spare = {"n"} if len(forms(message.id)) > 1 else set()
    bold = source.count("**") == said.count("**")
    code = source.count("`") == said.count("`")
    return filled <= fields(source) and fields(source) - filled <= spare and bold and code


@pytest.mark.parametrize("name", words.names())
def test_plurals_have_the_forms_of_the_language(name: str, template: Catalog) -> None:
    wanted = get_plural(name)
    for each in messages(read(name)):
        if len(forms(each.id)) > 1:
            assert len(forms(each.string)) == wanted.num_plurals, each.id
    assert wanted.plural_expr in words.file_of(name).with_suffix(".po").read_text(encoding="utf-8")


def named(spoken: Language, command: str, rest: str, options: str) -> str:
    """A command as it is called in a language, with its subcommands and options."""
    path = [spoken.pgettext("command", word) for word in (command, *rest.split())]
    behind = [f"{spoken.pgettext('option', word.strip(':'))}:" for word in options.split()]
    return "/" + " ".join([*path, *behind])


def known(template: Catalog) -> set[str]:
    return {str(each.id) for each in messages(template) if each.context == "command"}


@pytest.mark.parametrize("code", CATALOGUES)
def test_commands_are_called_as_they_are_listed(code: str, template: Catalog) -> None:
    """What a text says to type is what Discord offers in that language."""
    spoken, there, there_is, wrong = language(code), translations(code), known(template), []
    for each in messages(template):
        for match in COMMAND.finditer(forms(each.id)[-1]):
            if match[1] not in there_is:
                continue
            subcommands = _while(match[2].split(), there_is) if "`" in forms(each.id)[-1] else []
            options = match[3] if len(subcommands) == len(match[2].split()) else ""
            wanted = named(spoken, match[1], " ".join(subcommands), options)
            wrong += [(wanted, said) for said in there[key(each)] if wanted not in said]
    assert wrong == []


def _while(found: Sequence[str], allowed: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for word in found:
        if word not in allowed:
            break
        kept.append(word)
    return kept


@pytest.mark.parametrize("code", ["en-US", *CATALOGUES])
def test_nothing_is_longer_than_discord_takes(code: str, template: Catalog) -> None:
    there = translations(code) if code in CATALOGUES else {}
    long = []
    for each in messages(template):
        most = LIMITS[each.context] if each.context else None
        most = DESCRIPTION if key(each) in descriptions() else most
        for said in there.get(key(each), forms(each.id)):
            longest = len(said) + 8 * len(fields(said))
            if most is not None and longest > most:
                long.append((len(said), most, said))
    assert long == []


@functools.cache
def descriptions() -> set[tuple[str | None, str]]:
    """Keys of what commands and options say of themselves."""
    heard = asyncio.run(words.texts_of_commands())
    return {(None, text) for _, context, text in heard if not context}


@pytest.mark.parametrize("code", CATALOGUES)
def test_names_are_what_discord_lets_names_be(code: str, template: Catalog) -> None:
    """In every script: small letters, no spaces."""
    there = translations(code)
    for each in messages(template):
        if each.context in ("command", "option"):
            [said] = there[key(each)]
            assert NAME.fullmatch(said), said
            assert said == said.lower()


MARKS = {"_": (0,), "N_": (0,), "counted": (0, 1), "pgettext": (1,), "NP_": (1,)}
"""Which arguments of a mark are texts."""


def marked(tree: ast.AST) -> Iterator[str]:
    """Literal texts in marks; those that are looked up by a variable are marked elsewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for at in MARKS.get(node.func.id, ()):
                match node.args[at]:
                    case ast.Constant(str(text)):
                        yield text
                    case ast.JoinedStr():
                        pytest.fail(f"a mark takes no f-string: {ast.unparse(node)}")
                    case _:
                        pass


def sources() -> Iterator[ast.Module]:
    """Of what speaks."""
    for folder in ("bot", "cogs"):
        for file in (words.ROOT / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            if "from bot.domain.language import" in text:
                yield ast.parse(text)


def test_every_mark_is_found(template: Catalog) -> None:
    """Also where a mark stands in the braces of an f-string, which Babel passes over."""
    known = {text for each in messages(template) for text in forms(each.id)}
    said = {text for tree in sources() for text in marked(tree)}
    assert len(said) > 400
    assert said - known == set()
