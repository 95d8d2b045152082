"""/sheet: everything of a channel or thread that all may see, and nothing of another."""

from __future__ import annotations

import pytest

from tests.e2e.test_history import cell, close, prompts, sheet, turned
from tests.e2e.test_more import opened
from tests.kit import messages
from tests.kit.easel import Easel
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def laid_out(easel: Easel, person: Scene, **where: object) -> Message:
    await easel.settled()
    asked = await person.slash("sheet", **where)
    await asked.ack()
    [page] = await person.sandbox.wait_for(lambda: [e for e in asked.replies if e["embeds"]])
    assert page["flags"] & messages.EPHEMERAL
    return page


WHOLE = 5
"""Results on a page, so that few make two."""


async def test_a_thread_is_laid_out_whole_and_nothing_else_is(
    easel: Easel, mia: Scene, noah: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.domain.browsing.WHOLE", WHOLE)
    world = easel.sandbox.world
    thread = world.threads.add("imagine", "foxes", members=("Mia", "Noah", "Easel"))
    other = world.threads.add("imagine", "hares", members=("Mia", "Noah", "Easel"))
    await mia.imagine("outside")
    await mia.imagine("a hare", channel=other.id)
    said = [f"fox {number}" for number in range(WHOLE + 2)]
    grids = []
    for number, prompt in enumerate(said):
        person = (mia, noah)[number % 2]
        grids.append(await person.imagine(prompt, channel=thread.id))
    known = {each["id"] for each in mia.results(mia.dm)}
    await (await mia.slash("imagine", prompt="a hidden fox --stealth", channel=thread.id)).ack()
    await mia.new_result(known, mia.dm)
    page = await laid_out(easel, noah, channel=thread.id)
    assert page["embeds"][0]["title"] == "Everything of this channel"
    newest = said[::-1]
    assert prompts(page) == newest[:WHOLE]
    shown = sheet(easel.sandbox, page)
    assert shown.size == (4 * 208 + 16, 2 * 236 + 16)
    for number, grid in enumerate(reversed(grids[2:]), 1):
        small = messages.picture(easel.sandbox, grid).resize((192, 192))
        assert close(cell(shown, number), small)
    assert list(messages.buttons(page)) == [*map(str, range(1, WHOLE + 1)), "More"]
    page = await turned(noah, page, "More")
    assert prompts(page) == newest[WHOLE:]
    press = await noah.click(page, "2")
    await press.ack()
    [back] = await easel.sandbox.wait_for(lambda: list(filter(messages.is_result, press.replies)))
    assert back["content"] == grids[0]["content"]
    assert prompts(await laid_out(easel, noah)) == ["outside"]
    await Scene(easel.sandbox, "Ada").person.delete(grids[-1])
    assert prompts(await laid_out(easel, noah, channel=thread.id))[0] == said[-2]


async def test_what_is_private_stays_so_and_spoilers_are_covered(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    world = easel.sandbox.world
    closed = world.threads.add("imagine", "closed", private=True, members=("Mia", "Easel"))
    await mia.imagine("a secret", channel=closed.id)
    assert prompts(await laid_out(easel, mia, channel=closed.id)) == ["a secret"]
    empty = await laid_out(easel, noah)
    assert "in this channel so far" in messages.text_of(empty)
    grid = await mia.imagine("a fox")
    menu = await opened(mia, grid)
    await (await mia.click(menu, "Spoiler")).ack()
    await mia.sandbox.wait_for(
        lambda: "Show it" in messages.buttons(mia.person.message(menu) or {"components": []})
    )
    for person in (mia, noah):
        page = await laid_out(easel, person)
        assert "· spoiler ·" in page["embeds"][0]["description"]
        covered = cell(sheet(easel.sandbox, page), 1)
        assert covered.getpixel((5, 5)) == pytest.approx((58, 60, 66), abs=3)
