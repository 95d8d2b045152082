"""Prompts: whatever is typed is read within `SLOWEST_S` of processor time or refused in a sentence,
never into more prompts than allowed; the canonical form means the same, and so does what is stored.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from bot.domain.errors import InvalidPrompt
from bot.domain.prompt import MAX_LENGTH, Prompt, completing
from bot.domain.prompt.parameters import PARAMETERS

MOST = 40
SLOWEST_S = 0.01
"""For each prompt that comes of one; as long as these are, 600 characters."""
TRIES = 3
"""A slow one is read again: somebody else may have had the processor."""
PIECES = (
    *("::", "{a, b}", "\\,", " — ", "—", "/imagine prompt:", "**", " - <@1> (fast)"),
    "https://a.b/c.png ",
)


def read_timed(text: str) -> tuple[list[Prompt], str, float]:
    """What it stands for, or why it does not, and the seconds that took."""
    began = time.process_time()
    try:
        found, why = [each.prompt for each in Prompt.read_all(text, MOST)], ""
    except InvalidPrompt as refused:
        found, why = [], str(refused)
    return found, why, time.process_time() - began


def one(data: bytes) -> None:
    """Raises for the first mistake, which atheris writes into a file."""
    text = data.decode("utf-8", "ignore")[:MAX_LENGTH]
    found, why, took = read_timed(text)
    most = SLOWEST_S * (MOST if "{" in text else 1)
    if took > most:
        took = min(read_timed(text)[2] for _ in range(TRIES))
    assert took <= most, (took, text)
    assert found or why.endswith((".", "?")), why
    assert len(found) <= MOST
    for prompt in found[:2]:
        assert Prompt.parse(str(prompt)) == prompt, (text, str(prompt))
        assert Prompt.from_json(json.loads(json.dumps(prompt.to_json()))) == prompt
    assert all(len(each) <= completing.LONGEST for each in completing.completions(text))


def _wild() -> list[bytes]:
    """What people typed."""
    lines = (Path(__file__).parents[1] / "domain" / "prompts_in_the_wild.jsonl").read_text("utf-8")
    return [json.loads(line)["input"].encode() for line in lines.splitlines()]


SEEDS = _wild()
WORDS = (*PIECES, *(row.example for row in PARAMETERS if row.example))
"""What a fuzzer may put in."""
