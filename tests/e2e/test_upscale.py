"""Upscale (Subtle) and (Creative): buttons, price and ends, and what the real model draws."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.domain.action import Action
from bot.engine.local import LocalExecutor
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit import upscalers as networks
from tests.kit.easel import Easel, Gate, SharedExecutor, running, settings_for
from tests.kit.messages import Message
from tests.kit.process import BotProcess
from tests.kit.scene import Scene
from tests.kit.seams import across_lines, pixels

SUBTLE, CREATIVE = "Upscale (Subtle)", "Upscale (Creative)"


@pytest.fixture
async def drawn(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> AsyncIterator[Easel]:
    """A bot with the embedded model."""
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)) as one:
        yield one


def plainly(picture: Image.Image) -> Image.Image:
    return picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.LANCZOS)


def decibels(one: Image.Image, other: Image.Image) -> float:
    """The peak signal-to-noise ratio of two pictures."""
    return float(10 * np.log10(255**2 / np.mean((pixels(one) - pixels(other)) ** 2)))


def sharpness(picture: Image.Image) -> float:
    """The energy of the gradient."""
    return float(sum(np.mean(np.diff(pixels(picture), axis=axis) ** 2) for axis in (0, 1)))


def standing_out(picture: Image.Image, plain: Image.Image, borders: Iterable[int]) -> float:
    """How far the pixels of a border are from each other, as a multiple of the same anywhere within
    eight lines of it, each as against the plain enlargement; of the border where that is most."""
    found = []
    for steps, before in zip(across_lines(picture), across_lines(plain), strict=True):
        more = steps / (before + 1)
        for border in borders:
            around = [*more[border - 9 : border - 1], *more[border : border + 8]]
            found.append(more[border - 1] / max(around))
    return max(found)


async def test_subtle_keeps_and_creative_adds(
    drawn: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same picture, in nine tiles of which no border shows."""
    monkeypatch.setattr("bot.service.requests.new_seed", lambda: 41)
    sandbox = drawn.sandbox
    mia = Scene(sandbox, "Mia")
    single = await mia.press(await mia.imagine("an owl in the forest --seed 7 --q 0.5"), "U2")
    plain = plainly(messages.picture(sandbox, single))
    subtle = messages.picture(sandbox, await mia.press(single, SUBTLE))
    creative = messages.picture(sandbox, await mia.press(single, CREATIVE))
    assert subtle.size == creative.size == plain.size == (256, 256)
    assert decibels(subtle, plain) >= 30
    assert decibels(creative, plain) < decibels(subtle, plain) - 1
    assert min(map(sharpness, (subtle, creative))) > sharpness(plain)
    for picture in (subtle, creative):
        assert standing_out(picture, plain, (64, 128, 192)) < 1.1  # 1.7 where nothing fades
    assert (books.spent(drawn.settings.data_dir), books.open_holds(drawn.settings.data_dir)) == (
        3,
        0,
    )


async def test_a_network_beside_the_models_upscales_instead(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor, models: Path
) -> None:
    """It is dropped in while the bot runs, and gone again."""
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0, models_dir=models)
    file = models / "0-tiny.pth"
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)):
        mia = Scene(sandbox, "Mia")
        single = await mia.press(await mia.imagine("a house --q 0.5"), "U3")
        without = await mia.press(single, SUBTLE)
        try:
            network = networks.write(file)
            by_it = await mia.press(single, SUBTLE)
        finally:
            file.unlink()
    small = messages.picture(sandbox, single)
    itself = networks.by_itself(network, small)
    assert messages.picture(sandbox, by_it).tobytes() == itself.tobytes()
    assert messages.picture(sandbox, without).tobytes() != itself.tobytes()
    assert messages.recipe(sandbox, by_it)["engine"] == "upscaled by 0-tiny (ESRGAN)"


async def test_the_buttons_of_what_was_upscaled(easel: Easel, mia: Scene, noah: Scene) -> None:
    """Twice, then four times as large: the price of that is told first; then it is over."""
    sandbox, folder = easel.sandbox, easel.settings.data_dir
    single = await mia.press(await mia.imagine("a fox --ar 3:2 --stop 50"), "U2")
    twice = await noah.press(single, SUBTLE)
    assert f"- Upscaled (Subtle) by {noah.mention}" in twice["content"]
    assert twice["message_reference"]["message_id"] == single["id"]
    assert list(messages.buttons(twice)) == [SUBTLE, CREATIVE, "❤️", "⋯"]
    assert messages.picture(sandbox, twice).size == (320, 208)
    inside = messages.recipe(sandbox, twice)
    assert inside["extra"]["upscale"] == ["subtle", 2]
    assert (inside["count"], inside["sampling"]["stop"]) == (1, 1.0)
    assert books.spent(folder) == 2
    said = await mia.refused(offer := await mia.click(twice, CREATIVE))
    assert "a picture of 640×416 for 4 credits" in said
    assert books.spent(folder) == 2
    known = {each["id"] for each in mia.results()}
    await (await mia.click(offer.replies[-1], "Draw")).ack()
    larger = await mia.new_result(known)
    assert f"Upscaled (Creative) by {mia.mention}" in larger["content"]
    assert messages.picture(sandbox, larger).size == (640, 416)
    assert list(messages.buttons(larger)) == ["❤️", "⋯"]
    assert (books.spent(folder), books.open_holds(folder)) == (6, 0)


async def test_buttons_that_an_upscaled_picture_has_not_say_why(easel: Easel, mia: Scene) -> None:
    single = await mia.press(await mia.imagine("a fox"), "U1")
    job = messages.job_of(await mia.press(single, CREATIVE))
    where = easel.sandbox.world.find_channel("lobby")
    for action in (Action.VARY_STRONG, Action.PAN_UP, Action.REROLL):
        name = f"easel:{action.value}:{job}:{int(action is not Action.REROLL)}"
        button = {"type": 2, "style": 2, "label": "B", "custom_id": name}
        body = {"content": "forged", "components": [{"type": 1, "components": [button]}]}
        sent = easel.sandbox.messages.write(where, easel.sandbox.world.bot, body)
        assert "This was upscaled" in await mia.refused(await mia.click({"id": sent.id}, name))
    assert (books.spent(easel.settings.data_dir), books.open_holds(easel.settings.data_dir)) == (
        2,
        0,
    )


async def test_a_cancel_stops_between_two_tiles(drawn: Easel) -> None:
    """It goes on for hundreds of steps otherwise."""
    sandbox = drawn.sandbox
    mia = Scene(sandbox, "Mia")
    single = await mia.press(await mia.imagine("a fox --q 0.5"), "U1")
    larger = await mia.press(single, SUBTLE)
    await mia.refused(offer := await mia.click(larger, CREATIVE))
    await (await mia.click(offer.replies[-1], "Draw")).ack()
    notice: Message = await mia.until_said("%)")
    await (await mia.click(notice, "Cancel")).ack()
    await mia.until_said("(Stopped)")
    assert books.states(drawn.settings.data_dir)[-1] == "cancelled"
    assert (books.spent(drawn.settings.data_dir), books.open_holds(drawn.settings.data_dir)) == (
        2,
        0,
    )
    assert len(mia.results()) == 3


async def test_a_bot_that_is_killed_while_it_upscales_ends_that_once(
    sandbox: Sandbox, tmp_path: Path, own_gate: Gate
) -> None:
    own_gate.open()
    mia = Scene(sandbox, "Mia")
    bot = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(own_gate.path)])
    try:
        await bot.start()
        grid = await mia.imagine("a slow fox")
        single = await mia.press(grid, "U1")
        own_gate.close()
        await (await mia.click(single, CREATIVE)).ack()
        await mia.until_drawing()
        await bot.kill()
        own_gate.open()
        await bot.start()
        larger = await mia.new_result({grid["id"], single["id"]})
        assert messages.recipe(sandbox, larger)["extra"]["upscale"] == ["creative", 2]
        assert messages.picture(sandbox, larger).size == (256, 256)
        assert len(mia.results()) == 3
        assert books.states(bot.data) == ["succeeded"] * 3
        assert (books.spent(bot.data), books.open_holds(bot.data)) == (2, 0)
    finally:
        await bot.close()
