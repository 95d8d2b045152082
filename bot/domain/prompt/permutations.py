"""`{a, b}`: one typed prompt that stands for several.

The first group is the outermost loop; groups nest, stand anywhere (in values, too), and `\\,` is a
comma that separates nothing. How many come out is known before any is built.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _

DEEPEST = 20
_PIECES = re.compile(r"\\[,{}]|[{},]|(?:[^\\{},]|\\(?![,{}]))+")
# JSON and templates have braces, too: a name or value in quotes gives them away, or double braces.
_QUOTED = re.compile(r"""["'\u201c\u201d]\s*[:=]|[:=]\s*["'\u201c\u201d]""")


@dataclass
class _Group:
    """Alternatives, each a sequence of texts and groups."""

    alternatives: list[list[str | _Group]]
    start: int
    closed: bool = False

    @property
    def count(self) -> int:
        return sum(math.prod(map(_count, each)) for each in self.alternatives)


def expanded(source: str, most: int) -> list[str]:
    """Every prompt that `source` stands for, in order; `[source]` where it has no groups.

    Raises InvalidPrompt for more than `most`, or groups more than `DEEPEST` deep.
    """
    if "{" not in source:
        return [source]
    whole = _read(source)
    if whole.count > most:
        shown = f"{whole.count:,}" if whole.count < 1_000_000 else _("over a million")
        raise InvalidPrompt(
            _(
                "The groups in braces make {count} prompts of this one; at most {most} are drawn at"
                " once, so leave some alternatives out.",
                count=shown,
                most=most,
            )
        )
    return ["".join(parts) for parts in _built(whole.alternatives[0])]


def _count(piece: str | _Group) -> int:
    return 1 if isinstance(piece, str) else piece.count


def _read(source: str) -> _Group:
    """The whole as a group of one alternative."""
    open_groups = [_Group([[]], 0)]
    pieces = _PIECES.finditer(source)
    for piece in pieces:
        group, token = open_groups[-1], piece[0]
        if token == "{":
            if len(open_groups) > DEEPEST:
                raise InvalidPrompt(
                    _("Groups in braces may be {most} deep, not deeper.", most=DEEPEST)
                )
            open_groups.append(_Group([[]], piece.start()))
        elif token == "}" and len(open_groups) > 1:
            open_groups.pop()
            open_groups[-1].alternatives[-1].append(_closed(group, source, piece.end()))
        elif token == "," and len(open_groups) > 1:
            group.alternatives.append([])
        else:
            escaped = token[0] == "\\" and len(token) == 2 and token[1] in ",{}"
            group.alternatives[-1].append(token[1] if escaped else token)
    return _as_typed(open_groups, source)


def _as_typed(open_groups: Sequence[_Group], source: str) -> _Group:
    """A brace that nothing closes is one that is meant."""
    whole = open_groups[0]
    if len(open_groups) > 1:
        whole.alternatives[-1].append(source[open_groups[1].start :])
    return whole


def _closed(group: _Group, source: str, end: int) -> str | _Group:
    """Where it is no choice, the text as it was typed."""
    text = source[group.start : end]
    alternatives = group.alternatives
    nested = any(not isinstance(piece, str) for piece in alternatives[0])
    if text.startswith("{{") and text.endswith("}}") and len(alternatives) == 1:
        return text
    if _QUOTED.search(text) or (len(alternatives) == 1 and not nested):
        return text
    for each in alternatives:
        _trim(each)
    return group


def _trim(pieces: list[str | _Group]) -> None:
    """Space around an alternative belongs to the braces."""
    if pieces and isinstance(first := pieces[0], str):
        pieces[0] = first.lstrip()
    if pieces and isinstance(last := pieces[-1], str):
        pieces[-1] = last.rstrip()


def _built(pieces: Sequence[str | _Group]) -> Iterator[tuple[str, ...]]:
    return itertools.product(*map(_choices, pieces))


def _choices(piece: str | _Group) -> list[str]:
    if isinstance(piece, str):
        return [piece]
    return ["".join(parts) for each in piece.alternatives for parts in _built(each)]
