"""In how much of a hurry somebody is: from a prompt to a stored request, and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain.prompt import Prompt
from bot.domain.request import GenerationRequest
from bot.domain.speed import NAME, Speed
from tests.kit.values import a_request

ORDERS = [
    ("a fox", None, 0),
    ("a fox --relax", Speed.RELAX, 0),
    ("a fox --relaxed", Speed.RELAX, 0),
    ("--turbo a fox --fast", Speed.FAST, 1),
    ("a fox --fast --relax --turbo", Speed.TURBO, 2),
    ("a fox --turbo --turbo", Speed.TURBO, 0),
    ("a fox --turbo --relax --turbo", Speed.TURBO, 2),
]


@pytest.mark.parametrize(("typed", "asked", "notes"), ORDERS)
@pytest.mark.parametrize("usual", Speed)
def test_the_last_one_of_a_prompt_counts_else_the_usual_one(
    typed: str, asked: Speed | None, notes: int, usual: Speed
) -> None:
    reading = Prompt.read(typed)
    assert Speed.asked(reading.prompt, usual) is (asked or usual)
    assert len(reading.notes) == notes
    assert len(reading.prompt.options) == (asked is not None)
    assert Prompt.parse(str(reading.prompt)) == reading.prompt


def test_what_excludes_each_other_is_said() -> None:
    assert Prompt.read("a fox --turbo --relax").notes == (
        "`--turbo` and `--relax` exclude each other; the last one counts.",
    )
    hidden = Prompt.read("a fox --public --stealth --fast")
    assert hidden.prompt.parameters == "--fast --stealth"
    assert len(hidden.notes) == 1


@pytest.mark.parametrize("speed", Speed)
def test_a_request_keeps_it(speed: Speed) -> None:
    request = a_request().meaning(NAME, speed.stored)
    stored = json.loads(json.dumps(request.to_json()))
    assert Speed.of(GenerationRequest.from_json(stored).extra) is speed
    assert Speed.of(request.plainly().extra) is speed
    assert NAME not in request.wire()["meant"]


def test_a_request_of_another_version_is_as_fast_as_any() -> None:
    assert a_request().extra == ()
    assert Speed.of(()) is Speed.FAST
    assert Speed.of(replace(a_request(), extra=((NAME, "warp"),)).extra) is Speed.FAST


def test_what_a_hurry_costs_and_brings() -> None:
    assert [(each.price, each.at_once, each.mode) for each in Speed] == [
        (2, 2, "turbo"), (1, 1, ""), (1, 1, "relaxed"),
    ]  # fmt: skip
