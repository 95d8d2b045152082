"""Prompts as people really type them, each with its intent: read as meant, or refused by name.

A line of `prompts_in_the_wild.jsonl` holds what was typed and `intent`: the words to draw (any of
several), the parameters by full name (those in `any` with whatever value), the weights of parts,
the number of pictures in front and of permutations, or the `error` that is right as well.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import InvalidPrompt
from bot.domain.prompt import Prompt

LINES = [
    json.loads(line)
    for line in Path(__file__).with_suffix(".jsonl").with_stem("prompts_in_the_wild")
    .read_text(encoding="utf-8").splitlines()
]  # fmt: skip


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text) or text.split()


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def parameters(prompt: Prompt) -> dict[str, Any]:
    shown = {"ar": str(prompt.aspect)} if prompt.get("ar") else {}
    return {name: plain(value) for name, value in prompt.options} | shown


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['kind']}: {line['input'][:40]}")
def test_read_as_meant(line: dict[str, Any]) -> None:
    intent = line["intent"]
    try:
        readings = Prompt.read_all(line["input"], most=40)
    except InvalidPrompt:
        assert "error" in intent
        return
    assert "text" in intent or "parameters" in intent, intent["error"]
    prompt, any_value = readings[0].prompt, set(intent.get("any", ()))
    texts = intent.get("text", prompt.text)
    meant = [texts] if isinstance(texts, str) else texts
    assert words(prompt.text) in map(words, meant)
    assert len(readings) == intent.get("permutations", 1)
    assert len(prompt.images) == intent.get("images", 0)
    assert [weight for _, weight in prompt.parts or prompt.images if intent.get("weights")] == (
        intent.get("weights", [])
    )
    assert bool(prompt.parts) <= ("weights" in intent)
    read = parameters(prompt)
    assert {name: value for name, value in read.items() if name not in any_value} == {
        name: value for name, value in intent["parameters"].items() if name not in any_value
    }
    assert Prompt.parse(str(prompt)) == prompt


def test_more_are_refused_before_they_are_built() -> None:
    with pytest.raises(InvalidPrompt, match="over a million"):
        Prompt.read_all("a fox " + "{a, b}" * 20, most=40)
    with pytest.raises(InvalidPrompt, match="at most 3"):
        Prompt.read_all("a {red, blue} {fox, bear}", most=3)
    with pytest.raises(InvalidPrompt, match="deep"):
        Prompt.read_all("{a, " * 1000 + "}" * 1000, most=40)


def test_permutations_come_in_order() -> None:
    readings = Prompt.read_all(r"a {red, {dark, pale} blue} {fox, bear\, sleepy}", most=40)
    assert [reading.prompt.text for reading in readings] == [
        "a red fox", "a red bear, sleepy", "a dark blue fox", "a dark blue bear, sleepy",
        "a pale blue fox", "a pale blue bear, sleepy",
    ]  # fmt: skip
