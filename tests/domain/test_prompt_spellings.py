"""Spellings beside those in `prompts_in_the_wild.jsonl`, each with what it means, canonically."""

from __future__ import annotations

import json

import pytest

from bot.domain.errors import InvalidPrompt
from bot.domain.prompt import Prompt

MODE = "(fast)"
JOB = "0123abcd-0123-0123-0123-0123456789ab"

PIECES = [
    *("—", "— tile ", "-v 1 ", "a--v 1", '"', "**a", "::", "a::1 ", "{a,b}", "{a,", " - @a ", " "),
    *(
        "** - ",
        "https://a.b/c ",
        "/imagine ",
        "prompt: ",
        "—raw—",
        "'a'",
        "--no ",
        "\\,",
        "<https://",
    ),
]

MEANT = [
    # What a bot or a site wrote around it
    ("**a fox --v 5.2** - Image #2 <@123>", "a fox --version 5.2"),
    ("**a fox --v 5.2** - Upscaled (2x) by <@123> (fast)", "a fox --version 5.2"),
    ("**a fox --v 6** - Variations (Strong) by <@123> (fast)", "a fox --version 6"),
    ("a fox --v 6.0 - @mia (fast)", "a fox --version 6.0"),
    ("**a fox** - @Mia Smith (relaxed, stealth)", "a fox"),
    ("**a fox** - Image #2 @Mia", "a fox"),
    ("**a fox** - Zoom Out by @Mia (fast)", "a fox"),
    ("a sunset - photo by @nat_geo", "a sunset - photo by @nat_geo"),
    ("a sunset - in the style of @them (2024)", "a sunset - in the style of @them (2024)"),
    ("**a fox --ar 16:9** - <@123> (31%) (fast)", "a fox --ar 16:9"),
    (f"**a fox** - <@1> [(Open on website)](<https://x.example/{JOB}>) {MODE}", "a fox"),
    (f"**a fox**\n**Job ID**: {JOB}\n**seed** 1259687673", "a fox"),
    (f"a fox --v 6 Job ID: {JOB}", "a fox --version 6"),
    ("`/imagine prompt: a fox --ar 1:1`", "a fox --ar 1:1"),
    ("/imagine prompt:a fox", "a fox"),
    ('/Imagine Prompt: "a fox" --ar 2:3', "a fox --ar 2:3"),
    ("/imagine prompt: /imagine prompt: a fox", "a fox"),
    ("Prompt: a fox --ar 2:3", "a fox --ar 2:3"),
    ("imagine a world of foxes", "imagine a world of foxes"),
    ("prompt a fox", "prompt a fox"),
    ("“a fox” --ar 16:9", "a fox --ar 16:9"),
    ("«a fox --ar 3:2»", "a fox --ar 3:2"),
    ('"hello" and "bye" --ar 3:2', '"hello" and "bye" --ar 3:2'),
    ("**--ar 4:5** a fox", "a fox --ar 4:5"),
    ('a fox --ar "16:9"', "a fox --ar 16:9"),
    ("a fox [--ar 3:2]", "a fox --ar 3:2"),
    # Dashes
    ("a fox--ar 16:9--v 5", "a fox --ar 16:9 --version 5"),
    ("a fox ---ar 3:2", "a fox --ar 3:2"),
    ("a fox -- --ar 3:2", "a fox --ar 3:2"),
    ("a fox -q 2 -s 300", "a fox --quality 2 --stylize 300"),
    ("a fox – ar 3:2", "a fox --ar 3:2"),
    ("a fox -\u200b-ar 16:9", "a fox --ar 16:9"),
    ("a clock – seed shop – at dawn", "a clock – seed shop – at dawn"),
    ("shoes — style of 1920, stitched", "shoes — style of 1920, stitched"),
    ("Concept - v 2 of it", "Concept - v 2 of it"),
    ("state-of-the-art no-frills - tile mosaic", "state-of-the-art no-frills - tile mosaic"),
    ("a fox — stop, look --ar 3:2", "a fox — stop, look --ar 3:2"),
    ("a clock—no numbers", "a clock—no numbers"),
    ("a clock--no numbers, hands", "a clock --no numbers, hands"),
    # Values
    ("a fox --iw1.5 --niji6 --s250", "a fox --stylize 250 --niji 6 --iw 1.5"),
    ("a fox --s 1,000", "a fox --stylize 1000"),
    ("a fox --iw 1,5", "a fox --iw 1.5"),
    ("a fox --ar:16:9 --v=6", "a fox --ar 16:9 --version 6"),
    ("a fox --v v6", "a fox --version 6"),
    ("a fox --v 6.1 alpha", "a fox alpha --version 6.1"),
    ("a fox --r 4, --tile.", "a fox --tile --repeat 4"),
    ("a fox --profile and friends", "a fox and friends --profile"),
    ("a fox --p xm3h9fq --p ab12cd", "a fox --profile xm3h9fq ab12cd"),
    ("a fox --no text\n\nUse warm light", "a fox Use warm light --no text"),
    ("a fox --sref <https://a.b/c.png?x=1&y=2>", "a fox --sref https://a.b/c.png?x=1&y=2"),
    ("a fox --sref 1 --sref random::2", "a fox --sref 1 random::2"),
    ("a fox --oref https://a.b/c.png --ow 400.", "a fox --oref https://a.b/c.png --ow 400"),
    # Parts and pictures
    ("::a fox", "a fox"),
    ("a fox:: forest::", "a fox::1 forest::1"),
    ("a fox::2forest", "a fox::1 2forest::1"),
    ("a fox :: 2, forest :: 1", "a fox::2 forest::1"),
    ("https://a.b/x.png, https://a.b/y.png, a fox", "https://a.b/x.png https://a.b/y.png a fox"),
    ("< https://a.b/x > a fox", "https://a.b/x a fox"),
    ("https://a.b/c--s-100/y.png a fox", "https://a.b/c--s-100/y.png a fox"),
    ("a fox https://a.b/y.png,--ar 3:2", "https://a.b/y.png a fox --ar 3:2"),
    ("a fox https://a.b/x --ar 1:1", "https://a.b/x a fox --ar 1:1"),
    ("a fox, http:// nowhere --ar 3:2", "a fox, http:// nowhere --ar 3:2"),
    ("the fish hut, \u00e9 ar 3:2 \u00e9", "the fish hut, \u00e9 ar 3:2 \u00e9"),
    ("a page of https://a.b/x in print", "a page of https://a.b/x in print"),
    ("a sign [read](https://a.b/x) here", "a sign [read](https://a.b/x) here"),
    # Braces that are no choice
    ("{{subject}} in {place}", "{{subject}} in {place}"),
    ("a fox {red, blue", "a fox {red, blue"),
    ('{"a":{"b":[1,2]},"c":"d, e"} --ar 3:4', '{"a":{"b":[1,2]},"c":"d, e"} --ar 3:4'),
]


@pytest.mark.parametrize(("typed", "canonical"), MEANT)
def test_means(typed: str, canonical: str) -> None:
    (reading,) = Prompt.read_all(typed, most=40)
    assert str(reading.prompt) == canonical
    assert Prompt.parse(canonical) == reading.prompt
    stored = json.loads(json.dumps(reading.prompt.to_json()))
    assert Prompt.from_json(stored) == reading.prompt


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a fox --ar 16 9", "not `16`"),
        ("a fox --ar -1:2", "not `-1:2`"),
        ("a fox —stop the clock", "`--stop` takes a whole number from 10 to 100, not `the`."),
        ("a fox --weird 5000", "from 0 to 3000, not `5000`"),
        ("a fox --no --ar 3:2", "`--no` takes what to leave out, separated by commas; a value is"),
        ("a fox --v niji", "not `niji`"),
        ("a fox::-1", "add up to more than 0"),
        ("a fox::99999 b", "a number from -10000 to 10000"),
        ("a fox " + "--seed 1 " * 101, "100 parameters at most"),
        ("a fox " + "{" * 30 + "a, b" + "}" * 30, "20 deep"),
    ],
)
def test_is_refused(typed: str, said: str) -> None:
    with pytest.raises(InvalidPrompt) as refused:
        Prompt.read_all(typed, most=40)
    assert said in str(refused.value)


def test_pictures_that_are_attached_say_something_too() -> None:
    alone = "https://a.b/x.png --ar 3:2"
    with pytest.raises(InvalidPrompt, match="One picture alone"):
        Prompt.read(alone)
    assert Prompt.read(alone, attached=1).prompt.text == ""
    assert str(Prompt.read_all("--ar {3:2, 1:1}", 2, attached=2)[1].prompt) == "--ar 1:1"
    with pytest.raises(InvalidPrompt, match="One picture alone"):
        Prompt.read("--ar 3:2", attached=1)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("frame", ["{}", "a {} b", "a --no {}", '"{}"'])
def test_what_is_long_and_odd_is_read_or_refused_in_a_sentence(piece: str, frame: str) -> None:
    typed = frame.format(piece * 6000)[:5900]
    try:
        readings = Prompt.read_all(typed, most=40)
    except InvalidPrompt as refused:
        said = str(refused)
    else:
        said = "."
        assert all(Prompt.parse(str(each.prompt)) == each.prompt for each in readings[:2])
    assert said.endswith(".")
    assert len(said) < 300


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("a fox --sref 7::0.00001", "a fox --sref 7::0.00001"),
        ("a fox --sref 7::1234.5678", "a fox --sref 7::1234.5678"),
        (
            "a fox --sref https://x.example/a.png::0.00002",
            "a fox --sref https://x.example/a.png::0.00002",
        ),
    ],
)
def test_weights_of_looks_are_read_back_as_they_are_written(typed: str, written: str) -> None:
    assert str(Prompt.parse(typed)) == written
    assert str(Prompt.parse(written)) == written


@pytest.mark.parametrize("weight", ["9999999", "-10001"])
def test_looks_have_no_weight_beyond_the_largest(weight: str) -> None:
    with pytest.raises(InvalidPrompt, match="`--sref` takes"):
        Prompt.parse(f"a fox --sref 7::{weight}")
