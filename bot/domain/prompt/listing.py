"""The table of parameters in words: for /help, and for the README, which a test compares."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.language import _
from bot.domain.prompt.parameter import Parameter
from bot.domain.prompt.parameters import PARAMETERS

HEAD = "| parameter | values | here |\n|---|---|---|"


def names(row: Parameter) -> str:
    """All of them, as one types them."""
    return " ".join(f"--{name}" for name in row.names)


def takes(row: Parameter) -> str:
    """Its values and the usual one; empty for a flag."""
    said = _(row.expects) if row.expects else ""
    usual = _(" (default {value})", value=_(row.default)) if row.default else ""
    return said + usual


def does(row: Parameter) -> str:
    """What it does here, or why it does nothing."""
    if row.gone:
        return _("Refused: {why}", why=_(row.gone))
    return _("Nothing: it {why}.", why=_(row.past)) if row.past else _(row.help)


def markdown() -> str:
    """Every parameter, those that do the same together."""
    return "\n".join([HEAD, *_lines()])


def _lines() -> Iterator[str]:
    together: dict[tuple[str, str], list[str]] = {}
    for row in PARAMETERS:
        together.setdefault((takes(row), does(row)), []).append(names(row))
    for (values, meaning), typed in together.items():
        yield f"| `{' '.join(typed)}` | {values} | {meaning} |"
