"""The whole road: /imagine → waiting → progress → grid → buttons."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from bot.sandbox import Sandbox
from tests.e2e import scene
from tests.e2e.conftest import Easel, Gate, running, settings_for
from tests.e2e.launcher import simulated

U_AND_V = ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]


async def test_waiting_then_percent_with_preview_then_a_new_message(
    easel: Easel, gate: Gate
) -> None:
    sandbox = easel.sandbox
    noah, mia = sandbox.person("Noah"), sandbox.person("Mia")
    await (await noah.slash("imagine", prompt="a slow boat", channel="lobby")).ack()
    await sandbox.wait_for(lambda: "(33%)" in scene.notices(noah, "lobby")[0]["content"])
    press = await mia.slash("imagine", prompt="a slow fox --ar 3:2 --seed 7")
    await press.ack()
    first = press.original
    assert first is not None
    assert first["content"].startswith("**a slow fox --ar 3\\:2 --seed 7** - <@")
    assert "(Waiting to start)" in first["content"]
    assert "next in line" in first["content"]
    assert list(scene.buttons(first)) == ["Cancel"]
    await (await noah.click(scene.notices(noah, "lobby")[0], "Cancel")).ack()

    def drawn() -> scene.Message | None:
        shown = mia.message(first)
        return shown if shown and "(33%)" in shown["content"] and shown["attachments"] else None

    under_way = await sandbox.wait_for(drawn)
    assert under_way is not None
    assert under_way["attachments"][0]["filename"] == "preview.jpg"
    assert list(scene.buttons(under_way)) == ["Cancel"]
    gate.open()
    grid = await scene.new_result(sandbox, mia, set())
    assert grid["id"] != first["id"]
    assert mia.message(first) is None
    assert grid["content"] == f"**a slow fox --ar 3\\:2 --seed 7** - {mia.mention}"
    assert grid["mentions"] == []
    assert list(scene.buttons(grid)) == U_AND_V
    assert scene.used(grid) == set()
    tile = scene.recipe(sandbox, grid)
    assert scene.picture(sandbox, grid).size == (2 * tile["width"], 2 * tile["height"])
    assert len(scene.results(mia)) == 1


async def test_the_recipe_is_in_the_file_and_in_the_database(easel: Easel) -> None:
    mia = easel.sandbox.person("Mia")
    grid = await scene.imagine(easel.sandbox, mia, "a fox --no snow, ice --seed 5 --q 0.5")
    inside = scene.recipe(easel.sandbox, grid)
    job = await easel.core.service.drawing.job(scene.job_of(grid))
    assert job is not None
    assert inside == job.request.recipe() | {"job": job.id}
    assert (inside["seed"], inside["negative"]) == (5, "snow, ice")
    assert grid["attachments"][0]["description"] == "a fox"


async def test_u_posts_the_stored_tile_and_never_draws(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a noise of foxes")
    whole = scene.picture(sandbox, grid)
    single = await scene.press(sandbox, mia, grid, "U3")
    width, height = whole.width // 2, whole.height // 2
    tile = whole.crop((0, height, width, 2 * height))
    assert scene.same_pixels(scene.picture(sandbox, single), tile)
    assert single["message_reference"]["message_id"] == grid["id"]
    assert single["content"] == f"**a noise of foxes** - Image #3 {mia.mention}"
    assert list(scene.buttons(single)) == ["Vary"]
    shown = mia.message(grid)
    assert shown is not None
    assert scene.used(shown) == {"U3"}
    assert scene.spent(easel.settings.data_dir) == 1
    [job] = scene.rows(easel.settings.data_dir, "SELECT * FROM jobs WHERE action = 'upscale'")
    assert (job["attempt"], job["cost"], job["state"]) == (0, 0, "succeeded")


async def test_u_again_points_to_the_first_result(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a fox")
    single = await scene.press(sandbox, mia, grid, "U1")
    noah = sandbox.person("Noah")
    said = await scene.refused(sandbox, noah, await noah.click(grid, "U1"))
    assert f"/{single['channel_id']}/{single['id']}" in said
    assert len(scene.results(mia)) == 2


async def test_u_posts_again_when_the_first_result_was_deleted(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a fox")
    single = await scene.press(sandbox, mia, grid, "U2")
    delete(sandbox, single)
    again = await scene.press(sandbox, mia, grid, "U2")
    assert again["id"] != single["id"]
    assert scene.same_pixels(scene.picture(sandbox, again), _tile(sandbox, grid, 2))
    assert len(scene.results(mia)) == 2


async def test_two_people_who_miss_a_deleted_result_get_one(easel: Easel) -> None:
    sandbox, mia, noah = easel.sandbox, *map(easel.sandbox.person, ("Mia", "Noah"))
    grid = await scene.imagine(sandbox, mia, "a fox")
    delete(sandbox, await scene.press(sandbox, mia, grid, "U2"))
    looks = sandbox.faults.hold("GET", r"^/channels/\d+/messages/")
    presses = [await person.click(grid, "U2") for person in (mia, noah)]
    await looks.arrived
    for press in presses:
        # Discord is slow to tell, so the presses are acknowledged meanwhile.
        assert (await press.ack())["type"] == 6
    looks.release()
    await scene.new_result(sandbox, mia, {grid["id"]})
    said = await scene.refused(sandbox, noah, await noah.click(grid, "U2"))
    assert scene.results(mia)[-1]["id"] in said
    assert len(scene.results(mia)) == 2


async def test_v_draws_from_its_tile_and_replies_to_the_grid(easel: Easel) -> None:
    sandbox, noah = easel.sandbox, easel.sandbox.person("Noah")
    grid = await scene.imagine(sandbox, sandbox.person("Mia"), "a fox --seed 3")
    varied = await scene.press(sandbox, noah, grid, "V2")
    assert varied["message_reference"]["message_id"] == grid["id"]
    assert varied["content"] == f"**a fox** - Variations by {noah.mention}"
    assert list(scene.buttons(varied)) == U_AND_V
    inside = scene.recipe(sandbox, varied)
    assert (inside["action"], inside["source"]) == ("vary", [scene.job_of(grid), 2])
    assert 0 < inside["strength"] < 1
    shown = noah.message(grid)
    assert shown is not None
    assert scene.used(shown) == {"V2"}
    job = await easel.core.service.drawing.job(scene.job_of(varied))
    assert job is not None
    assert str(job.user) == noah.id


async def test_reroll_draws_the_same_prompt_from_other_noise(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a fox --ar 2:3 --seed 3")
    again = await scene.press(sandbox, mia, grid, "🔄")
    before, after = scene.recipe(sandbox, grid), scene.recipe(sandbox, again)
    assert after["prompt"] == "a fox --ar 2:3"
    assert after["seed"] != before["seed"]
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"action", "prompt", "seed", "job"}
    assert again["message_reference"]["message_id"] == grid["id"]
    shown = mia.message(grid)
    assert shown is not None
    assert scene.used(shown) == {"🔄"}
    await scene.press(sandbox, mia, shown, "U1")
    shown = mia.message(grid)
    assert shown is not None
    assert scene.used(shown) == {"U1", "🔄"}


async def test_buttons_of_a_variation(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a fox")
    varied = await scene.press(sandbox, mia, grid, "V4")
    single = await scene.press(sandbox, mia, varied, "U4")
    assert scene.same_pixels(scene.picture(sandbox, single), _tile(sandbox, varied, 4))
    rerolled = scene.recipe(sandbox, await scene.press(sandbox, mia, varied, "🔄"))
    assert rerolled["source"] == [scene.job_of(grid), 4]
    second = scene.recipe(sandbox, await scene.press(sandbox, mia, varied, "V1"))
    assert second["source"] == [scene.job_of(varied), 1]


async def test_a_single_picture_can_be_varied(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a fox --ar 3:2")
    single = await scene.press(sandbox, mia, grid, "U1")
    varied = await scene.press(sandbox, mia, single, "Vary")
    inside = scene.recipe(sandbox, varied)
    assert inside["source"] == [scene.job_of(single), 1]
    assert inside["count"] == 4
    assert list(scene.buttons(varied)) == U_AND_V
    assert varied["message_reference"]["message_id"] == single["id"]


async def test_waiting_messages_follow_the_queue(easel: Easel, gate: Gate) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    await (await mia.slash("imagine", prompt="a slow boat")).ack()
    running = await scene.until_drawing(sandbox, mia)
    presses = []
    for animal in ("hare", "owl", "newt"):
        press = await mia.slash("imagine", prompt=f"a {animal}")
        await press.ack()
        presses.append(press)
    assert "3rd in line" in scene.text_of(presses[2].original)
    await (await mia.click(presses[0].original, "Cancel")).ack()
    await sandbox.wait_for(lambda: "2nd in line" in scene.text_of(presses[2].original))
    await sandbox.wait_for(lambda: "next in line" in scene.text_of(presses[1].original))
    await (await mia.click(presses[1].original, "Cancel")).ack()
    await sandbox.wait_for(lambda: "next in line" in scene.text_of(presses[2].original))
    await (await mia.click(running, "Cancel")).ack()
    await sandbox.wait_for(lambda: scene.results(mia))
    assert "newt" in scene.results(mia)[0]["content"]


async def test_a_deleted_progress_message_does_not_matter(easel: Easel, gate: Gate) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    notice = await scene.until_drawing(sandbox, mia)
    delete(sandbox, notice)
    gate.open()
    await scene.new_result(sandbox, mia, set())
    assert len(scene.results(mia)) == 1


async def test_a_deleted_parent_does_not_matter(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a fox")
    held = sandbox.faults.hold("POST", r"^/channels/")
    await (await mia.click(grid, "V1")).ack()
    await held.arrived
    delete(sandbox, grid)
    held.release()
    varied = await scene.new_result(sandbox, mia, {grid["id"]})
    assert scene.recipe(sandbox, varied)["source"] == [scene.job_of(grid), 1]


async def test_a_model_that_cannot_be_loaded_is_said_and_the_bot_stays_up(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    missing.touch()
    executor = simulated(tmp_path / "gate", missing=str(missing))
    async with running(sandbox, settings_for(sandbox, tmp_path / "data"), executor):
        while not any(worker.trouble for worker in executor.workers()):
            await executor.changed(executor.version)
        mia = sandbox.person("Mia")
        press = await mia.slash("imagine", prompt="a fox")
        await press.ack()
        await scene.until_said(sandbox, mia, "The model embedded is not there")
        info = await mia.slash("info", channel="lobby")
        await info.ack()
        assert "⚠️ simulated: The model embedded is not there" in scene.text_of(info.original)
        await (await mia.click(press.original, "Cancel")).ack()
        await scene.until_said(sandbox, mia, "(Stopped)")


def delete(sandbox: Sandbox, message: scene.Message) -> None:
    """A moderator removes the message."""
    stored = sandbox.world.message(message["id"])
    assert stored is not None
    sandbox.messages.delete(stored)


def _tile(sandbox: Sandbox, grid: scene.Message, number: int) -> Image.Image:
    whole = scene.picture(sandbox, grid)
    width, height = whole.width // 2, whole.height // 2
    left, top = (number - 1) % 2 * width, (number - 1) // 2 * height
    return whole.crop((left, top, left + width, top + height))
