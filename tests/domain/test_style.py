"""Looks by name: what they do to a prompt, how they are kept, and what is no look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.errors import UserError
from bot.domain.infotext import infotext
from bot.domain.prompt import Prompt
from bot.domain.request import GenerationRequest
from bot.domain.style import (
    BUILT_IN,
    TEXT_MAX,
    Style,
    in_extra,
    is_midjourneys,
    nearest,
    of_extra,
)
from bot.domain.vocabulary import Vocabulary
from tests.kit.values import a_request

OIL = Style("oil", "oil painting of", "thick paint", "photo, gloss", (("brush", 0.5),))


def styled(text: str, style: Style = OIL) -> GenerationRequest:
    return replace(a_request(text), extra=in_extra((("chaos", 0.5),), style))


def test_its_words_stand_around_the_prompt_on_the_wire_alone() -> None:
    request = styled("a fox, at night --no hats")
    wire = request.wire()
    assert wire["text"] == "oil painting of a fox, at night, thick paint"
    assert wire["negative"] == "hats, photo, gloss"
    assert wire["excluded"] == [["hats", 0.5], ["photo", 0.5], ["gloss", 0.5]]
    assert wire["recipe"]["text"] == wire["text"]
    assert str(request.prompt) == "a fox, at night --no hats"
    assert request.prompt.negative == "hats"
    assert infotext(request.recipe()).startswith(
        "oil painting of a fox, at night, thick paint\nNegative prompt: hats, photo, gloss\n"
    )


def test_every_part_that_is_to_be_seen_has_them() -> None:
    wire = styled("a fox::2 snow::1 hats::-0.5").wire()
    assert wire["parts"] == [
        ["oil painting of a fox, thick paint", 2.0],
        ["oil painting of snow, thick paint", 1.0],
    ]
    assert wire["excluded"][0] == ["hats", 0.5]


@pytest.mark.parametrize(
    ("prompt", "by_hand"),
    [
        ("a fox", "oil painting of a fox, thick paint --no photo, gloss"),
        ("a fox --no hats", "oil painting of a fox, thick paint --no hats, photo, gloss"),
        ("a fox --ar 3:2 --no gloss", "oil painting of a fox, thick paint --no gloss, photo"),
        (
            "a fox::2 snow",
            "oil painting of a fox, thick paint::2 oil painting of snow, thick paint"
            " --no photo, gloss",
        ),
    ],
)
def test_it_is_drawn_as_if_somebody_had_typed_all_of_it(prompt: str, by_hand: str) -> None:
    one, other = styled(prompt).wire(), a_request(by_hand).wire()
    for wire in (one, other):
        del wire["recipe"], wire["meant"], wire["loras"]
    assert one == other


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (Style("a", "photo of"), "photo of a fox"),
        (Style("a", "", "neon"), "a fox, neon"),
        (Style("a", loras=(("x", 1.0),)), "a fox"),
    ],
)
def test_a_style_may_have_one_side_alone(style: Style, text: str) -> None:
    assert styled("a fox", style).wire()["text"] == text


def test_a_stored_request_holds_all_of_it() -> None:
    request = styled("a fox --no hats")
    again = GenerationRequest.from_json(request.to_json())
    assert again == request
    assert of_extra(again.extra) == OIL
    assert of_extra(request.reroll(8).extra) == OIL
    assert of_extra(request.plainly().extra) == OIL
    assert of_extra(in_extra(request.extra, None)) is None
    assert a_request().wire()["text"] == "a red fox"


@pytest.mark.parametrize(
    "said",
    ["oil", ["oil"], ["oil", 1, "", "", []], ["oil", "", "", "", "x"],
     ["oil", "", "", "", [["x", 99]]], ["oil", "", "", "", [[1, 1]]]],
)  # fmt: skip
def test_a_request_with_what_is_no_style_cannot_be_read(said: object) -> None:
    data = styled("a fox").to_json()
    data["extra"]["style"] = said
    with pytest.raises(ValueError, match="no "):
        GenerationRequest.from_json(data)


def test_what_an_admin_types_is_tidied() -> None:
    made = Style.typed(" Old Film ", " a  photo of,\n", ", grain", "x,  y", "film:0.5, dust")
    assert made == Style("old-film", "a photo of", "grain", "x, y", (("film", 0.5), ("dust", 1.0)))
    assert made.worn_loras == "film:0.5, dust:1"
    assert Style.typed("b", loras=made.worn_loras).loras == made.loras


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "", "before": "x"}, "letters, digits"),
        ({"name": "-a", "before": "x"}, "not `-a`"),
        ({"name": "фото", "before": "x"}, "letters, digits"),
        ({"name": "a" * 33, "before": "x"}, "at most 32"),
        ({"name": "RAW", "before": "x"}, "`raw` is no look"),
        ({"name": "a"}, "changes nothing"),
        ({"name": "a", "before": "x" * (TEXT_MAX + 1)}, "at most 300 characters, not 301"),
        ({"name": "a", "after": "neon --ar 3:2"}, "leave out `--a`"),
        ({"name": "a", "before": "fox::2"}, "leave out `::`"),
        ({"name": "a", "negative": "https://a.b"}, "no parameters, weights or links"),
        ({"name": "a", "loras": "film:x"}, "such as `--lora detail:0.7`"),
        ({"name": "a", "loras": " ".join(f"l{n}" for n in range(9))}, "At most 8 LoRAs"),
    ],
)
def test_what_is_no_style_is_refused_in_a_sentence(given: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Style.typed(**given)


def test_every_built_in_one_could_have_been_typed_and_is_read_in_a_prompt() -> None:
    for name, style in BUILT_IN.items():
        assert Style.typed(name, style.before, style.after, style.negative) == style
        assert Prompt.parse(f"a fox --style {name}").get("style") == name
        assert not is_midjourneys(name)


def test_a_model_with_a_vocabulary_knows_those_of_its_words() -> None:
    known = Vocabulary(words=frozenset({"oil", "painting", "of", "thick", "paint"}))
    assert OIL.known_to(known)
    assert not BUILT_IN["anime"].known_to(known)
    assert BUILT_IN["anime"].known_to(None)


@pytest.mark.parametrize(
    ("name", "midjourneys"),
    [
        ("cute", True), ("4b", True), ("expressive", True), ("3d9lyn8b5tdscycb9", True),
        ("raw-mlay1zmkvq", True), ("random", True), ("random-16", True), ("16", False),
        ("oil", False), ("impressionism", False), ("16bit", False), ("1980s", False),
    ],
)  # fmt: skip
def test_styles_and_codes_of_midjourneys(name: str, midjourneys: bool) -> None:
    assert is_midjourneys(name) is midjourneys


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("oil", "There is no style `oil`; did you mean `--style oil-painting`?"),
        ("watercolor", "did you mean `--style watercolour`?"),
        ("pixelart", "did you mean `--style pixel-art`?"),
        ("zzzz", "There is no style `zzzz`; `/styles` shows those that are."),
    ],
)
def test_the_nearest_is_named(typed: str, words: str) -> None:
    assert words in str(nearest(typed, BUILT_IN))
