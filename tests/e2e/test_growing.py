"""Zoom, pan, square, subtle and strong variations and Redo: the buttons under one picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action
from bot.engine.seam import Executor
from bot.models.cards import EMBEDDED_CARD
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

PRESSES = [
    ("Vary (Subtle)", "Variations (Subtle)", (160, 104), None),
    ("Vary (Strong)", "Variations (Strong)", (160, 104), None),
    ("Zoom Out 2×", "Zoom Out", (160, 104), [40, 26, 80, 52]),
    ("Zoom Out 1.5×", "Zoom Out", (160, 104), [27, 17, 106, 70]),
    ("Make Square", "Make Square", (160, 160), [0, 28, 160, 104]),
    ("⬅️", "Pan Left", (240, 104), [80, 0, 160, 104]),
    ("➡️", "Pan Right", (240, 104), [0, 0, 160, 104]),
    ("⬆️", "Pan Up", (160, 152), [0, 48, 160, 104]),
    ("⬇️", "Pan Down", (160, 152), [0, 0, 160, 104]),
]


def now(person: Scene, message: Message) -> Message:
    shown = person.person.message(message)
    assert shown is not None
    return shown


def frame_of(inside: Message) -> list[int] | None:
    frame = inside["frame"]
    return frame and [frame[name] for name in ("left", "top", "width", "height")]


async def test_every_button_under_a_picture_draws_what_it_says(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    sandbox, folder = easel.sandbox, easel.settings.data_dir
    single = await mia.press(await mia.imagine("a fox --ar 3:2"), "U2")
    assert messages.picture(sandbox, single).size == (160, 104)
    for pressed, (button, said, size, frame) in enumerate(PRESSES, 1):
        grid = await noah.press(now(noah, single), button)
        assert f"- {said} by {noah.mention}" in grid["content"]
        assert grid["message_reference"]["message_id"] == single["id"]
        assert list(messages.buttons(grid))[:5] == ["U1", "U2", "U3", "U4", "🔄"]
        assert messages.picture(sandbox, grid).size == (2 * size[0], 2 * size[1])
        inside = messages.recipe(sandbox, grid)
        assert frame_of(inside) == frame
        assert inside["inputs"][0]["tile"] == [messages.job_of(single), 1]
        # Who presses pays and owns.
        owners = books.rows(folder, "SELECT user_id, cost FROM jobs WHERE cost > 0 ORDER BY rowid")
        assert [str(row["user_id"]) for row in owners] == [mia.id, *[noah.id] * pressed]
        assert owners[-1]["cost"] == 1
    assert messages.used(now(mia, single)) == {button for button, *_ in PRESSES}


async def test_what_grew_grows_on(easel: Easel, mia: Scene) -> None:
    """Zoom of a zoom, pan of a zoom, variations, other surroundings, and back to a square."""
    sandbox = easel.sandbox
    single = await mia.press(await mia.imagine("a fox"), "U1")
    assert "Make Square" not in messages.buttons(single)
    assert "Redo" not in messages.buttons(single)
    zoomed = await mia.press(single, "Zoom Out 2×")
    chosen = await mia.press(zoomed, "U3")
    farther = messages.recipe(sandbox, await mia.press(chosen, "Zoom Out 1.5×"))
    assert farther["inputs"][0]["tile"] == [messages.job_of(chosen), 1]
    assert (farther["size"], frame_of(farther)) == ([128, 128], [21, 21, 86, 86])
    wide = await mia.press(chosen, "⬅️")
    assert wide["content"].startswith("**a fox --ar 3\\:2** - Pan Left by")
    again = await mia.press(wide, "🔄")
    assert "Pan Left by" in again["content"]
    first, second = (messages.recipe(sandbox, each) for each in (wide, again))
    changed = {key for key in first if first[key] != second[key]}
    assert changed == {"action", "seed", "seeds", "job"}
    varied = await mia.press(wide, "V2")
    assert "Variations by" in varied["content"]
    inside = messages.recipe(sandbox, varied)
    assert (inside["size"], inside["frame"]) == ([192, 128], None)
    one = await mia.press(wide, "U4")
    square = messages.recipe(sandbox, await mia.press(one, "Make Square"))
    assert (square["size"], frame_of(square)) == ([192, 192], [0, 32, 192, 128])
    assert square["prompt"]["options"] == {}


async def test_redo_draws_again_what_a_picture_was_taken_out_of(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    sandbox = easel.sandbox
    single = await mia.press(await mia.imagine("a fox"), "U1")
    grid = await mia.press(single, "➡️")
    one = await mia.press(grid, "U4")
    assert list(messages.buttons(one))[:3] == ["Upscale (Subtle)", "Upscale (Creative)", "Redo"]
    again = await noah.press(one, "Redo")
    assert f"Pan Right by {noah.mention}" in again["content"]
    first, second = (messages.recipe(sandbox, each) for each in (grid, again))
    changed = {key for key in first if first[key] != second[key]}
    assert changed == {"action", "seed", "seeds", "job"}
    assert messages.used(now(mia, one)) == {"Redo"}


async def test_at_the_limit_the_picture_moves_on(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    single = await mia.press(await mia.imagine("a fox"), "U1")
    sizes, frames = [], []
    for _ in range(3):
        grid = await mia.press(single, "⬇️")
        inside = messages.recipe(sandbox, grid)
        sizes.append(tuple(inside["size"]))
        frames.append(frame_of(inside))
        single = await mia.press(grid, "U1")
    assert sizes == [(128, 192), (128, 288), (128, 288)]
    assert frames[-1] == [0, -144, 128, 288]


async def test_buttons_with_nothing_to_do_say_so_before_any_charge(
    easel: Easel, mia: Scene
) -> None:
    single = await mia.press(await mia.imagine("a fox"), "U1")
    where = easel.sandbox.world.find_channel("lobby")
    job = messages.job_of(single)
    for action, tile, words in (
        (Action.SQUARE, 1, "This picture is square already."),
        (Action.REDO, 0, "This was drawn from its words alone"),
        (Action.ZOOM_OUT_2X, 9, "no picture 9"),
    ):
        name = f"easel:{action.value}:{job}:{tile}"
        button = {"type": 2, "style": 2, "label": "B", "custom_id": name}
        body = {"content": "forged", "components": [{"type": 1, "components": [button]}]}
        sent = easel.sandbox.messages.write(where, easel.sandbox.world.bot, body)
        said = await mia.refused(await mia.click({"id": sent.id}, name))
        assert words in said
    assert books.spent(easel.settings.data_dir) == 1


async def test_a_model_that_cannot_draw_around_a_picture_has_no_such_buttons(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    unable = replace(EMBEDDED_CARD, inpaints=False)
    monkeypatch.setattr("bot.models.cards.EMBEDDED_CARD", unable)
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        mia = Scene(sandbox, "Mia")
        single = await mia.press(await mia.imagine("a fox --ar 3:2"), "U1")
        assert list(messages.buttons(single)) == [
            "Upscale (Subtle)", "Upscale (Creative)", "Vary (Subtle)", "Vary (Strong)", "❤️", "⋯",
        ]  # fmt: skip
