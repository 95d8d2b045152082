"""The real model through the real bot: the same request gives the same picture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.commands.render import render
from bot.commands.subject import Order
from bot.engine.local import LocalExecutor
from bot.sandbox import Sandbox
from bot.settings import Settings
from tests.kit import messages
from tests.kit.easel import Easel, SharedExecutor, running, settings_for
from tests.kit.scene import Scene

PROMPT = "a red apple on a blue background --q 0.5"
NUMBERS = (1, 2, 3, 4)


@pytest.fixture
async def easel(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> AsyncIterator[Easel]:
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)) as one:
        yield one


def tile(grid: Image.Image, number: int) -> np.ndarray:
    width, height = grid.width // 2, grid.height // 2
    left, top = (number - 1) % 2 * width, (number - 1) // 2 * height
    return np.asarray(grid.crop((left, top, left + width, top + height)), dtype=float)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square, of pictures shrunk to 16 × 16: composition rather than detail."""
    small = [
        np.asarray(Image.fromarray(each.astype("uint8")).resize((16, 16)), dtype=float)
        for each in (one, other)
    ]
    return float(np.sqrt(np.mean((small[0] - small[1]) ** 2)))


async def test_the_same_seed_gives_the_same_pixels_and_variations_stay_close(
    easel: Easel, mia: Scene
) -> None:
    sandbox = easel.sandbox
    first = await mia.imagine(f"{PROMPT} --seed 7")
    again = await mia.imagine(f"{PROMPT} --seed 7")
    varied = await mia.press(again, "V2")
    stranger = await mia.imagine("a green tree at night --q 0.5 --seed 8")
    grid = messages.picture(sandbox, first)
    assert grid.size == (256, 256)
    assert all(tile(grid, number).std() > 5 for number in NUMBERS)
    assert messages.same_pixels(grid, messages.picture(sandbox, again))
    job = await easel.core.service.drawing.job(messages.job_of(first))
    assert job is not None
    assert messages.recipe(sandbox, first) == job.recipe()
    source = tile(grid, 2)
    near = [tile(messages.picture(sandbox, varied), number) for number in NUMBERS]
    far = [tile(messages.picture(sandbox, stranger), number) for number in NUMBERS]
    assert not any(np.array_equal(source, each) for each in near)
    assert max(distance(source, each) for each in near) < min(
        distance(source, each) for each in far
    )


async def test_the_command_line_draws_the_bots_picture(
    easel: Easel,
    tmp_path: Path,
    diffusion_worker: LocalExecutor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    mia: Scene,
) -> None:
    sandbox = easel.sandbox
    text = f"{PROMPT} --seed 7 --ar 3:2"
    grid = await mia.imagine(text)
    single = await mia.press(grid, "U3")
    monkeypatch.setattr(
        "bot.commands.render.local_executor", lambda *_: SharedExecutor(diffusion_worker)
    )  # fmt: skip
    out = tmp_path / "out"
    assert await render(Settings(), Order(text, out=out)) == 0
    paths = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.parent for path in paths] == [out] * 5
    *singles, whole = paths
    drawn = Image.open(whole).convert("RGB")
    assert messages.same_pixels(drawn, messages.picture(sandbox, grid))
    third = Image.open(singles[2]).convert("RGB")
    assert messages.same_pixels(third, messages.picture(sandbox, single))
    assert np.array_equal(np.asarray(third, dtype=float), tile(messages.picture(sandbox, grid), 3))
