"""Reading `nvidia-smi`, which a script plays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.bench.model.card_memory import CardMemory


class Tool:
    """The program in front of the real one; it says what is in a file, or fails without it."""

    def __init__(self, folder: Path) -> None:
        self._says = folder / "says"
        program = folder / "nvidia-smi"
        program.write_text(f'#!/bin/sh\nexec cat "{self._says}"\n', encoding="utf-8")
        program.chmod(0o755)

    def say(self, *cards: object) -> None:
        self._says.write_text("".join(f"{card}\n" for card in cards), encoding="utf-8")


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return Tool(tmp_path)


def test_the_most_that_came_to_be_in_use_counts(tool: Tool) -> None:
    tool.say(500, 20)
    memory = CardMemory()
    for cards in ((500, 20), (510, 4020), (500, 3020)):
        tool.say(*cards)
        memory.look()
    assert memory.peak_mib == 4000


@pytest.mark.parametrize("said", ["[N/A]", "No devices were found", ""])
def test_a_tool_that_knows_nothing_is_passed_over(tool: Tool, said: str) -> None:
    tool.say(said)
    memory = CardMemory()
    memory.look()
    assert memory.peak_mib is None


def test_a_tool_that_fails_is_passed_over(tool: Tool) -> None:
    assert CardMemory().peak_mib is None
