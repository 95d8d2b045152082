"""From bytes to choices, so that whoever makes up bytes makes up structures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

BIDI, ZERO_WIDTH = "\u202e\u2066\u200f\u061c", "\u200b\u200d\ufeff\u2060"
TEXTS = (
    "", " ", "\0", "a", "🦊", "é", "0", "-1", "null", "{}", "\n" * 40, BIDI + "fox", ZERO_WIDTH,
    "f" + ZERO_WIDTH + "ox", "a\u0300" * 60, "ﷺ" * 30, "ﬁ", "İ", "ß", "x" * 101, "x" * 4100,
    "x" * 6001, "{a,b}" * 9, "--ar 1:1", "--seed 99999999999999999999", "::" * 50, "`" * 9,
    "@everyone", "<@1>", "<#1>", "https://", "http://[", "https://a.b/c.png", "../../etc/passwd",
    "%s%n", "'; --", "easel:", "1" * 19, "9" * 40, "\x1b[31m", "٣", "²", "1e9", "NaN", "𝔣𝔬𝔵",
    "\u2028", "—" * 9,
)  # fmt: skip
"""What somebody may write where nobody thought of it."""
NUMBERS = (
    0, 1, -1, 2, 3, 5, 10, 25, 100, 255, 256, 65_536, 2**31 - 1, 2**31, 2**32, 2**53, 2**53 + 1,
    2**63 - 1, 2**63, 2**64, 2**64 + 1, -(2**63), -(2**63) - 1, 10**30,
)  # fmt: skip
OTHERS: tuple[Any, ...] = (
    None, True, False, [], {}, [[]], [{}], {"id": "1"}, 0.5, -0.0, 1e308, float("inf"), ["a"] * 200,
)  # fmt: skip


class Taking:
    """Takes from `data` until it is used up; then everything is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        at = self._at
        self._at += 1
        return self._data[at] if at < len(self._data) else 0

    def below(self, most: int) -> int:
        """0 to `most` - 1, of which there may be 65,536."""
        number = self.byte()
        if most > 256:
            number = number << 8 | self.byte()
        return number % most if most else 0

    def one(self, values: Sequence[T]) -> T:
        return values[self.below(len(values))]

    def raw(self, most: int = 40) -> bytes:
        """Some bytes as they come."""
        length = self.below(most)
        at, self._at = self._at, self._at + length
        return self._data[at : at + length]

    def text(self) -> str:
        """Odd ones, as they come, or several."""
        kind = self.below(4)
        if kind == 0:
            return self.raw().decode("utf-8", "replace")
        if kind == 1:
            return self.one(TEXTS) + self.one(TEXTS)
        return self.one(TEXTS)

    def value(self) -> Any:
        """Anything that JSON has."""
        kind = self.below(6)
        if kind == 0:
            return self.one(NUMBERS)
        if kind == 1:
            return str(self.one(NUMBERS))
        if kind == 2:
            return copied(self.one(OTHERS))  # whoever takes it may change it
        if kind == 3:
            return {self.text(): self.text() for _ in range(self.below(4))}
        return self.text()


def copied(payload: Any) -> Any:
    """As it came over a wire."""
    return json.loads(json.dumps(payload))


def places(payload: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a JSON value something can be changed: all paths, outermost first."""
    found: list[tuple[Any, ...]] = []
    if isinstance(payload, dict):
        rows: Any = payload.items()
    elif isinstance(payload, list):
        rows = enumerate(payload)
    else:
        return found
    for key, value in rows:
        found.append((*path, key))
        found += places(value, (*path, key))
    return found


def mutate(taking: Taking, payload: Any) -> Any:
    """Change one place in a JSON value: leave it out, put something else there, or double it.
    Returns where it begins."""
    found = places(payload)
    if not found:
        return None
    *above, last = path = taking.one(found)
    inner = payload
    for key in above:
        inner = inner[key]
    kind = taking.below(6)
    if kind == 0:
        del inner[last]
    elif kind == 1 and isinstance(inner, list):
        inner.extend(copied(inner))
    elif kind == 2 and isinstance(inner[last], str):
        text, at = inner[last], taking.byte()
        inner[last] = text[:at] + taking.text() + text[at + 1 :]
    elif kind == 3:
        inner[last] = copied(inner) if isinstance(inner, (dict, list)) else None
    else:
        inner[last] = taking.value()
    return path[0]
