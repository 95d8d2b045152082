"""What forms ask besides a prompt, and what comes back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat import aims, remix
from bot.domain.action import Action, Press
from bot.domain.region import Region
from tests.kit.values import a_job, a_request

SINGLE = a_job(a_request("a fox --seed 5", count=1))
REGION = Press(Action.VARY_REGION, SINGLE.tile(1))
ZOOM = Press(Action.CUSTOM_ZOOM, SINGLE.tile(1))
URL = "https://cdn.discordapp.com/ephemeral/mask.png"


def came_back(**values: Any) -> discord.Interaction:
    parts = [
        {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a fox"}},
        {"type": 18, "component": {"type": 19, "custom_id": "mask", "values": ["7"]}},
        {"type": 18, "component": {"type": 3, "custom_id": "fields", "values": ["1", "9", "12"]}},
        {"type": 18, "component": {"type": 4, "custom_id": "word", "value": " the hat "}},
    ]
    resolved = {"attachments": {"7": {"id": "7", "url": URL}}}
    data = {"custom_id": "x", "components": parts, "resolved": resolved} | values
    return cast(discord.Interaction, SimpleNamespace(data=data))


async def test_the_form_for_a_part_keeps_discords_rules_and_says_what_a_mask_means() -> None:
    form = remix.form(REGION, SINGLE, "a fox").to_dict()
    parts = [each["component"] for each in form["components"]]
    assert [(each["type"], each["custom_id"]) for each in parts] == [
        (4, "prompt"), (19, "mask"), (3, "fields"), (4, "word"),
    ]  # fmt: skip
    assert [each["required"] for each in parts] == [True, False, False, False]
    assert (parts[2]["min_values"], parts[2]["max_values"], len(parts[2]["options"])) == (0, 9, 9)
    said = form["components"][1]["description"]
    assert "white" in said
    assert "transparent" in said


@pytest.mark.parametrize("text", ["x" * 6000, "\N{FOX FACE}" * 6000])
async def test_the_longest_prompts_leave_room_for_what_fits(text: str) -> None:
    form = remix.form(REGION, SINGLE, text).to_dict()
    assert len(form["components"]) == 5
    values = [each["component"].get("value") or "" for each in form["components"]]
    assert 0 < max(len(value.encode("utf-16-le")) // 2 for value in values) <= 4000


async def test_custom_zoom_offers_shape_and_distance_once() -> None:
    def offered(press: Press, job: Any, **more: Any) -> str:
        [field] = remix.form(press, job, str(job.request.prompt), **more).to_dict()["components"]
        return field["component"]["value"]

    assert offered(ZOOM, SINGLE) == "a fox --seed 5 --ar 1:1 --zoom 2"
    wide = a_job(a_request("a fox --ar 3:2", count=1))
    assert offered(ZOOM, wide) == "a fox --ar 3:2 --zoom 2"
    assert offered(ZOOM, wide, again=True) == "a fox --ar 3:2"
    assert offered(Press(Action.PAN_UP, wide.tile(1)), wide) == "a fox --ar 3:2"


def test_what_came_back_says_the_part() -> None:
    press = aims.read(came_back(), REGION)
    assert press.region == Region(URL, (1, 9), "the hat")
    assert aims.read(came_back(resolved={}), REGION).region == Region("", (1, 9), "the hat")
    assert aims.read(came_back(components=[]), REGION).region == Region()
    assert aims.read(came_back(), ZOOM) == ZOOM


def test_the_word_is_no_part_of_the_prompt() -> None:
    argument = f"vary_region:{SINGLE.id}:1"
    press, _ = remix.read(argument, {"prompt": "a fox", "more2": "at night", "word": "the hat"})
    assert press.prompt == "a fox at night"
