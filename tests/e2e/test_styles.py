"""Looks by name, as people meet them: typed, completed, listed, and made by admins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Invocation, Refused, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.scene import Scene

INK = {"name": "Ink", "before": "an expressive drawing of", "negative": "red, blue"}


@pytest.fixture
def ada(easel: Easel) -> Scene:
    """Who has Manage Server."""
    return Scene(easel.sandbox, "Ada")


async def opened(person: Scene, command: str, /, **given: str) -> Invocation:
    press = await person.slash(command, **given)
    await press.ack()
    assert press.modal is not None
    return press


async def send(person: Scene, form: Invocation, values: dict[str, str]) -> str:
    """The private answer to a form that was filled in."""
    return await person.refused(await person.person.submit(form, values))


async def said(person: Scene, command: str, /, **given: Any) -> str:
    return await person.refused(await person.slash(command, **given))


async def offered(person: Scene, command: str, focused: str, /, **given: Any) -> list[str]:
    found = await person.person.autocomplete(command, focused=focused, **given)
    return [each["value"] for each in found]


async def test_an_admin_makes_a_look_that_everybody_draws_in(
    easel: Easel, ada: Scene, mia: Scene
) -> None:
    answer = await send(ada, await opened(ada, "style add"), INK)
    assert "Style added" in answer
    assert "`ink`: an expressive drawing of …; without red, blue" in answer
    assert await offered(mia, "imagine", "prompt", prompt="a fox --style in") == [
        "a fox --style ink"
    ]
    assert "**Of this server:** `ink`" in await said(mia, "styles")
    grid = await mia.imagine("a cat --style ink")
    assert grid["content"].startswith("**a cat --style ink** - ")
    recipe = messages.recipe(easel.sandbox, grid)
    assert (recipe["text"], recipe["negative"]) == ("an expressive drawing of a cat", "red, blue")
    form = await opened(ada, "style edit", name="ink")
    assert "Style changed" in await send(ada, form, {"before": "photo of", "negative": ""})
    again = messages.recipe(easel.sandbox, await mia.press(grid, "🔄"))
    assert again["text"] == "an expressive drawing of a cat"
    changed = messages.recipe(easel.sandbox, await mia.imagine("a cat --style ink"))
    assert (changed["text"], changed["negative"]) == ("photo of a cat", "")
    assert "It is gone" in await said(ada, "style remove", name="ink")
    assert "no style `ink`" in await said(mia, "imagine", prompt="a cat --style ink")
    log = await said(ada, "quota log")
    for deed in ("style `ink` removed", "style `ink`: photo of …", "without red, blue"):
        assert deed in log


async def test_the_built_in_ones_are_listed_completed_and_changed(ada: Scene, mia: Scene) -> None:
    listed = await said(mia, "styles", dm=True)
    for name in ("photo", "oil-painting", "pixel-art", "watercolour", "neon"):
        assert f"`{name}`" in listed
    assert "anime" not in listed
    assert await offered(ada, "style edit", "name", name="pho") == ["photo"]
    assert await offered(ada, "style remove", "name", name="") == []
    form = await opened(ada, "style edit", name="photo")
    assert "Style changed" in await send(ada, form, {"after": "neon"})
    assert await offered(ada, "style remove", "name", name="") == ["photo"]
    assert "The built-in one of this name is back" in await said(ada, "style remove", name="photo")


async def test_samples_come_to_the_list_when_nobody_waits(
    easel: Easel, gate: Gate, mia: Scene, noah: Scene
) -> None:
    await (await noah.slash("imagine", prompt="a slow fox")).ack()
    await noah.until_drawing()
    press = await mia.slash("styles", channel="lobby")
    await press.ack()
    assert press.original is not None
    assert "7 samples are still to be drawn" in messages.text_of(press.original)
    assert press.original["attachments"] == []
    gate.open()
    await noah.new_result(set())
    await easel.sandbox.wait_for(lambda: mia.private("lobby")[-1]["attachments"])
    [shown] = mia.private("lobby")
    assert "still to be drawn" not in messages.text_of(shown)
    [sheet] = shown["attachments"]
    assert sheet["description"].startswith("photo, oil-painting, watercolour")
    assert shown["embeds"][0]["image"]["url"] == sheet["url"]
    assert (await mia.slash("styles", channel="lobby")) is not None
    await easel.sandbox.wait_for(lambda: len(mia.private("lobby")) == 2)
    assert mia.private("lobby")[-1]["attachments"][0]["size"] == sheet["size"]
    jobs = books.rows(easel.settings.data_dir, "SELECT id FROM jobs")
    assert len(jobs) == books.spent(easel.settings.data_dir) == 1


async def test_what_is_wrong_is_said_in_a_sentence(ada: Scene, mia: Scene) -> None:
    form = await opened(ada, "style add")
    answer = await send(ada, form, {"name": "a", "before": "x --ar 3:2"})
    assert "leave out `--a`" in answer
    assert "did you mean `--style photo`" in await said(mia, "imagine", prompt="a fox --style phot")
    assert "no style `nope`" in await said(ada, "style edit", name="nope")
    await mia.imagine("a cat --style scenic")
    [warned] = [text for each in mia.private() if "⚠️" in (text := messages.text_of(each))]
    assert "belongs to Midjourney's models" in warned


async def test_nobody_else_is_offered_to_change_them(mia: Scene) -> None:
    with pytest.raises(Refused):
        await mia.slash("style add")


async def test_a_form_of_before_a_restart_is_taken(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    ada, settings = Scene(sandbox, "Ada"), settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        form = await opened(ada, "style add")
    async with running(sandbox, settings, quick):
        assert "Style added" in await send(ada, form, INK)
