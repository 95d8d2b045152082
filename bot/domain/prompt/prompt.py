"""The prompt language: text first, `--parameters` last.

Knows the grammar and the table of parameters; does not know models, users or Discord.
`str(prompt)` is canonical: `Prompt.parse(str(p)) == p`. What is stored is the value itself, by
`to_json`: reading it back needs no grammar.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.errors import InvalidPrompt
from bot.domain.plain import Pairs, as_json, pairs
from bot.domain.prompt import parameters
from bot.domain.size import SQUARE, AspectRatio

MAX_LENGTH = 4000

# They join letters (Persian, Indic scripts) and emoji (families, professions).
_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})

# Phones turn `--` into an em dash while one types, so both begin a parameter.
_DASHES = re.compile(r"(?:^|(?<=\s))(?:--|—)(?=\S)")


@dataclass(frozen=True)
class Prompt:
    """What to draw. `options` holds (name, plain value) pairs in the order of the table."""

    text: str
    options: Pairs = ()

    @classmethod
    def parse(cls, source: str) -> Prompt:
        """Read a prompt as typed. Raises InvalidPrompt with a sentence for the user."""
        _check_length(source)
        text, *rest = _DASHES.split(_plain(source))
        values: dict[str, Any] = {}
        for part in rest:
            _read(part, values)
        text = text.strip()
        if not text.strip(_JOINERS):
            raise InvalidPrompt("The prompt is empty; say what to draw, such as `a red fox`.")
        prompt = cls(text, _ordered(values))
        # People copy the canonical form and type it again, and it can be the longer one.
        _check_length(str(prompt))
        return prompt

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` is the inverse."""
        return {"text": self.text, "options": as_json(self.options)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Prompt:
        """What `to_json` made, of today's parameters or not: nothing is checked again."""
        return cls(str(data["text"]), pairs(data["options"]))

    def __str__(self) -> str:
        return " ".join((self.text, *self._written()))

    def _written(self) -> tuple[str, ...]:
        return tuple(f"--{name} {parameters.written(name, value)}" for name, value in self.options)

    @property
    def parameters(self) -> str:
        """The canonical parameters alone, such as `--ar 3:2 --seed 7`; may be empty."""
        return " ".join(self._written())

    def get(self, name: str, default: Any = None) -> Any:
        """The value of an option, or `default` where the prompt does not set it."""
        return dict(self.options).get(name, default)

    @property
    def aspect(self) -> AspectRatio:
        return AspectRatio(*self.get("ar", (SQUARE.width, SQUARE.height)))

    @property
    def seed(self) -> int | None:
        return self.get("seed")

    @property
    def quality(self) -> float:
        return self.get("quality", 1.0)

    @property
    def negative(self) -> str:
        """What to leave out, as one comma-separated text; empty when nothing."""
        return ", ".join(self.get("no", ()))

    def without(self, name: str) -> Prompt:
        """A copy that does not set this option."""
        return replace(self, options=tuple(pair for pair in self.options if pair[0] != name))


def _check_length(source: str) -> None:
    if len(source) > MAX_LENGTH:
        raise InvalidPrompt(
            f"The prompt has {len(source)} characters; at most {MAX_LENGTH} are allowed."
        )


def _plain(source: str) -> str:
    """Control and invisible formatting characters out, runs of white space to one space."""
    kept = "".join(
        " " if char.isspace() else char for char in source if char.isspace() or not _invisible(char)
    )
    return " ".join(kept.split())


def _invisible(char: str) -> bool:
    return char not in _JOINERS and unicodedata.category(char) in _INVISIBLE


def _read(part: str, values: dict[str, Any]) -> None:
    typed, _, value = part.partition(" ")
    parameter = parameters.find(typed)
    value = value.strip()
    try:
        read = parameter.read(value)
    except ValueError:
        raise InvalidPrompt(_refusal(parameter, value)) from None
    if parameter.name == "no" and "no" in values:
        values["no"] = tuple(dict.fromkeys((*values["no"], *read)))
    elif parameter.name in values:
        raise InvalidPrompt(f"`--{parameter.name}` is given twice; give it once.")
    else:
        values[parameter.name] = read


def _refusal(parameter: parameters.Parameter, value: str) -> str:
    takes = f"`--{parameter.name}` takes {parameter.expects}"
    if not value:
        return f"{takes}; a value is missing."
    first, _, more = value.partition(" ")
    if more and _readable(parameter, first):
        return f"{takes}; put the text {parameters.quoted(more)} before the parameters."
    return f"{takes}, not {parameters.quoted(value)}."


def _readable(parameter: parameters.Parameter, value: str) -> bool:
    try:
        parameter.read(value)
    except ValueError:
        return False
    return True


def _ordered(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (row.name, values[row.name]) for row in parameters.PARAMETERS if row.name in values
    )
