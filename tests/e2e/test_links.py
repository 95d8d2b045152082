"""Pictures into /imagine: uploaded with the command, and linked to, through the sandbox's files."""

from __future__ import annotations

import io

from PIL import Image

from bot import imaging
from bot.domain.inputs import SOURCE
from bot.domain.request import PALETTE
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.scene import Scene


def png(colour: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(made, "PNG")
    return made.getvalue()


def literal(content: str) -> str:
    return content.replace("\\", "")


def said(scene: Scene) -> str:
    """What only they are told."""
    return "\n".join(map(messages.text_of, scene.private()))


async def test_uploads_are_what_a_drawing_is_made_from(easel: Easel, mia: Scene) -> None:
    red, blue = [
        (await mia.person.upload(f"{name}.png", png(name), "image/png"))["id"]
        for name in ("red", "blue")
    ]
    grid = await mia.imagine("a fox --seed 7", image1=red, style=blue)
    assert "/…/red.png a fox --seed 7" in literal(grid["content"])
    assert "hm=" not in grid["content"]
    recipe = messages.recipe(easel.sandbox, grid)
    (source,) = recipe["inputs"]
    assert source["role"] == SOURCE
    assert [round(each) for each in recipe["extra"][PALETTE][:3]] == [0, 0, 1]
    data = await easel.core.parts.blobs.read(source["digest"])
    assert data is not None
    assert imaging.decode(data).getpixel((5, 5)) == (255, 0, 0)
    assert "The drawing starts from the picture" in said(mia)
    assert "`--sref` gives its colours" in said(mia)
    again = await mia.press(grid, "🔄")
    assert messages.recipe(easel.sandbox, again)["inputs"] == recipe["inputs"]


async def test_a_link_to_a_posted_picture_is_followed(easel: Easel, mia: Scene) -> None:
    first = await mia.imagine("a fox --seed 7")
    link = first["attachments"][0]["url"]
    second = await mia.imagine(f"{link} a cat --iw 2")
    recipe = messages.recipe(easel.sandbox, second)
    assert (recipe["sampling"]["strength"], len(recipe["inputs"])) == (0.5, 1)
    assert second["embeds"] == []


async def test_what_cannot_be_fetched_is_refused_privately(easel: Easel, mia: Scene) -> None:
    broken = (await mia.person.upload("cat.png", b"no picture", "image/png"))["id"]
    text = await mia.refused(await mia.slash("imagine", prompt="a fox", image1=broken))
    assert "Invalid link" in text
    assert "This is no picture that can be read" in text
    for link, words in (
        (f"{easel.sandbox.url}/api/v10/users/@me", "is to no place"),
        ("https://169.254.169.254/latest/cat.png", "is to no place"),
        (f"{easel.sandbox.url}/cdn/attachments/1/2/cat.png", "is not there any more"),
    ):
        text = await mia.refused(await mia.slash("imagine", prompt=f"{link} a fox"))
        assert words in text
    assert books.states(easel.settings.data_dir) == []


async def test_random_looks_are_said_and_stay(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox --sref random")
    (number,) = dict(messages.recipe(easel.sandbox, grid)["prompt"]["options"])["sref"]
    assert f"--sref {number}" in grid["content"]
    assert f"drew {number}" in said(mia)
    again = await mia.press(grid, "🔄")
    assert f"--sref {number}" in again["content"]
