"""Nobody draws from a picture of a channel that they cannot read, whoever gave them its id."""

from __future__ import annotations

import json

from bot.sandbox import Sandbox
from tests.e2e.test_more import edited, recipe_of, sent
from tests.e2e.test_show_job import brought
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.scene import Scene

UNKNOWN = "I do not know this job here"


def asked_of(sandbox: Sandbox) -> int:
    """What the bot asked Discord for, rather than told it."""
    return sum(call.method == "GET" for call in sandbox.log)


async def test_what_was_shown_before_a_channel_was_closed(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("an owl", channel="lobby")
    found = await brought(noah, messages.job_of(grid))
    before = asked_of(sandbox)
    await (await noah.click(found, "V1")).ack()
    varied = await noah.new_result({found["id"]})
    single = await noah.press(varied, "U1")
    assert asked_of(sandbox) == before
    sandbox.world.deny("lobby", "Noah", "VIEW_CHANNEL")
    spent = books.spent(easel.settings.data_dir)
    for button in ("U2", "V2", "🔄"):
        assert UNKNOWN in await noah.refused(await noah.click(found, button))
    # What they drew of it before is their own, where it is.
    await noah.press(single, "Zoom Out 2×")
    assert books.spent(easel.settings.data_dir) == spent + 1
    # Its owner goes on wherever they are.
    sandbox.world.deny("lobby", "Mia", "VIEW_CHANNEL")
    mine = await brought(mia, messages.job_of(grid))
    known = {each["id"] for each in mia.results()}
    await (await mia.click(mine, "V3")).ack()
    await mia.new_result(known)


async def test_a_recipe_by_the_hash_of_a_picture(easel: Easel, mia: Scene, noah: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("an owl", channel="lobby")
    single = await mia.press(grid, "U1")
    zoomed = await mia.press(single, "Zoom Out 2×")
    own = await noah.imagine("a fox")
    data, _ = await recipe_of(mia, zoomed)
    request = json.loads(data)["request"]
    forged = edited(data, request=request, job=messages.job_of(own))
    for file in (data, forged):
        known = {each["id"] for each in noah.results()}
        await (await sent(noah, file)).ack()
        await noah.new_result(known)
    sandbox.world.deny("lobby", "Noah", "VIEW_CHANNEL")
    spent = books.spent(easel.settings.data_dir)
    for file in (data, forged):
        text = await noah.refused(await sent(noah, file))
        assert "a picture that is not kept here" in text
    assert books.spent(easel.settings.data_dir) == spent
    known = {each["id"] for each in mia.results()}
    await (await sent(mia, data)).ack()
    await mia.new_result(known)
