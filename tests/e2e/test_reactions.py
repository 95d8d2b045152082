"""❌ and ✉️ under what we post."""

from __future__ import annotations

import pytest

from bot import imaging
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate
from tests.kit.scene import Scene


@pytest.fixture
def ada(easel: Easel) -> Scene:
    """Who has Manage Messages."""
    return Scene(easel.sandbox, "Ada")


async def settled(person: Scene) -> None:
    """What was done before is dealt with: this is answered after it."""
    await (await person.slash("info")).ack()


async def gone(sandbox: Sandbox, person: Scene, message: messages.Message) -> None:
    await sandbox.wait_for(lambda: person.person.message(message) is None)


async def batch(person: Scene, prompt: str, progress: str) -> messages.Message:
    """The message of several grids, once it says so."""
    await (await person.slash("imagine", prompt=prompt)).ack()
    [proposal] = await person.sandbox.wait_for(person.private)
    await (await person.click(proposal, "Draw")).ack()
    return await person.until_said(progress)


@pytest.mark.parametrize("name", ["Mia", "Ada"])
async def test_who_asked_or_a_moderator_stops_a_drawing(
    easel: Easel, mia: Scene, noah: Scene, gate: Gate, name: str
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    progress = await mia.until_drawing()
    await noah.person.react(progress, "❌")
    await mia.person.react(progress, "👍")
    await settled(noah)
    assert books.states(easel.settings.data_dir) == ["running"]
    await Scene(easel.sandbox, name).person.react(progress, "❌")
    await mia.until_said("(Stopped)")
    assert books.states(easel.settings.data_dir) == ["cancelled"]
    assert books.spent(easel.settings.data_dir) == 0


async def test_all_of_a_batch_are_stopped(easel: Easel, mia: Scene, gate: Gate) -> None:
    progress = await batch(mia, "a slow {fox, owl}", "grids drawn")
    await mia.person.react(progress, "❌")
    await mia.until_said("2 stopped")


async def test_the_rest_of_a_batch_is_stopped_though_its_first_is_done(
    easel: Easel, mia: Scene, gate: Gate
) -> None:
    progress = await batch(mia, "a {quick, slow} fox", "1 of 2 grids drawn")
    await mia.person.react(progress, "❌")
    await mia.until_said("1 stopped")
    assert books.states(easel.settings.data_dir) == ["succeeded", "cancelled"]
    assert books.spent(easel.settings.data_dir) == 1


async def test_who_asked_or_a_moderator_deletes_a_result(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    first, second = await mia.imagine("an owl"), await mia.imagine("a fox")
    await noah.person.react(first, "❌")
    await settled(noah)
    assert mia.person.message(first) is not None
    await mia.person.react(first, "❌")
    await gone(easel.sandbox, noah, first)
    await ada.person.react(second, "❌")
    await gone(easel.sandbox, noah, second)
    assert books.states(easel.settings.data_dir) == ["succeeded"] * 2


async def test_each_picture_comes_to_who_reacts(easel: Easel, mia: Scene, noah: Scene) -> None:
    grid = await mia.imagine("an owl --seed 7")
    await noah.person.react(grid, "✉️")
    await easel.sandbox.wait_for(lambda: len(noah.results(noah.dm)) == 4)
    whole = messages.picture(easel.sandbox, grid)
    for number, each in enumerate(noah.results(noah.dm), 1):
        tile = messages.picture(easel.sandbox, each)
        assert messages.same_pixels(tile, imaging.crop(whole, number))
        assert f"Image #{number} of **an owl" in each["content"]
        assert f"Job `{messages.job_of(grid)}`, seed `" in each["content"]
    assert mia.results(mia.dm) == []


async def test_a_hidden_result_is_its_owners_alone(easel: Easel, mia: Scene, noah: Scene) -> None:
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    [hidden] = await mia.sandbox.wait_for(lambda: mia.results(mia.dm))
    await mia.person.react(hidden, "✉️")
    await easel.sandbox.wait_for(lambda: len(mia.results(mia.dm)) == 5)
    await mia.person.react(hidden, "❌")
    await gone(easel.sandbox, mia, hidden)
    assert noah.results() == noah.results(noah.dm) == []


async def test_other_peoples_messages_and_closed_doors_are_left_alone(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    said = await noah.person.say("lobby", "a fox")
    await noah.person.react(said, "❌")
    await noah.person.react(said, "✉️")
    grid = await mia.imagine("an owl")
    noah.person.close_dms()
    await noah.person.react(grid, "✉️")
    await settled(noah)
    assert noah.person.message(said) is not None
    assert mia.person.message(grid) is not None
