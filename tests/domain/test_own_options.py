"""A person's own options: what counts as one, and what they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidPrompt
from bot.domain.prompt import Prompt, own, parameters
from bot.domain.prompt.parameter import Parameter

OWN = {"mystyle": "ink --ar 3:2", "pablo": "playing --mystyle", "my-cat": "{red, grey} cat"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a fox --mystyle", "a fox ink --ar 3:2"),
        ("a fox —mystyle", "a fox ink --ar 3:2"),
        ("a fox –MyStyle in snow", "a fox ink --ar 3:2 in snow"),
        ("--mystyle", "ink --ar 3:2"),
        ("a fox (--mystyle)", "a fox (ink --ar 3:2)"),
        ("{--mystyle,--pablo}", "{ink --ar 3:2,playing --mystyle}"),
        ("--my-cat, asleep", "{red, grey} cat, asleep"),
        ("--mystyle --pablo", "ink --ar 3:2 playing --mystyle"),
        ("a fox -mystyle", "a fox -mystyle"),
        ("a fox--mystyle", "a fox--mystyle"),
        ("a fox --mystyles", "a fox --mystyles"),
        ("a fox --my-cats", "a fox --my-cats"),
        ("a fox -- mystyle", "a fox -- mystyle"),
    ],
)
def test_what_an_option_stands_for(typed: str, meant: str) -> None:
    assert own.expanded(typed, OWN) == meant


@given(st.text(alphabet="-—– ,{mystyle", max_size=40))
def test_nothing_but_options_changes(typed: str) -> None:
    assert own.expanded(typed, {}) == typed
    marked = own.expanded(typed, {"mystyle": "\u2603"})
    assert marked.replace("\u2603", "--mystyle").count("mystyle") == typed.count("mystyle")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("mystyle", "mystyle"), ("--MyStyle ", "mystyle"), ("no-cars", "no-cars"), ("größe", "größe")],
)
def test_names(typed: str, name: str) -> None:
    assert own.named(typed) == name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "is none"), ("7up", "is none"), ("two words", "is none"), ("x" * 33, "is none"),
        ("my-", "is none"), ("ar", "parameter `--ar`"), ("--S", "parameter `--stylize`"),
        ("v6", "parameter `--version`"), ("aspect", "parameter `--ar`"),
    ],
)  # fmt: skip
def test_names_that_nobody_can_use(typed: str, words: str) -> None:
    with pytest.raises(InvalidPrompt, match=words):
        own.named(typed)


@pytest.mark.parametrize("row", parameters.PARAMETERS, ids=lambda row: row.name)
def test_no_parameter_is_a_name(row: Parameter) -> None:
    for name in row.names:
        with pytest.raises(InvalidPrompt):
            own.named(name)


@pytest.mark.parametrize("typed", ["orange::-1", "a fox", "--ar 3:2 please", "a fox --ar 3:2"])
def test_a_suffix_has_no_words(typed: str) -> None:
    with pytest.raises(InvalidPrompt, match=r"Only parameters such as `--ar 3:2` can stand here"):
        Prompt.read_parameters(typed)


def test_a_suffix() -> None:
    assert Prompt.read_parameters("") == ()
    assert Prompt.read_parameters("—s 250 --no a, b --aspect 3:2") == (
        ("ar", (3, 2)), ("no", ("a", "b")), ("stylize", 250),
    )  # fmt: skip
    with pytest.raises(InvalidPrompt, match="did you mean"):
        Prompt.read_parameters("--aspct 3:2")
