"""A parameter of prompts: one row of the table in `bot.domain.prompt.parameters`."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from bot.domain.plain import Plain
from bot.domain.prompt.values import Spelling


class Kind(enum.Enum):
    """How much of the text behind its name a parameter takes, and what a second mention means."""

    FLAG = "flag"
    """Nothing."""
    VALUE = "value"
    """One value; the last one counts."""
    OPTIONAL = "optional"
    """One value, or none; the last one counts."""
    LIST = "list"
    """Values while they look like some; several mentions add up."""
    EACH = "each"
    """One value; several mentions add up."""
    CODES = "codes"
    """Like a list, but it may be empty."""
    TEXT = "text"
    """Everything up to the next parameter or an empty line; several mentions add up."""


def quoted(text: str, limit: int = 60) -> str:
    """What somebody typed as inline code, shortened: it cannot ping or format there."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "`" + " ".join(shown.replace("`", "'").split()) + "`"


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    `expects` completes the sentence "`--name` takes …"; `example` is typed as it stands. `gone`
    says why the parameter is refused, `past` that it is read and does nothing, and why. `suggests`
    are values that people like, best first.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = Kind.VALUE
    spelling: Spelling | None = None
    expects: str = ""
    default: str = ""
    help: str = ""
    example: str = ""
    gone: str = ""
    past: str = ""
    suggests: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """How it may be called."""
        return (self.name, *self.aliases)

    @property
    def adds_up(self) -> bool:
        """Whether several mentions count together."""
        return self.kind in (Kind.LIST, Kind.EACH, Kind.CODES, Kind.TEXT)

    def write(self, value: Plain) -> str:
        """The parameter as one types it."""
        if value is True:
            return f"--{self.name}"
        if self.kind is Kind.TEXT:
            return f"--{self.name} {', '.join(value)}"
        if self.kind is Kind.EACH:
            return " ".join(f"--{self.name} {each}" for each in value)
        if self.adds_up:
            return f"--{self.name} {' '.join(value)}"
        return f"--{self.name} {self.spelling.write(value) if self.spelling else value}"
