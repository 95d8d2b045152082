"""What is offered to somebody who is typing."""

from __future__ import annotations

import pytest

from bot.domain.prompt import Prompt
from bot.domain.prompt.completing import LONGEST, completions
from bot.domain.prompt.parameter import Parameter
from bot.domain.prompt.parameters import PARAMETERS


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("a fox --", "a fox --ar 3:2"),
        ("a fox --a", "a fox --ar 3:2"),
        ("a fox —s", "a fox --seed"),
        ("a fox --til", "a fox --tile"),
        ("a fox --ar ", "a fox --ar 3:2"),
        ("a fox --AR 16", "a fox --AR 16:9"),
        ("a fox --q=0.2", "a fox --q=0.25"),
        ("--st", "--stylize 250"),
    ],
)
def test_the_last_word_is_completed(typed: str, first: str) -> None:
    assert completions(typed)[0] == first


@pytest.mark.parametrize(
    "typed", ["", "a fox", "a fox --ar 3:2", "a fox --ar 3:2 and", "well--", "a fox --nope 1"]
)
def test_nothing_is_offered_elsewhere(typed: str) -> None:
    assert completions(typed) == []


def test_what_is_given_is_not_offered_again_but_where_it_adds_up() -> None:
    offered = completions("a fox --ar 3:2 --no cats --")
    assert not any(each.endswith("--ar 3:2") and each.count("--ar") > 1 for each in offered)
    assert "a fox --ar 3:2 --no cats --no" in offered


def test_models_and_own_options_are_told() -> None:
    assert completions("a fox --model s", {"model": ["sdxl", "flux"]}) == ["a fox --model sdxl"]
    assert completions("a fox --my", own=["mystyle"]) == ["a fox --mystyle"]


def test_no_choice_is_too_long() -> None:
    assert completions("x" * LONGEST + " --") == []


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.suggests], ids=lambda r: r.name)
def test_every_suggestion_is_read_as_it_stands(row: Parameter) -> None:
    for value in row.suggests:
        reading = Prompt.read(f"a fox --{row.name} {value}")
        assert [name for name, _ in reading.prompt.options] == [row.name]
        assert reading.notes == ()
