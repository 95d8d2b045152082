"""The text that other tools read: what it says, and that it is theirs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.domain.infotext import PICTURE, infotext, user_comment
from bot.domain.request import Sampling
from tests.kit.values import a_request

# The readers' own pattern for the last line.
VALUES = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def test_the_whole_text() -> None:
    request = replace(
        a_request("a red fox --no hats, snow"), sampling=Sampling(20, 7.5, "dpmpp_2m_karras", 0.6)
    )
    assert infotext(request.recipe()) == (
        "a red fox\n"
        "Negative prompt: hats, snow\n"
        "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, "
        f"Seed: {request.seeds[0]}, Size: 16x16, Model: tiny, Denoising strength: 0.6"
    )


def test_what_was_not_asked_for_is_not_said() -> None:
    said = infotext(a_request().recipe())
    assert said.startswith("a red fox\nSteps: 4, CFG scale: 3, Seed: ")
    assert "Sampler" not in said
    assert "Denoising" not in said


def test_each_picture_has_its_own_seed() -> None:
    request = a_request()
    for number in range(1, 5):
        said = infotext(request.recipe() | {PICTURE: number})
        assert f"Seed: {request.seeds[number - 1]}," in said


def test_a_value_cannot_be_mistaken_for_another() -> None:
    request = replace(a_request(), model='a, Seed: 1, "b"')
    [line] = infotext(request.recipe()).splitlines()[1:]
    found = VALUES.findall(line)
    assert [name for name, _ in found] == ["Steps", "CFG scale", "Seed", "Size", "Model"]
    assert dict(found)["Seed"] == str(request.seeds[0])


@pytest.mark.parametrize("recipe", [{}, {"schema": 99}, {"schema": 2, "prompt": "a fox"}])
def test_what_is_no_request_has_no_text(recipe: dict[str, object]) -> None:
    assert infotext(recipe) == ""
    assert user_comment(recipe) == b""


def test_exif_holds_it_in_the_encoding_that_is_named_before_it() -> None:
    recipe = a_request("ein „roter“ 🦊").recipe()
    assert user_comment(recipe).removeprefix(b"UNICODE\0").decode("utf-16-be") == infotext(recipe)
