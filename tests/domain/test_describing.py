"""Captions as prompts: harmless, in the shape of the picture, one or all at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.domain import describing
from bot.domain.prompt import Prompt
from bot.domain.prompt.permutations import expanded
from bot.domain.size import Size

ODD = (
    "a fox --repeat 40",
    "a fox – –chaos 100",
    "a {red, blue} fox",
    "a fox::7 in snow",
    "see https://example.org/fox.png",
    'a sign that says "go": "on"',
    "a fox,\nasleep\\, `code` <@123> |x|",
    "{" * 30,
    "it's 'one': two",
)


@pytest.mark.parametrize("caption", ODD)
def test_what_a_model_says_is_text_and_nothing_else(caption: str) -> None:
    plain = describing.plain(caption)
    assert "\n" not in plain
    if plain:
        assert Prompt.parse(plain) == Prompt(text=plain)


@given(some.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_whatever_a_model_says_is_one_prompt(said: str) -> None:
    plain = describing.plain(said)
    assert describing.plain(plain) == plain
    if plain:
        prompt = Prompt.parse(plain)
        assert prompt == Prompt(text=prompt.text)


def test_words_are_kept_and_an_endless_caption_is_cut_between_two() -> None:
    assert describing.plain("  a red fox , in the snow. ") == "a red fox , in the snow."
    long = describing.plain("very " * 200)
    assert long.endswith("very")
    assert describing.LONGEST - 5 < len(long) <= describing.LONGEST
    assert len(describing.plain("x" * 999)) == describing.LONGEST


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ((128, 128), "1:1"), ((1000, 1020), "1:1"), ((1536, 1024), "3:2"), ((1000, 667), "3:2"),
        ((1080, 1920), "9:16"), ((640, 480), "4:3"), ((1200, 960), "5:4"), ((9000, 100), "3:1"),
        ((1, 400), "1:3"),
    ],
)  # fmt: skip
def test_the_shape_is_the_usual_one_next_to_it(size: tuple[int, int], ratio: str) -> None:
    assert str(describing.shape(Size(*size))) == ratio
    [prompt] = describing.prompts(["a red fox"], Size(*size))
    assert prompt == ("a red fox" if ratio == "1:1" else f"a red fox --ar {ratio}")
    assert describing.caption_of(prompt) == "a red fox"


@pytest.mark.parametrize("size", [Size(10, 10), Size(30, 20)])
def test_all_together_stand_for_each(size: Size) -> None:
    captions = ["a fox", "a red fox, asleep, in snow", "fox art", "one fox"]
    prompts = describing.prompts(captions, size)
    found = [each.replace("  ", " ").strip() for each in expanded(describing.together(prompts), 9)]
    assert found == prompts
