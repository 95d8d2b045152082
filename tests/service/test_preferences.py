"""Preferences at work: what a plan makes of them, and how they are chosen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.action import Action, Press
from bot.domain.errors import InvalidPrompt, NotAllowed, NotFound
from bot.domain.layers import Layer
from bot.domain.people import Asker, Origin
from bot.domain.preferences import FileFormat, Preferences, Variation
from bot.domain.prompt import Prompt
from bot.domain.request import GenerationRequest
from bot.service.preferences import Panel
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, DIRECT, ELSEWHERE, HERE, TINY, House

OTHER = replace(TINY, id="other", name="The Other")
KEPT = replace(TINY, id="kept", name="Kept", allowed=(BERT_ASKS.user,))


async def plan(
    house: House, text: str = "a fox", asker: Asker = ANNA_ASKS, origin: Origin = HERE
) -> GenerationRequest:
    (request,) = (await house.service.drawing.plan(asker, origin, text)).requests
    return request


async def press(
    house: House, name: str, value: str = "", whose: Any = "user", asker: Asker = ANNA_ASKS
) -> Panel:
    return await house.service.preferences.press(asker, HERE, whose, name, value)


async def as_admin(house: House, name: str, value: str = "") -> None:
    await press(house, name, value, "server", ADMIN_ASKS)


async def test_settings_reach_the_request(house: House) -> None:
    assert (await plan(house)).prompt.options == ()
    await press(house, "stylize", "250")
    await press(house, "raw")
    request = await plan(house)
    assert request.prompt.parameters == "--stylize 250 --raw"
    assert request.meant == {"stylize": 0.5}
    assert (await plan(house, "a fox --s 0")).prompt.parameters == "--stylize 0 --raw"
    assert (await plan(house, origin=ELSEWHERE)).prompt == request.prompt
    assert (await plan(house, origin=DIRECT)).prompt == request.prompt
    assert (await plan(house, asker=BERT_ASKS)).prompt.options == ()


async def test_a_servers_defaults_are_for_everybody_there(house: House) -> None:
    await as_admin(house, "stylize", "750")
    await as_admin(house, "raw")
    assert (await plan(house)).prompt.parameters == "--stylize 750 --raw"
    assert (await plan(house, origin=ELSEWHERE)).prompt.options == ()
    await press(house, "stylize", "50")
    await press(house, "raw")
    assert (await plan(house)).prompt.parameters == "--stylize 50"
    assert (await plan(house, asker=BERT_ASKS)).prompt.parameters == "--stylize 750 --raw"
    with pytest.raises(NotAllowed, match="Manage Server"):
        await press(house, "stylize", "250", "server")
    with pytest.raises(NotAllowed):
        await house.service.preferences.panel(ADMIN_ASKS, DIRECT, "server")
    [raw, stylize] = await house.service.quotas.changes(ADMIN_ASKS, HERE.guild)
    assert (raw.detail, stylize.detail) == ({"raw": True}, {"stylize": 750})


async def test_the_model(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, others=[OTHER, KEPT]) as house:
        panel = await press(house, "model", "other")
        assert panel.models == [("tiny", "Tiny"), ("other", "The Other")]
        assert (await plan(house)).model == "other"
        assert (await plan(house, "a fox --model tiny")).model == "tiny"
        # So it is for a version that means nothing here.
        request = await plan(house, "a fox --niji 6")
        assert (request.model, request.prompt.parameters) == ("other", "--niji 6")
        # What a server prefers is nothing to whom it is not for.
        await press(house, "model", "")
        await as_admin(house, "model", "kept")
        assert (await plan(house)).model == "tiny"
        assert (await plan(house, asker=BERT_ASKS)).model == "kept"


async def test_a_model_is_called_as_a_prompt_can_say(tmp_path: Path) -> None:
    far = replace(TINY, id="/srv/models/far", name="Far")
    async with House(tmp_path, automatic=True, others=[far]) as house:
        panel = await press(house, "model", "Far")
        assert panel.models[1] == ("Far", "Far")
        request = await plan(house)
        assert (request.model, str(request.prompt)) == (far.id, "a fox --model Far")
        assert Prompt.parse(str(request.prompt)) == request.prompt


async def test_a_model_that_is_gone_is_said_and_not_waited_for(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, others=[OTHER]) as house:
        await press(house, "model", "other")
    async with House(tmp_path, automatic=True) as house:
        plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")
        assert plan.requests[0].model == "tiny"
        assert plan.warnings == ("The model `other` of your settings cannot be had here now.",)
        plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox --model tiny")
        assert plan.warnings == ()
        # It is passed over, not forgotten.
        assert (await house.service.preferences.own(ANNA_ASKS)).model == "other"


async def test_the_variation_is_as_far_as_whoever_presses_wants(house: House) -> None:
    grid = await house.draw()
    button = Press(Action.VARY, grid.tile(1))

    async def strength(asker: Asker) -> float | None:
        plan = await house.service.drawing.plan(asker, HERE, button)
        return plan.requests[0].sampling.strength

    assert await strength(ANNA_ASKS) == TINY.strength
    await press(house, "variation", "subtle")
    await house.service.preferences.set_variation(BERT_ASKS, "strong")
    subtle, strong = await strength(ANNA_ASKS), await strength(BERT_ASKS)
    assert subtle is not None
    assert strong is not None
    assert 0 < subtle < TINY.strength < strong < 1


async def test_variability_takes_turns(house: House) -> None:
    turns = [
        (await house.service.preferences.set_variation(ANNA_ASKS, None)).variation for _ in range(4)
    ]
    assert turns == [Variation.STRONG, Variation.SUBTLE, None, Variation.STRONG]
    assert (await house.service.preferences.set_variation(ANNA_ASKS, "usual")).variation is None


async def test_the_file_is_as_whoever_asks_wants(house: House) -> None:
    await press(house, "file", "png")
    grid = await house.draw()
    assert (grid.request.extra, grid.request.wire()["file"]) == ((("file", "png"),), "png")
    varied = await house.press(Action.VARY, grid.tile(1))
    assert varied.request.wire()["file"] == "png"
    others = await house.press(Action.REROLL, grid.tile(0), BERT_ASKS)
    assert (others.request.extra, others.request.wire()["file"]) == ((), "webp")
    single = (await house.upscale(grid.tile(2))).job
    png = (await house.service.pictures.picture(grid, 1 << 20)).bytes
    for job, limit, extension in (
        (grid, 1 << 20, "png"),
        (single, 1 << 20, "png"),
        (grid, png - 1, "webp"),
    ):
        await house.service.pictures.forget_upload(job)
        picture = await house.service.pictures.picture(job, limit)
        assert picture.filename.endswith(extension)
    await as_admin(house, "file", "jpeg")
    assert (await plan(house)).wire()["file"] == "png"
    assert (await plan(house, asker=BERT_ASKS)).wire()["file"] == "jpeg"
    await press(house, "file", "webp")
    assert (await plan(house)).extra == ()


async def test_a_suffix_stands_behind_every_prompt(house: House) -> None:
    await house.service.preferences.set_suffix(ANNA_ASKS, "--ar 3:2 --no cars --s 50")
    await press(house, "stylize", "750")
    request = await plan(house, "a fox --no red")
    assert request.prompt.parameters == "--ar 3:2 --no cars, red --stylize 50"
    with pytest.raises(InvalidPrompt, match=r"`orange::-1` is none"):
        await house.service.preferences.set_suffix(ANNA_ASKS, "orange::-1")
    assert (await plan(house, "a fox --no red")).prompt == request.prompt
    await house.service.preferences.set_suffix(ANNA_ASKS, "")
    assert (await plan(house)).prompt.parameters == "--stylize 750"


async def test_own_options(house: House) -> None:
    habits = house.service.preferences
    assert await habits.set_option(ANNA_ASKS, "--MyStyle", "ink  wash --ar 3:2") == "mystyle"
    assert str((await plan(house, "a fox —mystyle")).prompt) == "a fox ink wash --ar 3:2"
    await habits.set_option(ANNA_ASKS, "mystyle", "oil")
    assert str((await plan(house, "a fox --mystyle")).prompt) == "a fox oil"
    for asker, near in ((ANNA_ASKS, "did you mean `--mystyle`"), (BERT_ASKS, "no parameter")):
        with pytest.raises(InvalidPrompt, match=near):
            await plan(house, "a fox --mystyl", asker)
    await habits.set_option(ANNA_ASKS, "mystyle", " ")
    assert (await habits.own(ANNA_ASKS)).options == ()
    with pytest.raises(NotFound, match="`--mystyle`"):
        await habits.set_option(ANNA_ASKS, "mystyle", "")


async def test_options_that_are_refused(house: House) -> None:
    habits = house.service.preferences
    for name, value, words in (
        ("ar", "x", "parameter `--ar`"),
        ("mine", "--aspct 3:2", "did you mean"),
        ("mine", "y" * 1001, "1000 characters at most"),
        ("mine", "{a, b, c}" * 8, "at most 40"),
    ):
        with pytest.raises(InvalidPrompt, match=words):
            await habits.set_option(ANNA_ASKS, name, value)
    for n in range(20):
        await habits.set_option(ANNA_ASKS, f"own{chr(97 + n)}", "x")
    with pytest.raises(InvalidPrompt, match="20 options already"):
        await habits.set_option(ANNA_ASKS, "another", "x")
    await habits.set_option(ANNA_ASKS, "owna", "changed")
    assert len((await habits.own(ANNA_ASKS)).options) == 20


async def test_an_explanation_is_of_what_would_be_drawn(house: House) -> None:
    habits = house.service.preferences
    await habits.set_suffix(ANNA_ASKS, "--no cars --chaos 30")
    await press(house, "stylize", "250")
    await as_admin(house, "raw")
    text = "a {fox, cat} --no red --ar 3:2"
    told = await habits.explain(ANNA_ASKS, HERE, text)
    assert {row.name: row.layers for row in told.parameters} == {
        "ar": (Layer.PROMPT,),
        "no": (Layer.PROMPT, Layer.SUFFIX),
        "stylize": (Layer.SETTINGS,),
        "chaos": (Layer.SUFFIX,),
        "raw": (Layer.SERVER,),
        "model": (Layer.OPERATOR,),
    }
    assert told.more == 1
    drawn = (await house.service.drawing.plan(ANNA_ASKS, HERE, text)).requests[0].prompt
    assert dict(drawn.options) | {"model": "tiny"} == {
        row.name: row.value for row in told.parameters
    }


async def test_a_reset(house: House) -> None:
    habits = house.service.preferences
    await habits.set_option(ANNA_ASKS, "mine", "ink")
    await habits.set_suffix(ANNA_ASKS, "--chaos 3")
    await press(house, "file", "png")
    await press(house, "ping")
    assert await habits.pings(ANNA_ASKS.user)
    await press(house, "reset")
    assert await habits.own(ANNA_ASKS) == Preferences(options=(("mine", "ink"),))
    assert not await habits.pings(ANNA_ASKS.user)


@pytest.mark.parametrize(("name", "value"), [("speed", "slow"), ("file", "gif"), ("stylize", "x")])
async def test_a_button_of_another_version(house: House, name: str, value: str) -> None:
    with pytest.raises(NotFound, match="another version"):
        await press(house, name, value)


async def test_what_was_chosen_outlives_a_restart(house: House) -> None:
    await press(house, "file", "jpeg")
    await as_admin(house, "stylize", "50")
    await house.restart()
    request = await plan(house)
    assert (request.wire()["file"], request.prompt.parameters) == ("jpeg", "--stylize 50")
    taste = await house.service.preferences.taste(ANNA_ASKS, HERE)
    assert taste.own == Preferences(file=FileFormat.JPEG)


async def test_a_read_that_was_overtaken_by_a_change_is_not_remembered(house: House) -> None:
    habits = house.service.preferences
    await asyncio.gather(habits.taste(ANNA_ASKS, HERE), press(house, "stylize", "250"))
    assert (await habits.own(ANNA_ASKS)).stylize == 250


async def test_a_plan_reads_nothing_that_it_knows(house: House) -> None:
    await house.service.preferences.set_suffix(ANNA_ASKS, "--ar 3:2 --no cars, red")
    await press(house, "stylize", "250")
    await plan(house)
    await house.database.close()
    planner, times = house.service.drawing._planner, []
    for _ in range(20):
        began = time.perf_counter()
        await planner.plan(ANNA_ASKS, HERE, "a lighthouse in a storm, dramatic light --chaos 20")
        times.append(time.perf_counter() - began)
    assert min(times) < 0.002


async def test_what_is_hidden_is_known_at_once(house: House) -> None:
    preferences = house.service.preferences

    def hides(text: str, origin: Origin = HERE) -> bool:
        return preferences.hides(ANNA_ASKS, origin, text)

    assert [hides("a fox"), hides("a private fox"), hides("a fox --PRIVATE")] == [
        False,
        False,
        True,
    ]
    assert not hides("a fox --stealth", DIRECT)
    assert not hides("a fox --stealth --ar broken")
    await preferences.set_option(ANNA_ASKS, "secret", "--stealth")
    assert (hides("a fox --secret"), hides("a fox")) == (True, False)
    await preferences.set_suffix(ANNA_ASKS, "--stealth --relax")
    assert (hides("a fox"), hides("a fox --public")) == (True, False)
    made = await plan(house)
    assert (made.prompt.parameters, made.extra) == (
        "--relax --stealth", (("speed", "relax"), ("stealth", True)),
    )  # fmt: skip
    assert (await plan(house, "a fox --turbo --public")).extra == (("speed", "turbo"),)
