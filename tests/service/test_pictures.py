"""Picture files that are ready to be posted: stored ones, and those that are made again."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot import imaging
from bot.domain.delivery import UPLOAD_LIMIT
from bot.domain.errors import NotFound, StoreUnavailable
from bot.domain.infotext import user_comment
from bot.domain.job import Job
from bot.service.encoder import Encoder
from bot.service.metadata import with_recipe
from bot.service.pictures import Picture
from tests.kit.app import House
from tests.kit.beside import ERRANDS
from tests.kit.executor import ENGINE, colour
from tests.kit.values import a_request, from_file


async def single(house: House, grid: Job, number: int) -> Job:
    return (await house.upscale(grid.tile(number))).job


def bytes_of(picture: Picture) -> bytes:
    content = picture.content
    return content if isinstance(content, bytes) else content.read_bytes()


async def test_a_grid_that_was_not_composed_is_composed_now(house: House) -> None:
    job = await house.draw("A red fox, 日本! --seed 7 --no cats")
    found = await house.service.pictures.picture(job, UPLOAD_LIMIT)
    assert found.filename == f"easel_a-red-fox_{job.id}.webp"
    data = bytes_of(found)
    assert found.bytes == len(data)
    grid = imaging.decode(data)
    assert grid.size == (32, 32)
    corners = [(0, 0), (31, 0), (0, 31), (31, 31)]
    assert [grid.getpixel(at) for at in corners] == [colour(n) for n in job.request.seeds]
    recipe = imaging.read_recipe(data)
    assert recipe is not None
    assert (recipe["job"], recipe["seed"], recipe["negative"]) == (job.id, 7, "cats")
    assert recipe["engine"] == ENGINE


async def test_what_was_composed_is_posted_as_it_is_while_it_fits(house: House) -> None:
    job = await house.draw()
    await house.parts.files.uploads.keep(job.id, b"composed elsewhere", "jpg")
    found = await house.service.pictures.picture(job, UPLOAD_LIMIT)
    assert (found.content, found.filename[-4:]) == (b"composed elsewhere", ".jpg")
    await house.service.pictures.forget_upload(job)
    assert await house.parts.files.uploads.of(job.id) is None
    assert await house.parts.files.read(job.tile(1)) is not None


async def test_what_does_not_fit_is_made_smaller(house: House) -> None:
    job = await house.draw()
    await house.parts.files.uploads.keep(job.id, bytes(5000), "webp")
    found = await house.service.pictures.picture(job, 4000)
    assert found.bytes <= 4000
    assert isinstance(found.content, Path)
    assert imaging.decode(found.content.read_bytes()).size == (32, 32)
    assert [path.name for path in found.content.parent.iterdir() if "up" in path.name] == [
        found.content.name
    ]


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("a fox --seed 7", "a fox"), ("a fox", "a fox --seed {seed}"), ("日" * 1000, "{cut}")],
)
async def test_alternative_text_tells_the_seed_that_nobody_typed(
    house: House, prompt: str, words: str
) -> None:
    job = await house.draw(prompt)
    seed = f" --seed {job.request.seed}"
    found = await house.service.pictures.picture(job, UPLOAD_LIMIT)
    cut = "日" * (1000 - len(seed)) + seed
    assert found.description == words.format(seed=job.request.seed, cut=cut)


async def test_alternative_text_tells_no_seed_that_does_not_draw_it_again(house: House) -> None:
    job = await house.draw("a fox")
    from_upload = replace(job, request=from_file(job.request, "ab" * 32))
    found = await house.service.pictures.picture(from_upload, UPLOAD_LIMIT)
    assert found.description == "a fox"


async def test_one_tile_is_not_unpacked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = await house.draw("a fox --seed 7")
    taken = await single(house, grid, 4)
    monkeypatch.setattr(Encoder, "encode", None)
    found = await house.service.pictures.picture(taken, UPLOAD_LIMIT)
    data = bytes_of(found)
    assert imaging.decode(data).getpixel((3, 3)) == colour(grid.request.seed_of(3))
    recipe = imaging.read_recipe(data)
    assert recipe is not None
    assert (recipe["action"], recipe["job"]) == ("upscale", taken.id)
    assert recipe["engine"] == ENGINE


async def test_a_prompt_without_letters_has_a_file_name(house: House) -> None:
    job = await house.draw("日本 🦊")
    found = await house.service.pictures.picture(job, UPLOAD_LIMIT)
    assert found.filename == f"easel_picture_{job.id}.webp"


async def test_damaged_or_lost_files_are_explained(house: House) -> None:
    job = await house.draw()
    house.parts.files.path(job.tile(2)).write_bytes(b"rubbish")
    with pytest.raises(NotFound, match="picture"):
        await house.service.pictures.picture(job, UPLOAD_LIMIT)
    house.parts.files.path(job.tile(2)).unlink()
    with pytest.raises(NotFound, match="cleared away"):
        await house.service.pictures.picture(job, UPLOAD_LIMIT)
    assert not list(house.parts.files.folder(job.id).glob("*.partial"))


async def test_an_encoder_that_takes_too_long_is_ended(house: House, tmp_path: Path) -> None:
    job = await house.draw()
    tiles = [house.parts.files.path(job.tile(index)) for index in range(1, 5)]
    with pytest.raises(StoreUnavailable, match="too long"):
        await Encoder(ERRANDS, patience_s=0).encode(tiles, UPLOAD_LIMIT, {}, tmp_path / "made")


async def test_a_disk_in_trouble_is_no_fault_of_the_pictures(house: House, tmp_path: Path) -> None:
    job = await house.draw()
    tiles = [house.parts.files.path(job.tile(index)) for index in range(1, 5)]
    with pytest.raises(StoreUnavailable, match="encode failed"):
        await Encoder(ERRANDS).encode(tiles, UPLOAD_LIMIT, {}, tmp_path / "nowhere" / "made")


# A recipe in a file that is not unpacked


def encoded(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", **options)  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (17, 5), (300, 200)])
@pytest.mark.parametrize("prompt", ["a fox", "日本 🦊"])
def test_a_recipe_is_read_back_and_pixels_stay(size: tuple[int, int], prompt: str) -> None:
    image = Image.linear_gradient("L").convert("RGB").resize(size)
    whole = with_recipe(encoded(image, lossless=True), {"prompt": prompt})
    assert whole is not None
    assert imaging.read_recipe(whole) == {"prompt": prompt}
    assert imaging.decode(whole).tobytes() == image.tobytes()


def test_a_single_picture_holds_the_text_for_other_tools_beside_its_recipe() -> None:
    recipe = a_request("a „red“ fox 🦊 --no hats").recipe()
    whole = with_recipe(encoded(Image.new("RGB", (4, 4)), lossless=True), recipe)
    assert whole is not None
    assert imaging.read_recipe(whole) == json.loads(json.dumps(recipe))
    with Image.open(io.BytesIO(whole)) as opened:
        exif = opened.getexif()
    assert exif.get_ifd(0x8769) == {0x9286: user_comment(recipe)}
    assert exif[0x0131] == "Easel"


def test_a_recipe_that_is_too_long_is_left_out() -> None:
    whole = with_recipe(encoded(Image.new("RGB", (4, 4)), lossless=True), {"prompt": "a" * 70_000})
    assert whole is not None
    assert imaging.read_recipe(whole) is None
    assert imaging.decode(whole).size == (4, 4)


@pytest.mark.parametrize(
    "data",
    [b"", b"rubbish" * 9, encoded(Image.new("RGB", (4, 4)), quality=50)],
    ids=["nothing", "rubbish", "lossy"],
)
def test_what_is_no_lossless_picture_is_left_to_an_encoder(data: bytes) -> None:
    assert with_recipe(data, {}) is None
