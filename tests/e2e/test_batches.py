"""Several grids at once: told with their price, drawn after a yes, shown by one message."""

from __future__ import annotations

from pathlib import Path

from bot.engine.seam import Executor
from bot.sandbox import Invocation, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

SIX = "a {red, blue, green} {fox, owl}"
HALF = "a {red, blue, slow green, slow grey} fox"


async def offered(person: Scene, prompt: str) -> Message:
    """The private answer that tells the price."""
    asked = await person.slash("imagine", prompt=prompt)
    await asked.ack()
    [offer] = await person.sandbox.wait_for(lambda: asked.replies)
    assert offer["flags"] & messages.EPHEMERAL
    return offer


async def taken(person: Scene, prompt: str) -> Message:
    """The message that shows what was agreed to."""
    press = await person.click(await offered(person, prompt), "Draw")
    await press.ack()
    return await person.until_said("grids drawn")


async def told(person: Scene, press: Invocation, words: str) -> None:
    """Returns when a press was answered with these words."""
    await person.sandbox.wait_for(
        lambda: any(words in messages.text_of(reply) for reply in press.replies)
    )


def shown(person: Scene, message: Message) -> Message:
    found = person.person.message(message)
    assert found is not None
    return found


async def until_posted(person: Scene, number: int) -> None:
    await person.sandbox.wait_for(lambda: len(person.results()) == number)


async def gone(person: Scene) -> None:
    await person.sandbox.wait_for(lambda: not person.notices())


async def test_six_grids_after_a_yes_each_with_its_result(easel: Easel, mia: Scene) -> None:
    folder = easel.settings.data_dir
    offer = await offered(mia, SIX)
    assert offer["content"].startswith("This draws **6 grids for 6 credits**:\n- **a red fox**")
    assert list(messages.buttons(offer)) == ["Draw", "Leave"]
    assert (books.states(folder), books.open_holds(folder), mia.notices()) == ([], 0, [])
    once, twice = [await mia.click(offer, "Draw") for _ in range(2)]
    await once.ack()
    await told(mia, twice, "drawn already")
    await until_posted(mia, 6)
    await gone(mia)
    assert books.states(folder) == ["succeeded"] * 6
    assert books.spent(folder) == 6
    headlines = {each["content"].split("**")[1] for each in mia.results()}
    assert headlines == {f"a {c} {a}" for c in ("red", "blue", "green") for a in ("fox", "owl")}
    offer = shown(mia, offer)
    assert (offer["content"], offer["components"]) == ("Asked for: 6 grids.", [])


async def test_what_is_left_is_not_drawn(easel: Easel, mia: Scene) -> None:
    offer = await offered(mia, SIX)
    await (await mia.click(offer, "Leave")).ack()
    await easel.sandbox.wait_for(lambda: shown(mia, offer)["components"] == [])
    assert shown(mia, offer)["content"].startswith("Left.")
    assert books.states(easel.settings.data_dir) == []


async def test_somebody_elses_press_is_refused(easel: Easel, mia: Scene, noah: Scene) -> None:
    offer = mia.person.client.need(await offered(mia, SIX))
    # Nobody else sees it, so this client is not Discord's own.
    press = noah.person.client.use_component(offer, offer.components[0]["components"][0], [])
    await told(noah, press, "Only the person who asked for this")
    assert books.states(easel.settings.data_dir) == []


async def test_one_message_shows_all_and_cancels_what_is_left(
    easel: Easel, gate: Gate, mia: Scene, noah: Scene
) -> None:
    notice = await taken(mia, HALF)
    assert list(messages.buttons(notice)) == ["Cancel all"]
    await until_posted(mia, 2)
    await mia.until_said("2 of 4 grids drawn")
    assert len(mia.notices()) == 1
    refused = await noah.refused(await noah.click(notice, "Cancel all"))
    assert "Manage Messages" in refused
    once, twice = [await mia.click(notice, "Cancel all") for _ in range(2)]
    await once.ack()
    await told(mia, twice, "over already")
    await easel.sandbox.wait_for(lambda: shown(mia, notice)["components"] == [])
    said = shown(mia, notice)["content"]
    assert said == f"**a red fox** and 3 more - {mia.mention}\n2 of 4 grids drawn, 2 stopped"
    folder = easel.settings.data_dir
    assert sorted(books.states(folder)) == ["cancelled"] * 2 + ["succeeded"] * 2
    assert (books.spent(folder), books.open_holds(folder)) == (2, 0)
    assert len(mia.results()) == 2


async def test_a_restart_between_offer_and_yes_and_in_the_middle(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    mia, settings = Scene(sandbox, "Mia"), settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        offer = await offered(mia, HALF)
    async with running(sandbox, settings, quick):
        await (await mia.click(offer, "Draw")).ack()
        notice = await mia.until_said("grids drawn")
        await until_posted(mia, 2)
    async with running(sandbox, settings, quick):
        gate.open()
        await until_posted(mia, 4)
        await gone(mia)
        assert mia.person.message(notice) is None
    assert books.states(tmp_path) == ["succeeded"] * 4
    assert (books.spent(tmp_path), books.open_holds(tmp_path)) == (4, 0)


async def test_more_than_may_wait_is_refused_before_it_is_offered(easel: Easel, mia: Scene) -> None:
    said = await mia.refused(await mia.slash("imagine", prompt="a fox --repeat 30"))
    assert "no room for 30 grids" in said
    assert "13 would fit now, and never more than 13 at once" in said


async def test_one_dear_grid_is_offered_and_drawn_like_any_other(easel: Easel, mia: Scene) -> None:
    offer = await offered(mia, "a fox --hd")
    assert "**1 grid for" in offer["content"]
    await (await mia.click(offer, "Draw")).ack()
    grid = await mia.new_result(set())
    assert grid["content"].startswith("**a fox --hd**")


async def test_where_the_one_message_cannot_be_shown_all_is_posted(
    easel: Easel, mia: Scene
) -> None:  # fmt: skip
    offer = await offered(mia, "a {red, blue} fox")
    easel.sandbox.faults.fail("POST", r"^/webhooks/", 404)
    await (await mia.click(offer, "Draw")).ack()
    await until_posted(mia, 2)
    assert books.spent(easel.settings.data_dir) == 2
