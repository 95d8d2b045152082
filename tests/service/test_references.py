"""What pictures in a prompt become: by an adapter, as a start, or as colours; and what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.action import Action, Press, Tile
from bot.domain.errors import Unable
from bot.domain.inputs import IMAGE, SOURCE, STYLE, Input
from bot.domain.prompt import Prompt
from bot.domain.request import PALETTE, GenerationRequest
from bot.models.cards import ModelCard
from bot.service import references, requests
from bot.service.references import Attached, Pictured
from bot.service.sight import Seen

PLAIN = ModelCard("tiny", "Tiny", "nowhere", native=64, steps=10, guidance=3.0, strength=0.4)
SEEING = replace(PLAIN, image_prompts=True)
BLIND = replace(PLAIN, variations=False)
CAT, DOG = "https://a.b/cat.png", "https://a.b/dog.png"
SEEN = {
    CAT: Seen("c" * 64, (0.1,) * 9),
    DOG: Seen("d" * 64, (0.4,) * 9),
}
TILE = Tile("ab" * 16, 2)


def pictured(card: ModelCard, text: str) -> Pictured:
    made = requests.imagine(card, text)
    return references.pictured(card, made, SEEN)


def weights(request: GenerationRequest, role: str = IMAGE) -> list[tuple[str, float]]:
    return [((each.digest or "")[0], each.weight) for each in request.inputs if each.role == role]


def test_a_prompt_without_pictures_stays_what_it_is() -> None:
    for card in (PLAIN, SEEING, BLIND):
        made = requests.imagine(card, "a fox --iw 2 --sref 7 --sw 50")
        assert references.pictured(card, made, {}) == (made, (), ())


def test_without_an_adapter_a_picture_is_what_the_drawing_starts_from() -> None:
    strengths = {}
    for iw in ("0.5", "1", "2", "3"):
        made = pictured(PLAIN, f"{CAT} a fox --iw {iw}")
        assert made.blend == (("c" * 64, 1.0),)
        assert made.request.inputs == ()
        strengths[iw] = made.request.sampling.strength
    assert strengths == {"0.5": 0.875, "1": 0.75, "2": 0.5, "3": 0.25}
    (said,) = made.notes
    assert said.startswith("The drawing starts from the picture, for the model `Tiny` has no IP-")


def test_several_are_blended_by_their_weights() -> None:
    made = pictured(PLAIN, f"{CAT}::3 {DOG} a fox")
    assert made.blend == (("c" * 64, 3.0), ("d" * 64, 1.0))
    assert made.notes[0].startswith("The drawing starts from a blend of the pictures")
    assert pictured(PLAIN, f"{CAT}::-1 {DOG} a fox").blend == (("d" * 64, 1.0),)


def test_a_weight_of_nothing_changes_nothing() -> None:
    for card in (PLAIN, SEEING):
        for text in (f"{CAT} a fox --iw 0", f"{CAT}::0 a fox", f"a fox --sref {CAT} --sw 0"):
            made = pictured(card, text)
            assert (made.blend, made.request.inputs, made.notes) == ((), (), ())
            assert made.request.sampling.strength is None


def test_an_adapter_takes_pictures_beside_the_words() -> None:
    made = pictured(SEEING, f"{CAT}::3 {DOG} a fox")
    assert made.blend == ()
    assert made.request.sampling.strength is None
    assert weights(made.request) == [("c", 1.0), ("d", 0.3333)]
    assert made.notes == (
        "The pictures act as a part of the prompt, by the IP-Adapter of the model `Tiny`.",
    )
    means = [
        weights(pictured(SEEING, f"{CAT} a fox --iw {iw}").request)[0][1] for iw in (0.5, 1, 2, 3)
    ]
    assert means == sorted(means)
    assert (means[1], means[-1]) == (0.6667, 1.0)
    wire = made.request.wire()
    assert wire["images"] == [["c" * 64, 1.0], ["d" * 64, 0.3333]]
    assert wire["style"] is False


def test_a_style_is_an_adapters_or_colours() -> None:
    made = pictured(SEEING, f"a fox --sref {CAT} --sw 50")
    assert weights(made.request, STYLE) == [("c", 0.5)]
    assert made.request.wire()["style"] is True
    assert made.notes == ("`--sref` acts by the IP-Adapter of the model `Tiny`.",)
    plain = pictured(PLAIN, f"a fox --sref {CAT}::3 {DOG}")
    assert plain.request.meant[PALETTE] == (*(0.175,) * 9, 0.75)
    assert plain.request.inputs == ()
    assert plain.notes == (
        "`--sref` gives its colours to the pictures, for the model `Tiny` has no IP-Adapter.",
    )
    both = pictured(SEEING, f"{DOG} a fox --sref {CAT}")
    assert weights(both.request) == [("d", 0.6667)]
    assert both.request.meant[PALETTE][-1] == 0.75
    assert "its IP-Adapter looks at the other pictures" in both.notes[1]
    assert both.request.wire()["meant"]["palette"] == [*(0.1,) * 9, 0.75]


def test_numbers_and_links_are_both_styles() -> None:
    made = pictured(PLAIN, f"a fox --sref 7::2 {CAT}").request
    assert made.meant["looks"] == ((7, 2.0),)
    assert PALETTE in made.meant
    unsteered = replace(PLAIN, steers=False)
    assert not any("--sref" in said for said in warned(unsteered, f"a fox --sref {CAT}"))
    assert any("`--sref` has no effect" in said for said in warned(unsteered, "a fox --sref 7"))


def warned(card: ModelCard, text: str) -> list[str]:
    return requests.warnings(card, requests.imagine(card, text))


@pytest.mark.parametrize(
    ("name", "much", "weight"),
    [("cref", "", 0.8), ("cref", "--cw 50", 0.4), ("oref", "", 0.75), ("oref", "--ow 0", None)],
)
def test_somebody_and_something_need_an_adapter(name: str, much: str, weight: float | None) -> None:
    text = f"a fox --{name} {CAT} {much}"
    expected = [] if weight is None else [("c", weight)]
    assert weights(pictured(SEEING, text).request) == expected
    assert warned(SEEING, text) == []
    assert pictured(PLAIN, text).request.inputs == ()
    (said,) = warned(PLAIN, text)
    assert said.startswith(f"`--{name}` has no effect here: the model `Tiny` has no IP-Adapter")


def test_a_model_that_cannot_look_says_so_or_refuses() -> None:
    made = pictured(BLIND, f"{CAT} a fox")
    assert made.request.inputs == ()
    assert made.notes == ("Pictures have no effect here: the model `Tiny` cannot look at any.",)
    with pytest.raises(Unable, match="say what to draw in words"):
        pictured(BLIND, f"{CAT} {DOG}")


def test_random_looks_are_drawn_once_and_said() -> None:
    prompt = Prompt.parse("a fox --sref random 7 random::2")
    settled, said = references.settled(prompt)
    first, fixed, second = settled.get("sref")
    assert fixed == "7"
    assert first.isdigit()
    assert second.endswith("::2")
    assert said[0] == f"`--sref random` drew {first}: type `--sref {first}` for it again."
    assert Prompt.parse(str(settled)) == settled
    assert references.settled(settled) == (settled, ())
    assert len({references.settled(prompt)[0] for _ in range(9)}) == 9


def test_what_is_uploaded_counts_as_linked_to() -> None:
    attached = Attached((CAT, DOG), style="https://a.b/s.png", character="https://a.b/c.png")
    prompt = attached.with_prompt(Prompt.parse("https://a.b/x.png::2 a fox --sref 7 --ar 3:2"))
    assert str(prompt) == (
        f"https://a.b/x.png::2 {CAT} {DOG} a fox --ar 3:2 --sref 7 https://a.b/s.png"
        " --cref https://a.b/c.png"
    )
    assert Prompt.parse(str(prompt)) == prompt
    assert references.links(prompt) == [
        "https://a.b/x.png", CAT, DOG, "https://a.b/s.png", "https://a.b/c.png"
    ]  # fmt: skip
    assert Attached().with_prompt(prompt) == prompt


def drawn(card: ModelCard, text: str, **more: Any) -> GenerationRequest:
    made = pictured(card, text)
    if not made.blend:
        return made.request
    return requests.started(card, made.request, "e" * 64)


def test_children_keep_what_is_theirs() -> None:
    styled = drawn(SEEING, f"a fox --sref {CAT}")
    again = requests.pressed(SEEING, styled, Press(Action.REROLL, Tile(TILE.job, 0)))
    assert weights(again, STYLE) == [("c", 0.75)]
    varied = requests.pressed(SEEING, styled, Press(Action.VARY, TILE))
    assert [each.role for each in varied.inputs] == [SOURCE, STYLE]
    begun = drawn(PLAIN, f"{CAT} a fox --iw 2 --sref {DOG}")
    again = requests.pressed(PLAIN, begun, Press(Action.REROLL, Tile(TILE.job, 0)))
    assert again.inputs == (Input(SOURCE, "e" * 64),)
    assert again.sampling.strength == 0.5
    assert again.meant == begun.meant
    varied = requests.pressed(PLAIN, begun, Press(Action.VARY, TILE))
    assert (varied.source, varied.sampling.strength) == (TILE, 0.4)
    assert varied.meant == begun.meant


def test_another_model_takes_what_it_can() -> None:
    seen = drawn(SEEING, f"{CAT} a fox --sref {DOG}")
    other = replace(PLAIN, id="other")
    assert requests.current(other, seen).inputs == ()
    assert requests.current(other, seen).meant[PALETTE] == seen.meant[PALETTE]
    assert requests.current(replace(other, image_prompts=True), seen).inputs == seen.inputs
    begun = drawn(PLAIN, f"{CAT} a fox")
    assert requests.current(other, begun).inputs == begun.inputs
    assert GenerationRequest.from_json(seen.to_json()) == seen
