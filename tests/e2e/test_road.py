"""The whole road: /imagine → waiting → progress → grid → buttons."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.launcher import simulated
from tests.kit.scene import Scene

U_AND_V = ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4", "⋯"]
UNDER_ONE = [
    "Upscale (Subtle)", "Upscale (Creative)", "Vary (Subtle)", "Vary (Strong)", "Vary (Region)",
    "Zoom Out 2×", "Zoom Out 1.5×", "Custom Zoom", "⬅️", "➡️", "⬆️", "⬇️", "❤️", "⋯",
]  # fmt: skip


async def test_waiting_then_percent_with_preview_then_a_new_message(
    easel: Easel, gate: Gate
) -> None:
    sandbox = easel.sandbox
    noah, mia = Scene(sandbox, "Noah"), Scene(sandbox, "Mia")
    await (await noah.slash("imagine", prompt="a slow boat", channel="lobby")).ack()
    await sandbox.wait_for(lambda: "(33%)" in noah.notices("lobby")[0]["content"])
    press = await mia.slash("imagine", prompt="a slow fox --ar 3:2 --seed 7")
    await press.ack()
    first = press.original
    assert first is not None
    assert first["content"].startswith("**a slow fox --ar 3\\:2 --seed 7** - <@")
    assert "(Waiting to start)" in first["content"]
    assert "next in line" in first["content"]
    assert list(messages.buttons(first)) == ["Cancel"]
    await (await noah.click(noah.notices("lobby")[0], "Cancel")).ack()

    def drawn() -> messages.Message | None:
        shown = mia.person.message(first)
        return shown if shown and "(33%)" in shown["content"] and shown["attachments"] else None

    under_way = await sandbox.wait_for(drawn)
    assert under_way is not None
    assert under_way["attachments"][0]["filename"] == "preview.jpg"
    assert list(messages.buttons(under_way)) == ["Cancel"]
    gate.open()
    grid = await mia.new_result(set())
    assert grid["id"] != first["id"]
    assert mia.person.message(first) is None
    assert grid["content"] == f"**a slow fox --ar 3\\:2 --seed 7** - {mia.mention}"
    assert grid["mentions"] == []
    assert list(messages.buttons(grid)) == U_AND_V
    assert messages.used(grid) == set()
    tile = messages.recipe(sandbox, grid)
    assert messages.picture(sandbox, grid).size == tuple(2 * side for side in tile["size"])
    assert len(mia.results()) == 1


async def test_the_recipe_is_in_the_file_and_in_the_database(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox --no snow, ice --seed 5 --q 0.5")
    inside = messages.recipe(easel.sandbox, grid)
    job = await easel.core.service.drawing.job(messages.job_of(grid))
    assert job is not None
    assert inside == job.request.recipe() | {"job": job.id, "engine": "simulated"}
    assert (inside["seed"], inside["negative"]) == (5, "snow, ice")
    assert grid["attachments"][0]["description"] == "a fox"


async def test_u_posts_the_stored_tile_and_never_draws(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a noise of foxes")
    whole = messages.picture(sandbox, grid)
    single = await mia.press(grid, "U3")
    width, height = whole.width // 2, whole.height // 2
    tile = whole.crop((0, height, width, 2 * height))
    assert messages.same_pixels(messages.picture(sandbox, single), tile)
    assert single["message_reference"]["message_id"] == grid["id"]
    assert single["content"] == f"**a noise of foxes** - Image #3 {mia.mention}"
    assert list(messages.buttons(single)) == UNDER_ONE
    shown = mia.person.message(grid)
    assert shown is not None
    assert messages.used(shown) == {"U3"}
    assert books.spent(easel.settings.data_dir) == 1
    [job] = books.rows(easel.settings.data_dir, "SELECT * FROM jobs WHERE action = 'upscale'")
    assert (job["attempt"], job["cost"], job["state"]) == (0, 0, "succeeded")


async def test_u_again_points_to_the_first_result(easel: Easel, mia: Scene, noah: Scene) -> None:
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U1")
    said = await noah.refused(await noah.click(grid, "U1"))
    assert f"/{single['channel_id']}/{single['id']}" in said
    assert len(mia.results()) == 2


async def test_what_a_moderator_deleted_only_moderators_bring_back(
    easel: Easel, mia: Scene
) -> None:
    sandbox, ada = easel.sandbox, Scene(easel.sandbox, "Ada")
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U2")
    await ada.person.delete(single)
    said = await mia.refused(await mia.click(grid, "U2"))
    assert "A moderator deleted this picture" in said
    assert len(mia.results()) == 1
    again = await ada.press(grid, "U2")
    assert again["id"] != single["id"]
    assert messages.same_pixels(messages.picture(sandbox, again), _tile(sandbox, grid, 2))
    assert len(mia.results()) == 2


async def test_a_deleted_result_that_is_missed_twice_comes_once(easel: Easel) -> None:
    sandbox = easel.sandbox
    mia, ada = Scene(sandbox, "Mia"), Scene(sandbox, "Ada")
    grid = await mia.imagine("a fox")
    delete(sandbox, await mia.press(grid, "U2"))
    looks = sandbox.faults.hold("GET", r"^/channels/\d+/messages/")
    presses = [await ada.click(grid, "U2") for _ in range(2)]
    await looks.arrived
    for press in presses:
        # Discord is slow to tell, so the presses are acknowledged meanwhile.
        assert (await press.ack())["type"] == 6
    looks.release()
    await mia.new_result({grid["id"]})
    said = await ada.refused(await ada.click(grid, "U2"))
    assert mia.results()[-1]["id"] in said
    assert len(mia.results()) == 2


async def test_v_draws_from_its_tile_and_replies_to_the_grid(easel: Easel) -> None:
    sandbox, noah = easel.sandbox, Scene(easel.sandbox, "Noah")
    grid = await Scene(sandbox, "Mia").imagine("a fox --seed 3")
    varied = await noah.press(grid, "V2")
    assert varied["message_reference"]["message_id"] == grid["id"]
    assert varied["content"] == f"**a fox** - Variations by {noah.mention}"
    assert list(messages.buttons(varied)) == U_AND_V
    inside = messages.recipe(sandbox, varied)
    assert (inside["action"], inside["inputs"][0]["tile"]) == ("vary", [messages.job_of(grid), 2])
    assert 0 < inside["sampling"]["strength"] < 1
    shown = noah.person.message(grid)
    assert shown is not None
    assert messages.used(shown) == {"V2"}
    job = await easel.core.service.drawing.job(messages.job_of(varied))
    assert job is not None
    assert str(job.user) == noah.id


async def test_reroll_draws_the_same_prompt_from_other_noise(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox --ar 2:3 --seed 3")
    again = await mia.press(grid, "🔄")
    before, after = messages.recipe(sandbox, grid), messages.recipe(sandbox, again)
    assert after["prompt"] == {"text": "a fox", "options": {"ar": [2, 3]}}
    assert after["seed"] != before["seed"]
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"action", "prompt", "seed", "seeds", "job"}
    assert again["message_reference"]["message_id"] == grid["id"]
    shown = mia.person.message(grid)
    assert shown is not None
    assert messages.used(shown) == {"🔄"}
    await mia.press(shown, "U1")
    shown = mia.person.message(grid)
    assert shown is not None
    assert messages.used(shown) == {"U1", "🔄"}


async def test_buttons_of_a_variation(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox")
    varied = await mia.press(grid, "V4")
    single = await mia.press(varied, "U4")
    assert messages.same_pixels(messages.picture(sandbox, single), _tile(sandbox, varied, 4))
    rerolled = messages.recipe(sandbox, await mia.press(varied, "🔄"))
    assert rerolled["inputs"][0]["tile"] == [messages.job_of(grid), 4]
    second = messages.recipe(sandbox, await mia.press(varied, "V1"))
    assert second["inputs"][0]["tile"] == [messages.job_of(varied), 1]


async def test_a_single_picture_can_be_varied(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox --ar 3:2")
    single = await mia.press(grid, "U1")
    varied = await mia.press(single, "Vary (Strong)")
    inside = messages.recipe(sandbox, varied)
    assert inside["inputs"][0]["tile"] == [messages.job_of(single), 1]
    assert inside["count"] == 4
    assert list(messages.buttons(varied)) == U_AND_V
    assert varied["message_reference"]["message_id"] == single["id"]


async def test_waiting_messages_follow_the_queue(easel: Easel, gate: Gate, mia: Scene) -> None:
    sandbox = easel.sandbox
    await (await mia.slash("imagine", prompt="a slow boat")).ack()
    running = await mia.until_drawing()
    presses = []
    for animal in ("hare", "owl", "newt"):
        press = await mia.slash("imagine", prompt=f"a {animal}")
        await press.ack()
        presses.append(press)
    assert "3rd in line" in messages.text_of(presses[2].original)
    await (await mia.click(presses[0].original, "Cancel")).ack()
    await sandbox.wait_for(lambda: "2nd in line" in messages.text_of(presses[2].original))
    await sandbox.wait_for(lambda: "next in line" in messages.text_of(presses[1].original))
    await (await mia.click(presses[1].original, "Cancel")).ack()
    await sandbox.wait_for(lambda: "next in line" in messages.text_of(presses[2].original))
    await (await mia.click(running, "Cancel")).ack()
    await sandbox.wait_for(mia.results)
    assert "newt" in mia.results()[0]["content"]


async def test_a_deleted_progress_message_does_not_matter(
    easel: Easel, gate: Gate, mia: Scene
) -> None:
    sandbox = easel.sandbox
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    notice = await mia.until_drawing()
    delete(sandbox, notice)
    gate.open()
    await mia.new_result(set())
    assert len(mia.results()) == 1


async def test_a_deleted_parent_does_not_matter(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox")
    held = sandbox.faults.hold("POST", r"^/channels/")
    await (await mia.click(grid, "V1")).ack()
    await held.arrived
    delete(sandbox, grid)
    held.release()
    varied = await mia.new_result({grid["id"]})
    assert messages.recipe(sandbox, varied)["inputs"][0]["tile"] == [messages.job_of(grid), 1]


async def test_a_model_that_cannot_be_loaded_is_said_and_the_bot_stays_up(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    missing.touch()
    executor = simulated(tmp_path / "gate", missing=str(missing))
    async with running(sandbox, settings_for(sandbox, tmp_path / "data"), executor):
        while not any(worker.trouble for worker in executor.workers()):
            await executor.changed(executor.version)
        mia = Scene(sandbox, "Mia")
        press = await mia.slash("imagine", prompt="a fox")
        await press.ack()
        await mia.until_said("The model embedded is not there")
        info = await mia.slash("info", channel="lobby")
        await info.ack()
        assert "⚠️ simulated: The model embedded is not there" in messages.text_of(info.original)
        await (await mia.click(press.original, "Cancel")).ack()
        await mia.until_said("(Stopped)")


def delete(sandbox: Sandbox, message: messages.Message) -> None:
    """A moderator removes the message."""
    stored = sandbox.world.message(message["id"])
    assert stored is not None
    sandbox.messages.delete(stored)


def _tile(sandbox: Sandbox, grid: messages.Message, number: int) -> Image.Image:
    whole = messages.picture(sandbox, grid)
    width, height = whole.width // 2, whole.height // 2
    left, top = (number - 1) % 2 * width, (number - 1) // 2 * height
    return whole.crop((left, top, left + width, top + height))
