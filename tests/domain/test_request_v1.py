"""Requests that schema 1 stored: read as they were meant, whatever the grammar of today is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.action import Action, Kind, Tile
from bot.domain.inputs import Input
from bot.domain.request import GenerationRequest, Sampling, Seeding
from bot.domain.size import Size

# As the version before wrote it.
STORED = (
    '{"schema": 1, "action": "vary", "prompt": "a fox --ar 3:2 --quality 0.5 --no red, blue",'
    ' "model": "embedded", "width": 152, "height": 104, "seed": 4294967294, "steps": 4,'
    ' "guidance": 3.0, "sampler": "default", "count": 4, "source": ["cd91", 2], "strength": 0.6}'
)


def read(**changes: Any) -> GenerationRequest:
    return GenerationRequest.from_json(json.loads(STORED) | changes)


def test_everything_that_it_said_is_kept() -> None:
    old = read()
    assert (old.kind, old.action, old.model) == (Kind.DRAW, Action.VARY, "embedded")
    assert (old.size, old.count, old.frame, old.extra) == (Size(152, 104), 4, None, ())
    assert old.sampling == Sampling(4, 3.0, "default", 0.6)
    assert old.inputs == (Input("source", None, Tile("cd91", 2)),)
    assert (old.seed, old.seeding) == (4294967294, Seeding.FOLLOWING)
    assert old.seeds == [4294967294, 4294967295, 0, 1]


def test_it_is_stored_as_schema_2_from_now_on() -> None:
    stored = json.loads(json.dumps(read().to_json()))
    assert stored["schema"] == 2
    assert GenerationRequest.from_json(stored) == read()


@pytest.mark.parametrize(
    ("canonical", "text", "options"),
    [
        ("a red fox", "a red fox", {}),
        ("a fox --ar 16:9", "a fox", {"ar": (16, 9)}),
        ("a fox --seed 0", "a fox", {"seed": 0}),
        ("a fox --quality 2", "a fox", {"quality": 2.0}),
        ("a fox --no two words, cats", "a fox", {"no": ("two words", "cats")}),
        ("x --ar 3:2 --seed 7 --quality 0.25 --no a", "x",
         {"ar": (3, 2), "seed": 7, "quality": 0.25, "no": ("a",)}),
        ("a fox -- very — red", "a fox -- very — red", {}),
        ("well-known red—brown fox --no a—b", "well-known red—brown fox", {"no": ("a—b",)}),
        ("a::2 {b, c} https://x.y/z.png <@1>", "a::2 {b, c} https://x.y/z.png <@1>", {}),
        # Ranges that a later version may take away.
        ("a fox --ar 9:1 --quality 0.1", "a fox", {"ar": (9, 1), "quality": 0.1}),
    ],
)  # fmt: skip
def test_its_prompt_is_read_without_the_grammar_of_today(
    canonical: str, text: str, options: dict[str, Any]
) -> None:
    prompt = read(prompt=canonical).prompt
    assert (prompt.text, dict(prompt.options)) == (text, options)


def test_a_picture_taken_out_of_its_grid_was_never_drawn() -> None:
    single = read(action="upscale", count=1, strength=None, seed=9)
    assert (single.kind, single.source, single.seeds) == (Kind.EXTRACT, Tile("cd91", 2), [9])
    assert read(source=None).inputs == ()


@pytest.mark.parametrize(
    "damage",
    [{"prompt": "a fox --zoom 2"}, {"prompt": "a fox --ar 3"}, {"prompt": 7}, {"action": "paint"},
     {"source": 7}, {"width": None}],
    ids=str,
)  # fmt: skip
def test_what_it_never_wrote_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read(**damage)
