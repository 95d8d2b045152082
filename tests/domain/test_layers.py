"""Prompt, suffix, settings, server, operator: which of them counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidPrompt
from bot.domain.layers import MODELS, Layer, Taste, explained, merged
from bot.domain.plain import Pairs
from bot.domain.preferences import Preferences
from bot.domain.prompt import Prompt, parameters

PIECES = st.sampled_from(
    [
        "--ar 3:2", "--ar 2:3", "--stylize 50", "--stylize 750", "--raw", "--no cars",
        "--no red, cars", "--sref 7 9", "--sref 9 random", "--lora a:0.5", "--lora a:0.9 --lora b",
        "--model sdxl", "--seed 3", "--chaos 0", "--profile", "--profile abc12", "--niji",
    ]
)  # fmt: skip
SAID = st.lists(PIECES, max_size=5).map(lambda found: Prompt.read_parameters(" ".join(found)))
BELOW = list(Layer)[1:]
ALL_LAYERS = st.tuples(*(SAID for _ in BELOW))


def layers(said: tuple[Pairs, ...]) -> list[tuple[Layer, Pairs]]:
    return list(zip(BELOW, said, strict=True))


def chooses(options: Pairs) -> bool:
    """Whether it says which model draws."""
    return not MODELS.isdisjoint(dict(options))


def prompt(options: Pairs) -> Prompt:
    return Prompt("a fox", options)


@given(SAID, ALL_LAYERS)
def test_the_explanation_agrees_with_what_is_drawn(
    typed: Pairs, said: tuple[Pairs, ...]
) -> None:  # fmt: skip
    whole, told = prompt(typed), explained(prompt(typed), layers(said))
    drawn = merged(whole, layers(said))
    assert drawn.options == tuple((each.name, each.value) for each in told)
    asked = dict(zip(Layer, (typed, *said), strict=True))
    for each in told:
        row = parameters.known(each.name)
        assert row is not None
        spoke = {layer: dict(pairs)[each.name] for layer, pairs in asked.items()
                 if each.name in dict(pairs)}  # fmt: skip
        if each.name in MODELS:
            assert each.layers == (next(who for who in asked if chooses(asked[who])),)
        elif isinstance(each.value, tuple) and row.adds_up:
            named = {item for layer in each.layers for item in spoke[layer]}
            assert named == set(each.value)
            lists = [value for value in spoke.values() if isinstance(value, tuple)]
            assert named == {item for value in lists for item in value}
        else:
            assert each.layers == (next(iter(spoke)),)
            assert each.value == next(iter(spoke.values()))
    names = {name for pairs in asked.values() for name, _ in pairs}
    assert {each.name for each in told} - MODELS == names - MODELS


def test_who_names_a_version_chooses_the_model() -> None:
    taste = Taste(Preferences("sdxl"), Preferences("other"))
    for typed in ("a fox --niji 6", "a fox --v 6.1", "a fox --model mine"):
        assert merged(Prompt.parse(typed), taste.layers) == Prompt.parse(typed)
    assert merged(Prompt.parse("a fox"), taste.layers).get("model") == "sdxl"


@given(SAID, ALL_LAYERS)
def test_what_is_drawn_can_be_typed(typed: Pairs, said: tuple[Pairs, ...]) -> None:
    drawn = merged(prompt(typed), layers(said))
    assert Prompt.parse(str(drawn)) == drawn


@given(SAID, ALL_LAYERS)
def test_what_was_merged_is_merged_already(typed: Pairs, said: tuple[Pairs, ...]) -> None:
    drawn = merged(prompt(typed), layers(said))
    assert merged(drawn, layers(said)) == drawn


@pytest.mark.parametrize("strongest", range(5))
def test_the_strongest_word_counts(strongest: int) -> None:
    said = tuple((("stylize", 100 * n),) if n >= strongest else () for n in range(5))
    drawn = merged(prompt(said[0]), layers(said[1:]))
    assert drawn.get("stylize") == 100 * strongest


def test_lists_add_up_and_the_strongest_weight_counts() -> None:
    said = [Prompt.read_parameters(text) for text in ("--no red --lora a:0.2", "--lora a:0.9", "")]
    drawn = merged(Prompt.parse("a fox --no cars --lora a:0.5"), layers((*said, ())))
    assert drawn.parameters == "--no red, cars --lora a:0.9 --lora a:0.2 --lora a:0.5"


def test_a_flag_can_be_switched_off_below_a_prompt() -> None:
    taste = Taste(Preferences(raw=False), Preferences(raw=True))
    assert merged(prompt(()), taste.layers).options == ()
    assert merged(prompt((("raw", True),)), taste.layers).get("raw") is True


def test_what_is_too_long_is_refused() -> None:
    suffix = Prompt.read_parameters("--no " + ", ".join(f"thing{n}" for n in range(600)))
    with pytest.raises(InvalidPrompt, match="With your suffix and your settings"):
        merged(Prompt("x" * 3000), [(Layer.SUFFIX, suffix)])


def test_a_taste_reads_prompts() -> None:
    own = Preferences(
        stylize=250, suffix=Prompt.read_parameters("--ar 3:2"), options=(("pic", "ink, --raw"),)
    )
    taste = Taste(own, Preferences(stylize=50, model="sdxl"), note="Gone.")
    first, second = taste.read_all("a {fox, cat --stylize 0} —pic", 40)
    assert str(first.prompt) == "a fox ink --ar 3:2 --stylize 250 --raw --model sdxl"
    assert second.prompt.get("stylize") == 0
    assert first.notes == ("Gone.",)
    [named] = taste.read_all("a fox --model b", 40)
    assert named.notes == ()


def test_the_nearest_name_may_be_an_own_option() -> None:
    taste = Taste(Preferences(options=(("mystyle", "ink"),)))
    with pytest.raises(InvalidPrompt, match="did you mean `--mystyle`"):
        taste.read_all("a fox --mystile", 40)
    with pytest.raises(InvalidPrompt, match="did you mean `--stylize`"):
        taste.read_all("a fox --styliz", 40)


@pytest.mark.parametrize(
    ("typed", "suffix", "counts"),
    [
        ("", "--turbo --stealth", "--turbo --stealth"),
        ("--relax", "--turbo --stealth", "--relax --stealth"),
        ("--fast --public", "--turbo --stealth", "--fast --public"),
    ],
)
def test_of_what_excludes_each_other_the_strongest_counts(
    typed: str, suffix: str, counts: str
) -> None:
    below = [(Layer.SUFFIX, Prompt.read_parameters(suffix))]
    assert merged(Prompt.parse(f"a fox {typed}"), below).parameters == counts
