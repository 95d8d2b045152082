"""`easel render` with the real embedded model, in one worker: what the files show."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from bot import imaging
from bot.commands.options import order_of
from bot.commands.render import render
from bot.commands.subject import Order
from bot.engine.local import LocalExecutor
from bot.service.choice import Choice
from bot.settings import Settings
from tests.kit.easel import SharedExecutor

pytestmark = pytest.mark.timeout(300)
SMALL = Choice(count=6, width=64, height=64, steps=2)


@pytest.fixture(autouse=True)
def worker(studio: LocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.render.local_executor", lambda *_: SharedExecutor(studio))


def pixels(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of the channels, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


async def test_files_are_drawn_again_bit_by_bit(tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    await render(Settings(), Order("a red apple --no leaf", choice=SMALL, out=out))
    await render(Settings(), Order(recipe=out / "grid-00000.png", out=again))
    await render(Settings(), Order(recipe=out / "00004.png", out=again))
    singles = [pixels(out / f"0000{number}.png").tobytes() for number in range(6)]
    assert len(set(singles)) == 6
    assert singles == [pixels(again / f"0000{number}.png").tobytes() for number in range(6)]
    assert pixels(again / "00006.png").tobytes() == singles[4]
    assert pixels(out / "grid-00000.png").size == (3 * 64, 2 * 64)
    assert pixels(out / "grid-00000.png").tobytes() == pixels(again / "grid-00000.png").tobytes()


async def test_strength_says_how_far_a_picture_is_left(tmp_path: Path) -> None:
    start = tmp_path / "start.png"
    Image.linear_gradient("L").convert("RGB").resize((64, 64)).save(start)
    far = []
    for strength in (0.1, 0.5, 1.0):
        out = tmp_path / str(strength)
        choice = Choice(count=1, steps=10, width=64, height=64, strength=strength)
        await render(Settings(), Order("a red apple --seed 7", init=start, choice=choice, out=out))
        far.append(distance(pixels(out / "00000.png"), pixels(start)))
    assert far[0] < far[1] < far[2]
    again = Order(recipe=tmp_path / "0.5" / "00000.png", init=start, out=tmp_path / "0.5")
    await render(Settings(), again)
    first, second = (pixels(tmp_path / "0.5" / f"0000{number}.png") for number in (0, 1))
    assert first.tobytes() == second.tobytes()


async def test_outside_a_mask_the_picture_stays_as_it_is(tmp_path: Path) -> None:
    start, mask = tmp_path / "start.png", tmp_path / "mask.png"
    Image.linear_gradient("L").convert("RGB").resize((64, 64)).save(start)
    covering = Image.new("L", (64, 64))
    covering.paste("white", (32, 0, 64, 64))
    covering.save(mask)
    choice = Choice(count=1, steps=4, width=64, height=64)
    order = Order("a red apple --seed 7", init=start, mask=mask, choice=choice, out=tmp_path)
    await render(Settings(), order)
    kept, drawn = (
        [pixels(path).crop(box) for path in (start, tmp_path / "00000.png")]
        for box in ((0, 0, 32, 64), (32, 0, 64, 64))
    )
    assert kept[0].tobytes() == kept[1].tobytes()
    assert distance(*drawn) > 10


async def test_the_line_of_2022_draws(tmp_path: Path) -> None:
    line = ["a red apple", "--seed", "7", "--plms", "--H", "64", "--W", "64", "--n_samples", "4"]
    await render(Settings(), order_of([*line, "--outdir", str(tmp_path)]))
    singles = [pixels(tmp_path / f"0000{number}.png") for number in range(4)]
    grid = pixels(tmp_path / "grid-00000.png")
    assert grid.size == (128, 128)
    assert [imaging.crop(grid, number).tobytes() for number in range(1, 5)] == [
        single.tobytes() for single in singles
    ]
    # At as few steps as the model's own sampler takes, this one leaves glaring noise.
    rough = [distance(each, ImageChops.offset(each, 1, 0)) for each in singles]
    assert sum(rough) / len(rough) < 5
