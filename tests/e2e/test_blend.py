"""/blend: pictures that are made of other pictures, without a word."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.domain.inputs import SOURCE
from bot.engine.local import LocalExecutor
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, SharedExecutor, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def uploaded(person: Scene, name: str, colour: str) -> str:
    made = io.BytesIO()
    Image.new("RGB", (96, 96), colour).save(made, "PNG")
    return (await person.person.upload(f"{name}.png", made.getvalue(), "image/png"))["id"]


async def blended(person: Scene, **given: str) -> Message:
    known = {each["id"] for each in person.results()}
    await (await person.slash("blend", **given)).ack()
    return await person.new_result(known)


@pytest.mark.parametrize(
    ("dimensions", "wide"), [("Portrait", 2 / 3), ("Landscape", 3 / 2), (None, 1.0)]
)
async def test_two_to_five_pictures_in_the_wanted_shape(
    easel: Easel, mia: Scene, dimensions: str | None, wide: float
) -> None:
    given = {
        f"image{number}": await uploaded(mia, f"picture{number}", colour)
        for number, colour in enumerate(("red", "blue", "green", "white", "black"), 1)
    }
    grid = await blended(mia, **given, **({"dimensions": dimensions} if dimensions else {}))
    width, height = messages.picture(easel.sandbox, grid).size
    assert width / height == pytest.approx(wide, abs=0.12)
    recipe = messages.recipe(easel.sandbox, grid)
    assert recipe["prompt"]["text"] == ""
    assert len(recipe["prompt"]["images"]) == 5
    [source] = recipe["inputs"]
    assert source["role"] == SOURCE
    again = await mia.press(grid, "🔄")
    assert messages.recipe(easel.sandbox, again)["inputs"] == recipe["inputs"]


@pytest.mark.slow
async def test_a_blend_of_red_and_blue_has_something_of_both(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> None:
    mia = Scene(sandbox, "Mia")
    async with running(sandbox, settings_for(sandbox, tmp_path), SharedExecutor(diffusion_worker)):
        red, blue = [await uploaded(mia, name, name) for name in ("red", "blue")]
        seen = {
            name: colour(sandbox, await blended(mia, image1=one, image2=other))
            for name, one, other in (
                ("red", red, red), ("both", red, blue), ("blue", blue, blue),
            )
        }  # fmt: skip
    assert seen["red"][0] > seen["both"][0] + 0.05
    assert seen["both"][0] > seen["blue"][0] + 0.05
    assert seen["blue"][2] > seen["both"][2] + 0.05
    assert seen["both"][2] > seen["red"][2] + 0.05


def colour(sandbox: Sandbox, grid: Message) -> np.ndarray:
    return np.asarray(messages.picture(sandbox, grid).convert("RGB")).mean((0, 1)) / 255


async def test_one_picture_twice_is_no_mistake_and_a_broken_one_is(
    easel: Easel, mia: Scene
) -> None:  # fmt: skip
    red = await uploaded(mia, "red", "red")
    await blended(mia, image1=red, image2=red)
    broken = (await mia.person.upload("cat.png", b"no picture", "image/png"))["id"]
    text = await mia.refused(await mia.slash("blend", image1=red, image2=broken))
    assert "This is no picture that can be read" in text
    assert len(books.states(easel.settings.data_dir)) == 1
