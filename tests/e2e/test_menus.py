"""What one can do with a message by its menu."""

from __future__ import annotations

import pytest

from bot import imaging
from bot.domain.inputs import SOURCE
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def said(person: Scene, menu: str, message: Message) -> str:
    return await person.refused(await person.person.context(menu, message["id"]))


async def test_what_waits_or_is_drawn_is_cancelled_by_who_may(
    easel: Easel, mia: Scene, noah: Scene, gate: Gate
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    progress = await mia.until_drawing()
    assert "Only the person who asked" in await said(noah, "Cancel job", progress)
    assert "Cancelled, free of charge" in await said(mia, "Cancel job", progress)
    await mia.until_said("(Stopped)")
    [job] = books.rows(easel.settings.data_dir, "SELECT state FROM jobs")
    assert job["state"] == "cancelled"
    gate.open()
    grid = await mia.imagine("an owl", channel="lobby")
    assert "over already" in await said(mia, "Cancel job", grid)


async def test_all_of_a_batch_are_cancelled(easel: Easel, mia: Scene, gate: Gate) -> None:
    offer = await mia.slash("imagine", prompt="a slow {fox, owl}")
    await offer.ack()
    [proposal] = await mia.sandbox.wait_for(mia.private)
    await (await mia.click(proposal, "Draw")).ack()
    progress = await mia.until_said("grids drawn")
    assert "Cancelled" in await said(mia, "Cancel job", progress)
    states = books.rows(easel.settings.data_dir, "SELECT state FROM jobs")
    assert [each["state"] for each in states] == ["cancelled"] * 2


async def test_each_picture_comes_by_direct_message(
    easel: Easel, mia: Scene, noah: Scene
) -> None:  # fmt: skip
    grid = await mia.imagine("an owl --seed 7")
    assert "All 4 pictures" in await said(noah, "DM results", grid)
    sent = noah.results(noah.dm)
    assert [each["content"].split(" **")[0] for each in sent] == [
        f"Image #{number} of" for number in (1, 2, 3, 4)
    ]
    whole = messages.picture(easel.sandbox, grid)
    job = messages.job_of(grid)
    for number, each in enumerate(sent, 1):
        tile = messages.picture(easel.sandbox, each)
        assert messages.same_pixels(tile, imaging.crop(whole, number))
        recipe = messages.recipe(easel.sandbox, each)
        assert f"Job `{job}`, seed `{recipe['seed']}`" in each["content"]
        assert not messages.buttons(each)
    assert len({messages.recipe(easel.sandbox, each)["seed"] for each in sent}) == 4
    single = await mia.press(grid, "U2")
    assert "The picture is" in await said(noah, "DM results", single)
    last = messages.picture(easel.sandbox, noah.results(noah.dm)[-1])
    assert messages.same_pixels(last, imaging.crop(whole, 2))


async def test_who_takes_no_direct_messages_is_told(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("an owl")
    mia.person.close_dms()
    assert "You take no direct messages" in await said(mia, "DM results", grid)


async def test_a_prompt_is_copied_whole(easel: Easel, mia: Scene, noah: Scene) -> None:
    grid = await mia.imagine("an `odd` owl --seed 7 --ar 3:2")
    text = await said(noah, "Copy prompt", grid)
    assert "an `odd` owl --ar 3:2 --seed 7" in text.replace("\u200b", "")
    long = "a small owl, " * 400
    grid = await mia.imagine(long)
    press = await mia.person.context("Copy prompt", grid["id"])
    await press.ack()
    replies = await mia.sandbox.wait_for(lambda: press.replies if len(press.replies) == 2 else None)
    whole = "".join(reply["embeds"][0]["description"].strip("`\n") for reply in replies)
    assert whole.replace(" ", "") == long.strip(" ,").replace(" ", "")


async def test_any_picture_becomes_a_prompt(easel: Easel, mia: Scene, noah: Scene) -> None:
    grid = await mia.imagine("an owl --seed 7")
    form = await noah.person.context("Use as image prompt", grid["id"])
    await form.ack()
    assert form.modal is not None
    link = grid["attachments"][0]["url"]
    await (await noah.person.submit(form, {"prompt": f"{link} a cat --iw 2"})).ack()
    drawn = await noah.new_result({grid["id"]})
    [source] = messages.recipe(easel.sandbox, drawn)["inputs"]
    assert source["role"] == SOURCE
    [_, job] = books.rows(easel.settings.data_dir, "SELECT user_id FROM jobs ORDER BY created_at")
    assert str(job["user_id"]) == noah.id
    wrong = await noah.person.context("Use as image prompt", grid["id"])
    await wrong.ack()
    text = await noah.refused(await noah.person.submit(wrong, {"prompt": "a `cat` --chaos 900"}))
    assert "chaos" in text
    assert "a `cat` --chaos 900" in text.replace("\u200b", "")


async def test_a_hidden_one_is_its_owners_and_what_is_no_result_is_refused(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    [hidden] = await mia.sandbox.wait_for(lambda: mia.results(mia.dm))
    assert "All 4 pictures" in await said(mia, "DM results", hidden)
    assert "a fox" in await said(mia, "Copy prompt", hidden)
    job = messages.job_of(hidden)
    public = await mia.imagine("an owl")
    database = easel.core.parts.jobs._database
    await database.transaction(
        lambda c: c.execute(
            "UPDATE jobs SET request = (SELECT request FROM jobs WHERE id = ?) WHERE id = ?",
            (job, messages.job_of(public)),
        )
    )
    for menu in ("DM results", "Copy prompt"):
        assert "I do not know this job here" in await said(noah, menu, public)
    assert "no result of mine" in await said(noah, "Copy prompt", await help_of(noah))


async def help_of(person: Scene) -> Message:
    """A message of ours without a job."""
    await (await person.slash("help")).ack()
    return (await person.sandbox.wait_for(person.private))[-1]


@pytest.mark.parametrize("menu", ["Cancel job", "DM results", "Copy prompt"])
async def test_a_job_of_another_server_does_not_exist_here(
    easel: Easel, mia: Scene, menu: str
) -> None:
    grid = await mia.imagine("an owl")
    database = easel.core.parts.jobs._database
    await database.transaction(lambda c: c.execute("UPDATE jobs SET guild_id = 1"))
    assert "I do not know this job here" in await said(mia, menu, grid)
