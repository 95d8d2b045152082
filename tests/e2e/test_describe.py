"""/describe, as people meet it: a picture in words, and each of them to be drawn."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from bot.chat import wording
from bot.engine.local import LocalExecutor
from bot.engine.seam import Executor
from bot.sandbox import Invocation, Sandbox
from tests.e2e.test_remix import fields, opened
from tests.kit import books, captioners, messages
from tests.kit.easel import Easel, Gate, SharedExecutor, running, settings_for
from tests.kit.messages import EPHEMERAL, Message
from tests.kit.scene import Scene

WIDE = (120, 80)


async def uploaded(person: Scene, size: tuple[int, int] = WIDE) -> str:
    made = io.BytesIO()
    Image.new("RGB", size, "orange").save(made, "PNG")
    return (await person.person.upload("fox.png", made.getvalue(), "image/png"))["id"]


async def described(person: Scene, **given: str) -> Message:
    """The answer, with its prompts and its picture."""
    asked = await person.slash("describe", **(given or {"image": await uploaded(person)}))
    await asked.ack()
    [said] = await person.sandbox.wait_for(lambda: [one for one in asked.replies if one["embeds"]])
    return said


def prompts(message: Message) -> list[str]:
    return [field["value"].strip("`") for field in message["embeds"][0]["fields"]]


async def drawn(person: Scene, message: Message, button: str) -> Message:
    """The result that a press brings; the answer to /describe stands beside it."""
    known = {each["id"] for each in person.results()}
    await (await person.click(message, button)).ack()
    return await came(person, known)


async def came(person: Scene, known: set[str]) -> Message:
    [grid] = await person.sandbox.wait_for(
        lambda: [each for each in person.results() if each["id"] not in known]
    )
    return grid


async def offered(person: Scene, press: Invocation) -> Message:
    """The private answer that tells the price."""
    await press.ack()
    [offer] = await person.sandbox.wait_for(
        lambda: [one for one in press.replies if one["flags"] & EPHEMERAL]
    )
    return offer


async def test_a_picture_becomes_four_prompts_that_a_button_draws(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    said = await described(mia)
    found = prompts(said)
    assert len(set(found)) == 4
    assert all(each.endswith(" --ar 3:2") for each in found)
    assert list(messages.buttons(said)) == ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "🔄", "Imagine all"]
    assert messages.picture(easel.sandbox, said).size == WIDE
    assert books.rows(easel.settings.data_dir, "SELECT * FROM jobs") == []
    assert list((easel.settings.data_dir / "uploads").rglob("*.webp")) == []
    for number in range(4):
        grid = await drawn(noah, said, f"{number + 1}️⃣")
        assert messages.recipe(easel.sandbox, grid)["prompt"]["text"] == found[number][:-9]
        assert grid["content"].startswith(f"**{wording.escape(found[number])}**")
    jobs = books.rows(easel.settings.data_dir, "SELECT * FROM jobs")
    assert {str(job["user_id"]) for job in jobs} == {noah.id}


async def test_other_words_take_the_place_of_these(easel: Easel, mia: Scene) -> None:
    said = await described(mia)
    before = prompts(said)
    press = await mia.click(said, "🔄")
    await press.ack()

    def changed() -> Message | None:
        now = mia.person.message(said)
        return now if now and prompts(now) != before else None

    now = await mia.sandbox.wait_for(changed)
    assert now is not None
    assert len({*before, *prompts(now)}) == 8
    assert messages.picture(easel.sandbox, now).size == WIDE
    assert messages.buttons(now).keys() == messages.buttons(said).keys()
    grid = await drawn(mia, now, "2️⃣")
    assert grid["content"].startswith(f"**{wording.escape(prompts(now)[1])}**")


async def test_all_are_drawn_at_a_price_that_is_told_before(easel: Easel, mia: Scene) -> None:
    folder = easel.settings.data_dir
    said = await described(mia)
    offer = await offered(mia, await mia.click(said, "Imagine all"))
    assert offer["content"].startswith("This draws **4 grids for 4 credits**")
    assert (books.states(folder), books.open_holds(folder)) == ([], 0)
    await (await mia.click(offer, "Draw")).ack()
    await mia.sandbox.wait_for(lambda: len(mia.results()) == 4)
    assert books.spent(folder) == 4
    jobs = books.rows(folder, "SELECT * FROM jobs")
    assert len({job["created_at"] for job in jobs}) == 1
    drawn = {messages.recipe(easel.sandbox, grid)["prompt"]["text"] for grid in mia.results()}
    assert drawn == {each.removesuffix(" --ar 3:2") for each in prompts(said)}


@captioners.needs_box
async def test_the_model_in_the_box_says_what_the_embedded_one_drew(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> None:
    mia = Scene(sandbox, "Mia")
    settings = settings_for(sandbox, tmp_path, model_steps=8)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)):
        grid = await mia.imagine("a fox in the snow --seed 5")
        one = await mia.press(grid, "U1")
        said = await described(mia, link=one["attachments"][0]["url"])
        assert "fox" in prompts(said)[0]
        assert "snow" in prompts(said)[0] or "winter" in prompts(said)[0]
        assert len(set(prompts(said))) == 4


async def test_buttons_answer_after_a_restart(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    mia = Scene(sandbox, "Mia")
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        said = await described(mia)
    async with running(sandbox, settings, quick):
        grid = await drawn(mia, said, "4️⃣")
        assert grid["content"].startswith(f"**{wording.escape(prompts(said)[3])}**")
        await (await mia.click(said, "🔄")).ack()
        await sandbox.wait_for(lambda: prompts(mia.person.message(said) or said) != prompts(said))
        offer = await offered(mia, await mia.click(said, "Imagine all"))
        assert "4 grids" in offer["content"]


async def test_with_remix_a_number_asks_for_a_change_first(easel: Easel, mia: Scene) -> None:
    await mia.refused(await mia.slash("prefer remix"))
    said = await described(mia)
    form = await opened(mia, said, "3️⃣")
    assert fields(form) == {"prompt": prompts(said)[2]}
    await (await mia.person.submit(form, {"prompt": "a blue owl --ar 2:1"})).ack()
    grid = await came(mia, set())
    assert grid["content"].startswith(f"**{wording.escape('a blue owl --ar 2:1')}**")
    form = await opened(mia, said, "1️⃣")
    refused = await mia.refused(await mia.person.submit(form, {"prompt": "a fox --chaos 900"}))
    assert "chaos" in refused
    assert "a fox --chaos 900" in refused


async def test_what_is_no_picture_is_said_in_a_sentence(easel: Easel, mia: Scene) -> None:
    text = (await mia.person.upload("notes.txt", b"no picture at all", "text/plain"))["id"]
    for given, why in (
        ({"image": text}, "notes.txt"),
        ({"link": "https://example.org/fox.png"}, "example.org"),
        ({"link": "fox"}, "Invalid link"),
        ({}, "Give one picture"),
        ({"image": await uploaded(mia), "link": "https://example.org/fox.png"}, "Give one picture"),
    ):
        said = await mia.refused(await mia.slash("describe", **given))
        assert why in said
        assert str(easel.settings.data_dir) not in said
    assert mia.notices() == []


async def test_a_link_to_what_was_drawn_is_described(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("an orange fox")
    said = await described(mia, link=f"<{grid['attachments'][0]['url']}>")
    assert len(prompts(said)) == 4
    assert all(" --" not in each for each in prompts(said))


async def test_who_hides_hides_this_too(easel: Easel, mia: Scene, noah: Scene) -> None:
    await mia.refused(await mia.slash("stealth"))
    said = await described(mia)
    assert said["flags"] & EPHEMERAL
    assert noah.notices() == noah.private() == []
    await (await mia.click(said, "1️⃣")).ack()
    await mia.sandbox.wait_for(lambda: mia.results(mia.dm))


async def test_others_go_on_while_a_picture_is_looked_at(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await mia.until_drawing()
        await (await noah.slash("describe", image=await uploaded(noah))).ack()
        gate.open()
        await sandbox.wait_for(mia.results)
        await sandbox.wait_for(lambda: [one for one in noah.notices() if one["embeds"]])
