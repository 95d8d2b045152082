"""The embedded model asked by the bot's own requests: how close `--iw` stays to a picture, and the
colours of `--sref`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from bot import imaging
from bot.engine.local import LocalExecutor
from bot.engine.seam import Attempt
from bot.models.cards import EMBEDDED_CARD
from bot.service import references, requests
from bot.service.sight import Seen
from bot.worker.palette import palette_of
from bot.worker.view import view
from tests.kit.workers import draw, free_worker

pytestmark = pytest.mark.timeout(300)
CAT = "https://cdn.discordapp.com/cat.png"
STARTING_S = 240


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """Orange above blue, with a disc."""
    height, width = np.mgrid[0:128, 0:128]
    pixels = np.where(height[..., None] < 64, (230, 140, 30), (20, 40, 150))
    pixels = np.where(((height - 64) ** 2 + (width - 64) ** 2 < 900)[..., None], 250, pixels)
    return Image.fromarray(pixels.astype(np.uint8))


async def drawn(
    studio: LocalExecutor, folder: Path, picture: Image.Image, text: str
) -> Image.Image:
    """The first picture of a prompt, for which the linked one was looked at."""
    (folder / "sent").write_bytes(imaging.encode_tile(picture))
    order = {
        "pictures": [[str(folder / "sent"), 1.0]],
        "size": None,
        "target": str(folder / "made"),
    }
    palette = tuple(view(order)["palette"])
    data = (folder / "made").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    made = requests.imagine(EMBEDDED_CARD, text)
    request, blend, _ = references.pictured(EMBEDDED_CARD, made, {CAT: Seen(digest, palette)})
    if blend:
        request = requests.started(EMBEDDED_CARD, request, digest)
    worker = await free_worker(studio, STARTING_S)
    attempt = Attempt("job", 1, "embedded", (0,), request.wire(), {digest: data})
    return imaging.decode((await draw(studio, worker, attempt)).images[0])


def far(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of the channels, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


async def test_the_more_a_picture_weighs_the_closer_the_drawing_stays(
    studio: LocalExecutor, tmp_path: Path, picture: Image.Image
) -> None:
    away = [
        far(await drawn(studio, tmp_path, picture, f"{CAT} a cat --seed 5 --iw {iw}"), picture)
        for iw in (0, 0.5, 1, 2)
    ]
    assert away == sorted(away, reverse=True)
    assert away[-1] < 0.8 * away[0]


@pytest.mark.slow
async def test_a_style_brings_its_colours_by_its_weight(
    studio: LocalExecutor, tmp_path: Path, picture: Image.Image
) -> None:
    wanted = palette_of(picture)
    away = []
    for sw in (0, 100, 1000):
        text = f"a cat --seed 5 --sref {CAT} --sw {sw}"
        there = palette_of(await drawn(studio, tmp_path, picture, text))
        away.append(float(np.abs(np.subtract(there, wanted)).sum()))
    assert away == sorted(away, reverse=True)
    assert away[-1] < 0.5 * away[0]
