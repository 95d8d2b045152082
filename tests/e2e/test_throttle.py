"""Nobody asks faster than a person: commands, buttons, forms and suggestions."""

from __future__ import annotations

import re

from tests.kit.easel import Easel
from tests.kit.scene import Scene

SAID = re.compile(r"That was very much in a short time; I answer again <t:\d+:R>\.")


def at_most(easel: Easel, clicks: int) -> None:
    """So many of a person are let in, and then one a minute."""
    easel.bot.door.throttle.become(1, clicks)


async def test_commands_and_buttons_count_together_and_others_go_on(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    at_most(easel, 3)
    grid = await mia.imagine("a fox")
    await mia.press(grid, "U1")
    await (await mia.slash("info")).ack()
    assert SAID.search(await mia.refused(await mia.slash("imagine", prompt="a cat")))
    assert SAID.search(await mia.refused(await mia.click(grid, "V1")))
    await noah.press(grid, "V1")
    assert len(mia.results()) == 3


async def test_forms_count(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox")
    form = await mia.click(await mia.press(grid, "U1"), "Custom Zoom")
    await form.ack()
    at_most(easel, 1)
    await (await mia.slash("info")).ack()
    said = await mia.refused(await mia.person.submit(form, {"prompt": "an owl"}))
    assert SAID.search(said)


async def test_suggestions_count_little_and_then_are_none(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    at_most(easel, 1)
    offered = [
        await mia.person.autocomplete("imagine", focused="prompt", prompt="a ") for _ in range(11)
    ]
    assert all(offered[:10])
    assert offered[10] == []


async def said_of_second(mia: Scene) -> str:
    await (await mia.slash("info")).ack()
    return await mia.refused(await mia.slash("info"))


async def test_who_waits_is_answered_again(easel: Easel, mia: Scene) -> None:
    at_most(easel, 1)
    assert SAID.search(await said_of_second(mia))
    easel.bot.door.throttle.become(6000, 1)
    await (await mia.slash("info")).ack()


async def test_the_usual_limit_is_no_persons(easel: Easel, mia: Scene) -> None:
    usual = easel.settings
    easel.bot.door.throttle.become(usual.clicks_per_minute, usual.clicks_at_once)
    for _ in range(20):
        await (await mia.slash("info")).ack()
    assert not any(SAID.search(str(each)) for each in mia.private())
