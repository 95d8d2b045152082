"""/gallery and likes: what everybody may see of a server's results, by whatever road."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Refused, Sandbox
from tests.kit import messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.messages import Message
from tests.kit.scene import Scene


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Easel]:
    worker = FakeExecutor(1, automatic=True)
    async with running(sandbox, settings_for(sandbox, tmp_path), worker) as one:
        yield one


class Visitor(Scene):
    """Knows whose bot it is."""

    def __init__(self, easel: Easel, name: str) -> None:
        super().__init__(easel.sandbox, name)
        self.easel = easel


@pytest.fixture
def mia(easel: Easel) -> Visitor:
    return Visitor(easel, "Mia")


@pytest.fixture
def noah(easel: Easel) -> Visitor:
    return Visitor(easel, "Noah")


@pytest.fixture
def ada(easel: Easel) -> Visitor:
    """Who has Manage Messages."""
    return Visitor(easel, "Ada")


async def page_of(person: Visitor, **given: Any) -> Message:
    """What /gallery answers with once it is known of every result where it is."""
    await person.easel.settled()
    press = await person.slash("gallery", **given)
    await press.ack()
    replied = await person.sandbox.wait_for(lambda: [e for e in press.replies if e["embeds"]])
    assert replied[-1]["flags"] & messages.EPHEMERAL
    return replied[-1]


def prompts(page: Message) -> list[str]:
    lines = page["embeds"][0]["description"].splitlines()
    return [line.split("** ")[1].split(" · ")[0] for line in lines if line.startswith("**")]


async def seen(person: Visitor, **given: Any) -> list[str]:
    """The prompts on the first page."""
    return prompts(await page_of(person, **given))


async def answer(person: Visitor, page: Message, button: str) -> Message:
    """What a press says beside the page."""
    press = await person.click(page, button)
    await press.ack()
    said = await person.sandbox.wait_for(
        lambda: [each for each in press.replies if each["id"] != page["id"]]
    )
    return said[0]


async def hidden(person: Visitor, prompt: str) -> Message:
    """A result that comes by direct message alone."""
    known = {each["id"] for each in person.results(person.dm)}
    await (await person.slash("imagine", prompt=f"{prompt} --stealth")).ack()
    grid = await person.new_result(known, person.dm)
    # What it did not know of the words may still be told there; its progress is gone.
    await person.sandbox.wait_for(lambda: not any(e["components"] for e in person.private()))
    return grid


async def liked(person: Visitor, single: Message) -> str:
    """What the button says after a press."""
    before = likes(person, single)
    await (await person.click(single, before or "❤️")).ack()
    await person.sandbox.wait_for(lambda: likes(person, single) != before)
    return likes(person, single)


def likes(person: Visitor, single: Message) -> str:
    shown = person.person.message(single)
    assert shown is not None
    [button] = [each for each in messages.buttons(shown).values() if "like" in each["custom_id"]]
    assert button["emoji"]["name"] == "❤️"
    return button.get("label") or ""


async def test_everybody_sees_what_everybody_drew(mia: Visitor, noah: Visitor) -> None:
    fox = await mia.imagine("a fox")
    await noah.imagine("a hare", channel="lobby")
    page = await page_of(noah)
    assert page["embeds"][0]["title"] == "The newest of this server"
    assert prompts(page) == ["a hare", "a fox"]
    assert mia.mention in page["embeds"][0]["description"]
    assert f"/{fox['id']})" in page["embeds"][0]["description"]
    assert len(page["attachments"]) == 1
    assert await seen(noah, search="fo") == ["a fox"]
    back = await answer(noah, page, "2")
    assert back["content"] == fox["content"]
    assert back["flags"] & messages.EPHEMERAL
    varied = await noah.press(back, "V1")
    assert varied["content"].endswith(f"Variations by {noah.mention}")


STRONG = "Vary (Strong)"


async def test_likes_are_counted_for_all_and_taken_back(mia: Visitor, noah: Visitor) -> None:
    grid = await mia.imagine("a fox")
    hare = await mia.press(await mia.imagine("a hare"), "U1")
    fox = await mia.press(grid, "U3")
    told = len(mia.private())
    assert await liked(noah, fox) == "1"
    assert await liked(mia, fox) == "2"
    assert await liked(mia, hare) == "1"
    shown = noah.person.message(fox)
    assert shown is not None
    assert list(messages.buttons(shown))[-2:] == ["2", "⋯"]
    assert messages.is_result(shown)
    page = await page_of(noah, sort="most liked")
    assert page["embeds"][0]["title"] == "The most liked of this server"
    assert prompts(page) == ["a fox", "a hare", "a hare", "a fox"]
    assert "· Image #3 · " in page["embeds"][0]["description"].splitlines()[0]
    assert "❤️ 2" in page["embeds"][0]["description"].splitlines()[0]
    assert await liked(noah, fox) == "1"
    assert await liked(mia, fox) == ""
    assert await seen(noah, sort="most liked") == ["a hare", "a fox", "a hare", "a fox"]
    assert await seen(noah, sort="most liked", search="fox") == ["a fox", "a fox"]
    assert len(mia.private()) == told


async def test_a_like_stays_when_the_buttons_are_drawn_anew(mia: Visitor, noah: Visitor) -> None:
    single = await mia.press(await mia.imagine("a fox"), "U1")
    assert await liked(noah, single) == "1"
    await noah.press(single, STRONG)
    await mia.sandbox.wait_for(lambda: STRONG in messages.used(noah.person.message(single) or {}))
    assert likes(noah, single) == "1"
    assert await liked(mia, single) == "2"
    assert messages.used(mia.person.message(single) or {}) == {STRONG}


async def test_what_is_hidden_is_by_no_road_anybody_elses(
    easel: Easel, mia: Visitor, noah: Visitor, ada: Visitor
) -> None:
    await mia.imagine("a public fox")
    grid = await hidden(mia, "a hidden fox")
    single = await mia.press(grid, "U1")
    assert await liked(mia, single) == "1"
    for person in (noah, ada, mia):
        for sort in ("newest", "most liked"):
            for search in ({}, {"search": "fox"}, {"search": "hidden"}):
                found = await seen(person, sort=sort, **search)
                assert found == ([] if search.get("search") == "hidden" else ["a public fox"])
    for person in (noah, ada):
        page = await page_of(person)
        for job in map(messages.job_of, (grid, single)):
            for code in (f"bring:{job}:0", f"like:{job}:1", f"upscale:{job}:1", f"vary:{job}:1"):
                said = messages.text_of(await forged(easel, person, page, code))
                assert "not here" in said or "do not know this job" in said, code
    assert likes(mia, single) == "1"
    assert "hidden" not in "".join(map(str, noah.person.messages("imagine")))


async def forged(easel: Easel, person: Visitor, page: Message, code: str) -> Message:
    """What is answered to a button of that id, which nobody was given."""
    stored = easel.sandbox.world.messages[page["channel_id"]][page["id"]]
    held = stored.components
    button = {"type": 2, "id": 2, "style": 2, "label": "forged", "custom_id": f"easel:{code}"}
    stored.components = [{"type": 1, "id": 1, "components": [button]}]
    try:
        return await answer(person, page, "forged")
    finally:
        stored.components = held


async def test_what_was_deleted_is_gone_from_all_pages(
    easel: Easel, mia: Visitor, noah: Visitor, ada: Visitor
) -> None:
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U1")
    await mia.imagine("a hare")
    before = await page_of(noah)
    assert prompts(before) == ["a hare", "a fox", "a fox"]
    await ada.person.delete(single)
    assert "not here" in messages.text_of(await answer(noah, before, "2"))
    assert await seen(noah) == await seen(ada) == ["a hare", "a fox"]
    assert await seen(noah, sort="most liked", search="fox") == ["a fox"]
    history = await mia.slash("history")
    await history.ack()
    [own] = await easel.sandbox.wait_for(lambda: [e for e in history.replies if e["embeds"]])
    assert prompts(own) == ["a hare", "a fox", "a fox"]
    again = await ada.press(grid, "U1")  # who moderates brings it back
    assert again["content"] == single["content"]
    assert await seen(noah) == ["a hare", "a fox", "a fox"]
    for each in noah.results():
        await ada.person.delete(each)
    assert await seen(noah) == await seen(noah, sort="most liked") == []


async def test_only_channels_that_one_may_read_are_shown(
    easel: Easel, mia: Visitor, noah: Visitor
) -> None:
    world = easel.sandbox.world
    await mia.imagine("a fox")
    await mia.imagine("a hare", channel="lobby")
    thread = world.threads.add("lobby", "open", members=("Mia",))
    await mia.imagine("an owl", channel=thread.id)
    closed = world.threads.add("imagine", "closed", private=True, members=("Mia", "Easel"))
    await mia.imagine("a bear", channel=closed.id)
    page = await page_of(noah)
    assert prompts(page) == ["an owl", "a hare", "a fox"]
    assert await seen(mia, channel=closed.id) == ["a bear", "an owl", "a hare", "a fox"]
    world.deny("lobby", "Noah", "VIEW_CHANNEL")
    assert await seen(noah) == ["a fox"]
    assert "not here" in messages.text_of(await answer(noah, page, "2"))
    world.allow("lobby", "Noah", "VIEW_CHANNEL")
    world.deny("lobby", "Noah", "READ_MESSAGE_HISTORY")
    assert await seen(noah) == ["a fox"]
    assert len(await seen(mia)) == 3


async def test_an_age_limit_is_kept(easel: Easel, mia: Visitor, noah: Visitor) -> None:
    await mia.imagine("a fox")
    await mia.imagine("a hare", channel="lobby")
    lobby = next(each for each in easel.bot.guilds[0].text_channels if each.name == "lobby")
    lobby.nsfw = True
    assert await seen(noah) == ["a fox"]
    assert await seen(noah, channel="lobby") == ["a hare", "a fox"]


async def test_another_server_and_direct_messages_have_none_of_it(
    easel: Easel, mia: Visitor, noah: Visitor
) -> None:
    easel.sandbox.world.add_guild("Elsewhere", members=("Mia", "Noah"))
    grid = await mia.imagine("a fox")
    await mia.imagine("a cat", dm=True)
    there = await page_of(noah, channel="elsewhere")
    assert "Nothing that all may see" in messages.text_of(there)
    assert (there["components"], there["attachments"]) == ([], [])
    with pytest.raises(Refused):
        await noah.slash("gallery", dm=True)
    await mia.imagine("a hare", channel="elsewhere")
    there = await page_of(noah, channel="elsewhere")
    assert prompts(there) == ["a hare"]
    job = messages.job_of(grid)
    for code in (f"bring:{job}:0", f"like:{job}:1"):
        said = messages.text_of(await forged(easel, noah, there, code))
        assert "not here" in said or "do not know this job" in said, code


async def test_pages_of_another_version_are_answered(easel: Easel, mia: Visitor) -> None:
    await mia.imagine("a fox")
    page = await page_of(mia)
    for code in ("page:q:whatever", "page:x"):
        said = messages.text_of(await forged(easel, mia, page, code))
        assert "ask for a new one" in said


async def test_help_tells_of_all_of_it(mia: Visitor) -> None:
    said = await mia.refused(await mia.slash("help"))
    for command in ("/history", "/gallery", "/show", "❤️"):
        assert command in said
