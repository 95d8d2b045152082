"""What is told of a pickle without running it."""

from __future__ import annotations

from typing import Any

from bot.models.opcodes import Shape, walked


def test_tables_without_an_end_are_looked_at_for_a_while_only() -> None:
    table: dict[str, Any] = {}
    for _ in range(4):  # 10^16 places, and no tensor in any of them
        table = dict.fromkeys(map(str, range(10_000)), table)
    assert list(walked(table)) == []
    assert list(walked({"a": {"b": Shape((2, 3))}} | table)) == [("a.b", (2, 3))]
