"""Remix: whoever wants it is asked for another prompt by V1–V4 and 🔄, and it is drawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.engine.local import LocalExecutor
from bot.engine.seam import Executor
from bot.sandbox import Invocation, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, SharedExecutor, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def said(person: Scene, command: str, **given: Any) -> str:
    return await person.refused(await person.slash(command, **given))


async def opened(person: Scene, message: Message, button: str) -> Invocation:
    """The form that a press opens."""
    press = await person.click(message, button)
    await press.ack()
    assert press.modal is not None
    return press


def fields(form: Invocation) -> dict[str, str]:
    """What stands in a form."""
    assert form.modal is not None
    inputs = [each["component"] for each in form.modal["components"]]
    return {each["custom_id"]: each.get("value", "") for each in inputs}


async def sent(person: Scene, form: Invocation, *parts: str) -> Message:
    """The result of a form that comes back with these texts."""
    channel = form.interaction.channel.id
    known = {each["id"] for each in person.results(channel)}
    await (await person.person.submit(form, dict(zip(fields(form), parts, strict=True)))).ack()
    return await person.new_result(known, channel)


async def drafted(person: Scene, form: Invocation, text: str) -> Message:
    """The private message that a text comes back in."""
    submit = await person.person.submit(form, {"prompt": text})
    await submit.ack()

    def private() -> list[Message]:
        return [each for each in submit.replies if each["flags"] & messages.EPHEMERAL]

    [draft] = await person.sandbox.wait_for(private)
    assert submit.replies[-1] == draft
    return draft


@pytest.fixture
async def remixing(mia: Scene) -> Scene:
    """Mia, who wants it."""
    assert "Remix is on" in await said(mia, "prefer remix")
    return mia


async def test_a_press_asks_for_the_prompt_and_draws_what_came_back(
    easel: Easel, remixing: Scene
) -> None:
    mia = remixing
    grid = await mia.imagine("a fox --ar 3:2 --no snow --seed 5")
    form = await opened(mia, grid, "V2")
    assert form.modal is not None
    assert form.modal["title"] == "Vary picture 2"
    assert fields(form) == {"prompt": "a fox --ar 3:2 --no snow"}
    assert (len(mia.results()), books.spent(easel.settings.data_dir)) == (1, 1)
    varied = await sent(mia, form, "an owl --ar 3:2")
    assert varied["content"] == f"**an owl --ar 3\\:2** - Variations by {mia.mention}"
    assert varied["message_reference"]["message_id"] == grid["id"]
    recipe = messages.recipe(easel.sandbox, varied)
    assert (recipe["text"], recipe["negative"]) == ("an owl", "")
    assert recipe["inputs"][0]["tile"] == [messages.job_of(grid), 2]
    shown = mia.person.message(grid)
    assert shown is not None
    assert messages.used(shown) == {"V2"}
    again = await opened(mia, varied, "🔄")
    assert again.modal is not None
    assert (again.modal["title"], fields(again)) == (
        "Draw it again", {"prompt": "an owl --ar 3:2"},
    )  # fmt: skip
    rerolled = await sent(mia, again, "a hare --ar 3:2")
    assert messages.recipe(easel.sandbox, rerolled)["text"] == "a hare"
    single = await mia.press(grid, "U1")
    one = await opened(mia, single, "Vary (Subtle)")
    assert one.modal is not None
    assert one.modal["title"] == "Vary this picture"
    assert (await sent(mia, one, "a boat"))["content"].startswith("**a boat**")
    assert books.spent(easel.settings.data_dir) == 4


async def test_other_words_for_what_is_around_a_picture(easel: Easel, remixing: Scene) -> None:
    mia = remixing
    single = await mia.press(await mia.imagine("a fox"), "U1")
    for button, title, said_of_it in (
        ("➡️", "Pan Right", "**a wood --ar 3\\:2** - Pan Right by"),
        ("Zoom Out 1.5×", "Zoom Out 1.5×", "**a wood** - Zoom Out by"),
    ):
        form = await opened(mia, single, button)
        assert form.modal is not None
        assert (form.modal["title"], fields(form)) == (title, {"prompt": "a fox"})
        grown = await sent(mia, form, "a wood")
        assert grown["content"].startswith(said_of_it)
        recipe = messages.recipe(easel.sandbox, grown)
        assert recipe["text"] == "a wood"
        assert recipe["inputs"][0]["tile"] == [messages.job_of(single), 1]
        again = await sent(mia, await opened(mia, grown, "🔄"), str(recipe["prompt"]["text"]))
        around = messages.recipe(easel.sandbox, again)
        assert around["inputs"] == recipe["inputs"]
        assert around["frame"] is not None


async def test_remixs_new_word_shows(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> None:
    """By the real model: the same picture and noise, another colour in the words."""
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)):
        mia = Scene(sandbox, "Mia")
        await said(mia, "prefer remix")
        await said(mia, "prefer variability", strength="strong")
        grid = await mia.imagine("a red apple on a white background --seed 7")
        colours = {}
        for word in ("red", "blue"):
            prompt = f"a {word} apple on a {word} background --seed 9"
            varied = await sent(mia, await opened(mia, grid, "V2"), prompt)
            pixels = np.asarray(messages.picture(sandbox, varied), dtype=float)
            colours[word] = pixels.mean(axis=(0, 1))
        redder = colours["red"] - colours["blue"]
        assert redder[0] > 20
        assert redder[2] < -20


async def test_the_preference_of_who_presses_decides_and_they_pay(
    easel: Easel, remixing: Scene, noah: Scene
) -> None:
    mia, folder = remixing, easel.settings.data_dir
    grid = await noah.imagine("a fox --turbo")
    assert await noah.press(grid, "V1")
    form = await opened(mia, grid, "V1")
    assert fields(form) == {"prompt": "a fox"}
    varied = await sent(mia, form, "an owl")
    assert varied["content"].endswith(f"Variations by {mia.mention}")
    owners = books.rows(folder, "SELECT user_id, cost FROM jobs ORDER BY rowid")
    assert [tuple(map(str, row)) for row in owners] == [
        (noah.id, "2"), (noah.id, "2"), (mia.id, "1"),
    ]  # fmt: skip
    form = await opened(mia, grid, "🔄")
    assert "Remix is off" in await said(mia, "prefer remix")
    assert (await mia.press(grid, "V1"))["content"].startswith("**a fox --turbo**")
    assert (await sent(mia, form, "a hare"))["content"].startswith("**a hare**")


async def test_an_open_form_and_a_draft_outlive_the_bot(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    mia, settings = Scene(sandbox, "Mia"), settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        await said(mia, "prefer remix")
        grid = await mia.imagine("a fox")
        form = await opened(mia, grid, "V3")
    async with running(sandbox, settings, quick):
        draft = await drafted(mia, form, "an owl --arr 3:2")
    async with running(sandbox, settings, quick) as easel:
        form = await opened(mia, draft, "Change it")
        varied = await sent(mia, form, "an owl --ar 3:2")
        assert messages.recipe(sandbox, varied)["inputs"][0]["tile"][1] == 3
        assert easel.bot._connection._view_store._views == {}
    assert books.spent(tmp_path) == 2


async def test_what_cannot_be_drawn_is_said_kept_and_changed(easel: Easel, remixing: Scene) -> None:
    mia, folder = remixing, easel.settings.data_dir
    grid = await mia.imagine("a fox")
    typed = "an `owl` with ``` and @everyone <@1> **bold**\nin two lines --arr 3:2"
    draft = await drafted(mia, await opened(mia, grid, "V4"), typed)
    shown = messages.text_of(draft)
    assert "did you mean `--ar`" in shown
    assert shown.count("```") == 2
    assert books.states(folder) == ["succeeded"]
    assert (books.spent(folder), books.open_holds(folder)) == (1, 0)
    form = await opened(mia, draft, "Change it")
    assert fields(form) == {"prompt": typed}
    again = await drafted(mia, form, typed + "!")
    assert fields(await opened(mia, again, "Change it")) == {"prompt": typed + "!"}
    varied = await sent(mia, form, "an owl")
    assert varied["message_reference"]["message_id"] == grid["id"]
    assert messages.recipe(easel.sandbox, varied)["inputs"][0]["tile"][1] == 4
    left = mia.person.message(draft)
    assert left is not None
    assert (left["content"], left["embeds"], left["components"]) == (
        "Asked for with this change.", [], [],
    )  # fmt: skip
    assert books.spent(folder) == 2


async def test_a_prompt_beyond_a_field_goes_on_in_the_next(easel: Easel, remixing: Scene) -> None:
    mia = remixing
    words = " ".join(f"word{number}" for number in range(620))
    grid = await mia.imagine(f"{words} --ar 3:2")
    form = await opened(mia, grid, "V1")
    first, second = fields(form).values()
    assert len(first) <= 4000
    assert f"{first} {second}" == f"{words} --ar 3:2"
    varied = await sent(mia, form, first, second.replace("--ar 3:2", "end --ar 2:3"))
    assert messages.recipe(easel.sandbox, varied)["text"] == f"{words} end"
    glued = await mia.imagine("\N{FOX FACE}" * 2500)
    form = await opened(mia, glued, "🔄")
    assert list(fields(form)) == ["prompt", "glued2"]
    again = await sent(mia, form, *fields(form).values())
    assert messages.recipe(easel.sandbox, again)["text"] == "\N{FOX FACE}" * 2500


async def test_a_long_text_that_cannot_be_drawn_can_be_copied(
    easel: Easel, remixing: Scene
) -> None:
    mia = remixing
    grid = await mia.imagine("a fox")
    form = await opened(mia, grid, "V1")
    typed = " ".join(f"`{number}`" for number in range(700))[:3900] + " --zzz"
    submit = await mia.person.submit(form, {"prompt": typed})
    await submit.ack()
    await mia.sandbox.wait_for(lambda: "--zzz" in submit.replies[-1]["content"])
    assert "no parameter `--zzz`" in messages.text_of(submit.replies[0])
    blocks = [re.sub(r"```\n?|\n```", "", each["content"]) for each in submit.replies[1:]]
    assert " ".join(blocks).replace("\u200b", "").split() == typed.split()


async def test_several_grids_are_told_first(easel: Easel, remixing: Scene) -> None:
    mia, folder = remixing, easel.settings.data_dir
    grid = await mia.imagine("a fox")
    submit = await mia.person.submit(await opened(mia, grid, "V1"), {"prompt": "a {red, blue} owl"})
    await submit.ack()
    [offer] = submit.replies
    assert "This draws **2 grids for 2 credits**" in offer["content"]
    assert books.spent(folder) == 1
    await (await mia.click(offer, "Draw")).ack()
    await easel.sandbox.wait_for(lambda: len(mia.results()) == 3 and not mia.notices())
    for each in mia.results()[1:]:
        assert each["message_reference"]["message_id"] == grid["id"]
        assert messages.recipe(easel.sandbox, each)["text"] in ("a red owl", "a blue owl")
    assert books.spent(folder) == 3


async def test_what_is_hidden_is_remixed_unseen(easel: Easel, remixing: Scene, noah: Scene) -> None:
    mia = remixing
    known: set[str] = set()
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    grid = await mia.new_result(known, mia.dm)
    varied = await sent(mia, await opened(mia, grid, "V1"), "an owl")
    assert varied["channel_id"] == mia.dm
    assert "(stealth)" in varied["content"]
    assert noah.person.messages("imagine") == []


async def test_a_job_that_is_not_there_is_said_before_anybody_types(
    easel: Easel, remixing: Scene
) -> None:
    message = await remixing.imagine("a fox")
    code = messages.buttons(message)["V1"]["custom_id"].replace(messages.job_of(message), "0" * 32)
    where = easel.sandbox.world.find_channel("imagine")
    row = [{"type": 2, "style": 2, "label": "V1", "custom_id": code}]
    body = {"content": "forged", "components": [{"type": 1, "components": row}]}
    forged = {"id": easel.sandbox.messages.write(where, easel.sandbox.world.bot, body).id}
    press = await remixing.click(forged, "V1")
    assert "do not know this job" in await remixing.refused(press)
    assert press.modal is None


async def test_who_cannot_be_shown_a_form_in_time_is_told_so(easel: Easel, remixing: Scene) -> None:
    grid = await remixing.imagine("a fox")
    cog: Any = easel.bot.get_cog("Results")
    cog._form_s = 0.0
    press = await remixing.click(grid, "V1")
    assert "busy just now; nothing was charged" in await remixing.refused(press)
    assert (press.modal, books.spent(easel.settings.data_dir)) == (None, 1)


async def test_in_a_crowd_forms_open_and_are_taken(easel: Easel, remixing: Scene) -> None:
    mia = remixing
    grid = await mia.imagine("a fox")
    form = await opened(mia, grid, "V1")
    easel.bot.acknowledger._crowd = 0
    assert (await opened(mia, grid, "V2")).modal is not None
    varied = await sent(mia, form, "an owl")
    assert varied["content"].startswith("**an owl**")
    draft = await drafted(mia, form, "an owl --zzz")
    form = await opened(mia, draft, "Change it")
    assert (await sent(mia, form, "a hare"))["content"].startswith("**a hare**")
    assert mia.notices() == []


async def test_a_limit_holds_for_a_remix_and_the_text_is_kept(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    mia = Scene(sandbox, "Mia")
    settings = settings_for(sandbox, tmp_path, credits=1)
    async with running(sandbox, settings, FakeExecutor(1, automatic=True)):
        await said(mia, "prefer remix")
        grid = await mia.imagine("a fox")
        draft = await drafted(mia, await opened(mia, grid, "V1"), "an owl")
        assert "Credits exhausted" in messages.text_of(draft)
        assert fields(await opened(mia, draft, "Change it")) == {"prompt": "an owl"}
    assert books.spent(tmp_path) == 1
