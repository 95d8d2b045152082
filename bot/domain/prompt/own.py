"""A person's own options: names that stand for a text, with or without parameters.

They are put in before anything else is read, once: what one stands for is not looked through for
others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.prompt import grammar
from bot.domain.prompt.marks import DASH, OPENING, visible
from bot.domain.prompt.parameter import quoted

NAME_MAX, VALUE_MAX = 32, 1000

_NAME = re.compile(r"[^\W\d_]\w*(?:-\w+)*")
# Behind a space, in brackets or in a group; one hyphen alone is none of ours.
_MENTION = re.compile(
    rf"(?<![^\s,{re.escape(OPENING)}])(?!-(?![{DASH}]))[{DASH}]+(?P<name>{_NAME.pattern})"
)


def expanded(source: str, options: Mapping[str, str]) -> str:
    """The prompt as typed, with what each of its own options stands for."""
    if not options:
        return source
    return _MENTION.sub(lambda found: _meant(found, options), visible(source))


def _meant(found: re.Match[str], options: Mapping[str, str]) -> str:
    return options.get(found["name"].lower(), found[0])


def named(typed: str) -> str:
    """The name of an own option as it is kept, from what somebody typed. Raises InvalidPrompt for
    one that nobody can use."""
    name = typed.strip().lstrip(DASH).lower()
    if len(name) > NAME_MAX or not _NAME.fullmatch(name):
        raise InvalidPrompt(
            _(
                "An option has a name of letters and digits, {most} at most and a letter first,"
                " such as `mystyle`; {typed} is none.",
                most=NAME_MAX,
                typed=quoted(typed),
            )
        )
    if row := grammar.begun(name):
        raise InvalidPrompt(
            _(
                "{typed} would be read as the parameter `--{name}`; choose another name.",
                typed=quoted(f"--{name}"),
                name=row.name,
            )
        )
    return name
