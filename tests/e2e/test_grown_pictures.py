"""What the real model draws around pictures, through the real bot, and how far variations go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot import imaging
from bot.commands.render import render
from bot.commands.subject import Order
from bot.domain.framing import Frame
from bot.engine.local import LocalExecutor
from bot.sandbox import Sandbox
from tests.kit import messages
from tests.kit.easel import Easel, SharedExecutor, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene
from tests.kit.seams import jump, jumps_inside, pixels

PROMPT = "a red apple on a blue background --q 0.5 --seed 7 --ar 3:2"


@pytest.fixture
async def easel(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> AsyncIterator[Easel]:
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)) as one:
        yield one


def tiles(easel: Easel, grid: Message) -> list[Image.Image]:
    whole = messages.picture(easel.sandbox, grid)
    return [imaging.crop(whole, number) for number in (1, 2, 3, 4)]


def frame_of(easel: Easel, grid: Message) -> Frame:
    return Frame(**messages.recipe(easel.sandbox, grid)["frame"])


def distance(one: Image.Image, other: Image.Image) -> float:
    """Root mean square, of pictures shrunk to 16 × 16: composition rather than detail."""
    small = [pixels(each.resize((16, 16))) for each in (one, other)]
    return float(np.sqrt(np.mean((small[0] - small[1]) ** 2)))


async def test_the_old_pixels_are_in_what_is_posted(
    easel: Easel, mia: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of zoom, pan and square, and of a pan of a zoom."""
    monkeypatch.setattr("bot.service.requests.new_seed", lambda: 41)
    single = await mia.press(await mia.imagine(PROMPT), "U2")
    zoomed = await mia.press(single, "Zoom Out 2×")
    chosen = await mia.press(zoomed, "U3")
    old = {each["id"]: messages.picture(easel.sandbox, each) for each in (single, chosen)}
    assert old[chosen["id"]].tobytes() == tiles(easel, zoomed)[2].tobytes()
    for parent, button in ((single, ""), (single, "Make Square"), (chosen, "➡️"), (chosen, "⬆️")):
        grid = await mia.press(parent, button) if button else zoomed
        frame, size = frame_of(easel, grid), tiles(easel, grid)[0].size
        inside = old[parent["id"]].resize((frame.width, frame.height), Image.Resampling.LANCZOS)
        box = frame.within(*size)
        drawn = tiles(easel, grid)
        assert (size[0] == size[1]) is (button == "Make Square")
        assert len({each.tobytes() for each in drawn}) == 4
        for each in drawn:
            assert each.crop(box).tobytes() == inside.tobytes()
            assert jump(each, box) <= jumps_inside(each, box)[1]


async def test_subtle_stays_closer_than_strong_and_both_than_another_grid(
    easel: Easel, mia: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All from the same noise."""
    monkeypatch.setattr("bot.service.requests.new_seed", lambda: 41)
    grid = await mia.imagine("a house --q 0.5 --seed 7 --ar 3:2")
    single = await mia.press(grid, "U2")
    parent = messages.picture(easel.sandbox, single)
    drawn = (
        await mia.press(single, "Vary (Subtle)"),
        await mia.press(single, "Vary (Strong)"),
        await mia.press(grid, "🔄"),
    )
    means = [np.mean([distance(parent, each) for each in tiles(easel, one)]) for one in drawn]
    assert 0 < means[0] < means[1] < means[2]


async def test_a_posted_file_brings_the_same_pixels_again(
    easel: Easel,
    mia: Scene,
    tmp_path: Path,
    diffusion_worker: LocalExecutor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        "bot.commands.render.local_executor", lambda *_: SharedExecutor(diffusion_worker)
    )  # fmt: skip
    single = await mia.press(await mia.imagine(PROMPT), "U1")
    grid = await mia.press(single, "⬅️")
    one = await mia.press(grid, "U4")
    for message, tolerance in ((grid, 0), (one, 1)):
        posted = tmp_path / "posted.webp"
        posted.write_bytes(messages.file_of(easel.sandbox, message))
        assert await render(easel.settings, Order(recipe=posted, out=tmp_path / "out")) == 0
        path = capsys.readouterr().out.split()[-1]
        again, shown = pixels(Image.open(path)), pixels(messages.picture(easel.sandbox, message))
        assert abs(again - shown).max() <= tolerance  # one alone rounds by other sums than four
