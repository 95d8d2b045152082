"""Whatever a prompt asks for can be drawn again by its recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import InvalidPrompt, Unable
from bot.domain.inputs import IMAGE
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import Kind, Parameter
from bot.domain.prompt.parameters import PARAMETERS, SEED_MAX
from bot.domain.prompt.values import WEIGHT_MAX
from bot.domain.samplers import SAMPLERS
from bot.domain.soundness import require_sound
from bot.models.cards import EMBEDDED_CARD, ModelCard
from bot.service import references, requests
from bot.service.sight import Seen

SEEING = replace(EMBEDDED_CARD, image_prompts=True)
BOUNDS = (0, 0.05, 0.25, 1, 3, 4, 5, 9, 10, 40, 50, 99, 100, 1000, 3000, 60_000, SEED_MAX)
"""Whatever a range of the table ends with."""
WORDS = (
    "a fox", "snow, fog", "a fox::", f"a fox::{WEIGHT_MAX:g}", f"fog::-{WEIGHT_MAX:g}",
    "snow::0.0001", "::".join(f"w{number}" for number in range(70)), "a", "https://a.b/c.png",
    f"https://a.b/d.png::{WEIGHT_MAX:g}", "https://a.b/e.png::0.0001",
)  # fmt: skip
MORE = (
    "--sref 7::999999 8::-999999", "--sref 7::0.0001", "--ar 1:3", "--ar 99:34", "--style neon",
    "--sref " + " ".join(map(str, range(40))), "--lora detail:-10", "--lora fog", "--cref https://a.b/c.png::9",
    *(f"--sampler {name}" for name in SAMPLERS),
)  # fmt: skip


def _accepted(row: Parameter) -> list[str]:
    """What the table shows of it, and the ends of its range."""
    if row.gone or row.kind is Kind.FLAG:
        return [row.example] if row.example else []
    typed = [row.example, *(f"--{row.name} {value}" for value in (*row.suggests, *BOUNDS))]
    return [each for each in typed if each and _is_read(f"a fox {each}")]


def _is_read(typed: str) -> bool:
    try:
        Prompt.parse(typed)
    except InvalidPrompt:
        return False
    return True


TYPED = st.tuples(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.lists(
        st.sampled_from(MORE)
        | st.sampled_from(PARAMETERS)
        .map(_accepted)
        .flatmap(lambda typed: st.sampled_from(typed or [""])),
        max_size=6,
    ).map(" ".join),
).map(" ".join)
SEEN = Seen("c" * 64, (1.0,) * 3 + (0.25,) * 6)


@settings(max_examples=150)
@given(TYPED, st.sampled_from((EMBEDDED_CARD, SEEING)))
def test_what_is_made_of_a_prompt_is_sound(typed: str, card: ModelCard) -> None:
    try:
        prompt, _ = references.settled(Prompt.parse(typed))
        made = requests.imagine(card, prompt)
    except (InvalidPrompt, Unable):
        return
    seen = dict.fromkeys(references.links(prompt), SEEN)
    pictured = references.pictured(card, made, seen)
    request = pictured.request
    if pictured.blend:
        request = requests.started(card, request, "d" * 64)
    require_sound(request)


@pytest.mark.parametrize(
    "typed",
    [
        "a fox --raw --s 50", "a fox --raw --s 0", "a fox --style raw --s 0", "a fox::150",
        "a fox --sref 7::200", "a fox --sref 7::10000 --sw 1000", "https://a.b/c.png::200 a fox",
        "a fox --sref " + " ".join(map(str, range(17))),
        "::".join(f"w{number}" for number in range(70)), "a fox --q 5 --ar 1:3 --hd",
    ],
)  # fmt: skip
def test_what_is_asked_for_far_from_the_usual_is_sound(typed: str) -> None:
    require_sound(requests.imagine(EMBEDDED_CARD, typed))


def test_a_picture_that_hardly_counts_beside_others_is_sound() -> None:
    links = ["https://a.b/0.png::0.0001", *(f"https://a.b/{number}.png" for number in range(1, 20))]
    prompt = Prompt.parse(f"a fox --cref {' '.join(links)}")
    seen = {link: SEEN for link in references.links(prompt)}
    request = references.pictured(SEEING, requests.imagine(SEEING, prompt), seen).request
    assert [each.role for each in request.inputs] == [IMAGE] * 20
    assert (request.inputs[0].weight, request.inputs[1].weight) == (0.0001, 0.8421)
    require_sound(request)
