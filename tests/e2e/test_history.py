"""/history as people meet it: pages, search, sheets, and results that come back with buttons."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.domain.action import ACTIONS
from bot.domain.browsing import PAGE, SEARCH_MAX
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def asked(person: Scene, /, **given: Any) -> Message:
    """The page that /history answers with."""
    press = await person.slash("history", **given)
    await press.ack()
    replied = await person.sandbox.wait_for(lambda: [e for e in press.replies if e["embeds"]])
    assert replied[-1]["flags"] & messages.EPHEMERAL
    return replied[-1]


def text(page: Message) -> str:
    return page["embeds"][0]["description"]


def lines(page: Message) -> list[str]:
    return [line for line in text(page).splitlines() if line.startswith("**")]


def sheet(sandbox: Sandbox, page: Message) -> Image.Image:
    data = messages.file_of(sandbox, page)
    assert page["embeds"][0]["image"]["url"] == page["attachments"][0]["url"]
    return Image.open(io.BytesIO(data)).convert("RGB")


def cell(shown: Image.Image, number: int) -> Image.Image:
    """The picture of a result on a sheet."""
    left, top = (number - 1) % 4 * 208 + 16, (number - 1) // 4 * 236 + 16
    return shown.crop((left, top, left + 192, top + 192))


async def turned(person: Scene, page: Message, button: str) -> Message:
    """The page in its place after a press."""
    before = text(page)
    await (await person.click(page, button)).ack()

    def now() -> Message | None:
        shown = person.person.message(page)
        return shown if shown and text(shown) != before else None

    found = await person.sandbox.wait_for(now)
    assert found is not None
    return found


async def brought(person: Scene, page: Message, number: int) -> Message:
    """What a number brings."""
    press = await person.click(page, str(number))
    await press.ack()
    channel = page["channel_id"]
    [result] = await person.sandbox.wait_for(
        lambda: [each for each in press.replies if messages.is_result(each)]
    )
    assert result["flags"] & messages.EPHEMERAL
    assert result["channel_id"] == channel
    return result


async def test_results_are_shown_newest_first_with_their_pictures(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U2")
    await noah.imagine("a hare")
    page = await asked(mia)
    assert page["embeds"][0]["title"] == "Your results"
    first, second = lines(page)
    assert first.startswith("**1** a fox · Image #2 · [message](http")
    assert f"/{single['id']})" in first
    assert second.startswith("**2** a fox · [message](http")
    assert list(messages.buttons(page)) == ["1", "2"]
    shown = sheet(easel.sandbox, page)
    assert shown.size == (2 * 208 + 16, 236 + 16)
    for number, posted in ((1, single), (2, grid)):
        small = messages.picture(easel.sandbox, posted).resize((192, 192), Image.Resampling.LANCZOS)
        assert close(cell(shown, number), small)
        assert not close(cell(shown, 3 - number), small)
    assert page["attachments"][0]["description"] == "1: a fox, 2: a fox"
    assert "Nothing of yours" in text(await asked(Scene(easel.sandbox, "Ada")))


def close(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures show the same, as far as a small lossy copy does."""
    pairs = zip(one.resize((8, 8)).tobytes(), other.resize((8, 8)).tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / 192 < 6


async def test_a_result_comes_back_with_buttons_that_work(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine("a fox")
    await mia.press(grid, "U2")
    page = await asked(mia)
    seen = len(noah.person.messages("imagine"))
    back = await brought(mia, page, 2)
    assert messages.used(back) == {"U2"}
    assert back["content"] == grid["content"]
    assert messages.same_pixels(
        messages.picture(easel.sandbox, back), messages.picture(easel.sandbox, grid)
    )
    assert len(noah.person.messages("imagine")) == seen
    known = {each["id"] for each in mia.results()}
    await (await mia.click(back, "V3")).ack()
    varied = await mia.new_result(known)
    assert "Variations by" in varied["content"]
    assert books.spent(easel.settings.data_dir) == 2
    assert not easel.sandbox.world.pings


async def test_search_and_actions(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a red fox")
    await mia.imagine("赤い狐 --ar 3:2")
    await mia.press(grid, "U1")
    await mia.press(grid, "V1")
    for given, found in (
        ({"search": "FOXES"}, 0),
        ({"search": "fox"}, 3),
        ({"search": "狐"}, 1),
        ({"action": "upscale"}, 1),
        ({"search": "red", "action": "vary"}, 1),
        ({"search": "狐", "action": "vary"}, 0),
        ({"search": "***"}, 0),
        ({"search": 'fox" OR said:*'}, 0),
    ):
        page = await asked(mia, **given)
        assert len(lines(page)) == found, given
        if not found:
            assert "Nothing like that was found" in text(page)
            assert page["components"] == page["attachments"] == []
    assert text(await asked(mia, search="a *red*")).startswith("With **a \\*red\\***:")
    [command] = [each for each in mia.person.commands("imagine") if each["name"] == "history"]
    [choices] = [each["choices"] for each in command["options"] if each["name"] == "action"]
    assert [each["value"] for each in choices] == [action.value for action in ACTIONS]
    assert len(choices) <= 25
    emojis = await mia.slash("history", search="🦊" * (SEARCH_MAX - 1))
    assert "leave words out" in await mia.refused(emojis)


async def test_a_slow_page_takes_the_place_of_its_thinking(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    easel.bot.acknowledger._quick_s = 0.0
    known = len(mia.private())
    press = await mia.slash("history")
    answer = await press.ack()
    assert (answer["type"], answer["data"]["flags"]) == (5, messages.EPHEMERAL)
    await easel.sandbox.wait_for(lambda: press.replies and press.replies[0]["attachments"])
    assert prompts(press.replies[0]) == ["a fox"]
    assert len(mia.private()) == known + 1


HOSTILE = ('"', "fox*", "'; DROP TABLE jobs; --", "NEAR(fox", "{said}: ^fox", "@everyone", "`*_~|")


async def test_hostile_searches_are_answered(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    for search in HOSTILE:
        page = await asked(mia, search=search)
        assert page["embeds"][0]["title"] == "Your results"
        assert prompts(page) == (["a fox"] if search == "fox*" else []), search
    assert prompts(await asked(mia)) == ["a fox"]
    assert not easel.sandbox.world.pings


async def many(person: Scene, number: int) -> list[str]:
    """Grids with a number each, oldest first."""
    said = [f"fox {each}" for each in range(number)]
    for prompt in said:
        await person.imagine(prompt)
    return said


def prompts(page: Message) -> list[str]:
    return [line.split("** ")[1].split(" · ")[0] for line in lines(page)]


async def test_pages_turn_after_a_restart(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    mia, settings = Scene(sandbox, "Mia"), settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        said = (await many(mia, 2 * PAGE + 1))[::-1]
        first = await asked(mia, search="fox")
        assert prompts(first) == said[:PAGE]
        assert list(messages.buttons(first)) == [*map(str, range(1, PAGE + 1)), "More"]
    async with running(sandbox, settings, quick):
        page = await turned(mia, first, "More")
        assert prompts(page) == said[PAGE : 2 * PAGE]
        assert list(messages.buttons(page))[-2:] == ["Back", "More"]
        page = await turned(mia, page, "More")
        assert prompts(page) == said[2 * PAGE :]
        assert list(messages.buttons(page)) == ["1", "Back"]
        assert len(page["attachments"]) == 1
        assert sheet(sandbox, page).size == (208 + 16, 236 + 16)
        for expected in (said[PAGE : 2 * PAGE], said[:PAGE]):
            page = await turned(mia, page, "Back")
            assert prompts(page) == expected
        assert text(page).startswith("With **fox**:")
        back = await brought(mia, page, 2)
        assert back["content"].startswith(f"**{said[1]}**")
    fewer = settings_for(sandbox, tmp_path, extensions=("cogs.imagine",))
    async with running(sandbox, fewer, quick):
        assert "switched off" in await mia.refused(await mia.click(first, "More"))


async def test_direct_messages_have_everything_from_everywhere(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    sandbox.world.add_guild("Elsewhere", members=("Mia",))
    await mia.imagine("a fox")
    there = await mia.imagine("a hare", channel="elsewhere")
    await mia.imagine("a cat", dm=True)
    known = {each["id"] for each in mia.results(mia.dm)}
    await (await mia.slash("imagine", prompt="an owl --stealth")).ack()
    await mia.new_result(known, mia.dm)
    await sandbox.wait_for(lambda: not mia.private())
    assert prompts(await asked(mia)) == ["an owl --stealth", "a fox"]
    assert prompts(await asked(mia, channel="elsewhere")) == ["a hare"]
    page = await asked(mia, dm=True)
    assert page["embeds"][0]["title"] == "Your results, everywhere"
    assert prompts(page) == ["an owl --stealth", "a cat", "a hare", "a fox"]
    assert [("stealth ·" in line, "[message]" in line) for line in lines(page)] == [
        (True, False), (False, True), (False, True), (False, True),
    ]  # fmt: skip
    # What was drawn on a server has its buttons there, everything else here.
    hare = await brought(mia, page, 3)
    [elsewhere] = messages.buttons(hare).values()
    assert elsewhere["url"].endswith(f"/{there['channel_id']}/{there['id']}")
    for number in (1, 2):
        back = await brought(mia, page, number)
        known = {each["id"] for each in mia.results(mia.dm)}
        await (await mia.click(back, "U1")).ack()
        await sandbox.wait_for(lambda known=known: {e["id"] for e in mia.results(mia.dm)} - known)


async def test_what_was_cleared_away_is_a_grey_place_and_says_so(easel: Easel, mia: Scene) -> None:
    old = await mia.imagine("a noise of foxes")
    await mia.imagine("a noise of hares")
    [job] = books.rows(
        easel.settings.data_dir, "SELECT * FROM jobs WHERE id = ?", messages.job_of(old)
    )
    for index in range(1, 5):
        path = easel.settings.files_dir / "images" / job["id"][:2] / job["id"][2:4] / job["id"]
        (path / f"{index}.webp").unlink()
    page = await asked(mia)
    first, second = lines(page)
    assert "cleared away" not in first
    assert "its pictures were cleared away" in second
    gone = cell(sheet(easel.sandbox, page), 2)
    assert gone.getpixel((5, 5)) == pytest.approx((58, 60, 66), abs=3)
    words = gone.crop((0, 70, 192, 120)).convert("L")
    assert words.getextrema()[1] > 150  # type: ignore[operator]
    press = await mia.click(page, "2")
    await press.ack()
    said = await mia.sandbox.wait_for(lambda: press.replies[1:])
    assert "The pictures of this job were cleared away" in messages.text_of(said[0])
    await brought(mia, page, 1)
