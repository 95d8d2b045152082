"""Preferences: what is chosen, kept as plain data, and changed by the buttons of a panel."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.preferences import FileFormat, Preferences, Variation, file_of
from bot.domain.prompt import Prompt

NONE = Preferences()
SUFFIXES = st.sampled_from(["--ar 3:2", "--no cars, red --sref 7 9", "--raw --lora a --lora b:0.5"])
ANY = st.builds(
    Preferences,
    model=st.none() | st.text(max_size=9),
    stylize=st.none() | st.integers(0, 1000),
    raw=st.none() | st.booleans(),
    variation=st.none() | st.sampled_from(Variation),
    file=st.none() | st.sampled_from(FileFormat),
    ping=st.booleans(),
    stealth=st.booleans(),
    remix=st.booleans(),
    auto_dm=st.booleans(),
    suffix=st.just(()) | SUFFIXES.map(Prompt.read_parameters),
    options=st.dictionaries(st.text(max_size=5), st.text(max_size=9)).map(
        lambda found: tuple(found.items())
    ),
)
PRESSES = [
    ("model", "sdxl"), ("stylize", "250"), ("raw", ""), ("ping", ""),
    ("variation", "subtle"), ("remix", ""), ("auto_dm", ""), ("file", "png"), ("reset", ""),
]  # fmt: skip


@given(ANY)
def test_what_is_kept_is_what_was_chosen(chosen: Preferences) -> None:
    kept = json.loads(json.dumps(chosen.to_json()))
    assert kept["version"] == 1
    assert Preferences.from_json(kept) == chosen


def test_what_an_earlier_version_kept_reads_back() -> None:
    kept = {"version": 1, "stylize": 250, "ping": True, "stealth": True, "options": {"a": "b"}}
    read = Preferences.from_json(kept)
    assert read == Preferences(stylize=250, ping=True, stealth=True, options=(("a", "b"),))
    assert (read.remix, read.auto_dm) == (False, False)
    assert read.to_json() == kept


def test_nothing_is_kept_of_what_is_left_open() -> None:
    assert NONE.to_json() == {"version": 1}
    assert Preferences(stylize=0, raw=False).to_json() == {
        "version": 1, "stylize": 0, "raw": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "kept",
    [{}, {"version": 2}, [], {"version": 1, "suffix": 3}, {"version": 1, "variation": "wild"}],
)
def test_what_cannot_be_read_is_said(kept: object) -> None:
    with pytest.raises(ValueError):
        Preferences.from_json(kept)  # type: ignore[arg-type]


@given(ANY, ANY)
def test_what_is_open_is_as_below(own: Preferences, below: Preferences) -> None:
    both = own.over(below)
    for name in ("model", "stylize", "raw", "variation", "file"):
        mine = getattr(own, name)
        assert getattr(both, name) == (getattr(below, name) if mine is None else mine)
    assert (both.ping, both.suffix, both.options) == (own.ping, own.suffix, own.options)


@pytest.mark.parametrize(("name", "value"), PRESSES[1:8])
def test_a_button_that_is_on_is_put_off(name: str, value: str) -> None:
    once = NONE.pressed(name, value, NONE)
    assert once != NONE
    assert once.pressed(name, value, NONE) == (once if name == "file" else NONE)


def test_what_a_server_switched_on_can_be_switched_off() -> None:
    server = Preferences(raw=True)
    off = NONE.pressed("raw", "", server)
    assert off.over(server).raw is False
    assert off.pressed("raw", "", server) == NONE
    on = NONE.pressed("raw", "", NONE)
    assert on.pressed("raw", "", server).over(server).raw is False


def test_a_choice_can_be_left_open_again() -> None:
    chosen = Preferences(model="sdxl", file=FileFormat.PNG)
    assert chosen.pressed("model", "", NONE).pressed("file", "", NONE) == NONE


@given(ANY)
def test_a_reset_leaves_own_options_alone(chosen: Preferences) -> None:
    assert chosen.pressed("reset", "", NONE) == Preferences(options=chosen.options)


@pytest.mark.parametrize(
    ("name", "value"),
    [("speed", "slow"), ("stylize", "much"), ("variation", "wild"), ("file", "gif"), ("", "")],
)
def test_what_no_panel_has(name: str, value: str) -> None:
    with pytest.raises(ValueError):
        NONE.pressed(name, value, NONE)


@given(st.floats(0.05, 0.95))
def test_a_variation_is_on_its_side_of_the_usual(usual: float) -> None:
    assert 0 < Variation.SUBTLE.strength(usual) < usual < Variation.STRONG.strength(usual) <= 1


def test_the_usual_file_needs_no_word() -> None:
    assert file_of(()) is FileFormat.WEBP
    assert file_of((("loras", ()), ("file", "jpeg"))) is FileFormat.JPEG
