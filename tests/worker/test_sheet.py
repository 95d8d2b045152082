"""One picture of many, with captions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import imaging
from bot.worker import sheet

SIDE = 40


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A red, a green and a wide blue one."""
    made = {}
    for colour, size in (("red", (8, 8)), ("lime", (8, 8)), ("blue", (16, 8))):
        path = tmp_path / f"{colour}.webp"
        path.write_bytes(imaging.encode_tile(Image.new("RGB", size, colour)))
        made[colour] = str(path)
    return made


def order(*cells: tuple[str, list[list[str] | None]], columns: int = 2) -> dict[str, Any]:
    shown = [{"caption": caption, "pictures": pictures} for caption, pictures in cells]
    return {"cells": shown, "columns": columns, "side": SIDE}


def test_every_picture_has_its_place(files: dict[str, str]) -> None:
    red, lime, blue = ([files[name]] for name in ("red", "lime", "blue"))
    made = sheet.sheet(order(("a", [red]), ("b", [lime]), ("c", [blue])))
    assert made.size == (2 * 56 + 16, 2 * (SIDE + sheet.BAND) + 16)
    assert made.getpixel((36, 36)) == (255, 0, 0)
    assert made.getpixel((92, 36)) == (0, 255, 0)
    below = SIDE + sheet.BAND
    assert made.getpixel((36, 36 + below)) == (0, 0, 255)
    assert made.getpixel((36, 18 + below)) == (43, 45, 49)  # a wide one is not stretched


def test_pairs_and_grids(files: dict[str, str]) -> None:
    grid = [files["red"], files["lime"], files["lime"], files["red"]]
    made = sheet.sheet(order(("--chaos 80", [[files["red"]], grid]), columns=1))
    assert made.size == (2 * SIDE + 4 + 32, SIDE + sheet.BAND + 16)
    assert made.getpixel((20, 20)) == (255, 0, 0)
    assert made.getpixel((16 + SIDE + 4 + 5, 21)) == (255, 0, 0)
    assert made.getpixel((16 + SIDE + 4 + 35, 21)) == (0, 255, 0)


def test_what_is_not_there_is_grey_and_named(files: dict[str, str]) -> None:
    made = sheet.sheet(order(("a", [None]), ("b", [[]]), ("c", [[files["red"]], None])))
    assert made.getpixel((24, 24)) == (58, 60, 66)
    band = made.crop((0, SIDE + 16, 56, SIDE + 16 + sheet.BAND))
    assert band.convert("L").getextrema()[1] > 150  # type: ignore[operator]


def test_with_words_for_it_nothing_that_is_gone_is_an_error(
    files: dict[str, str], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.webp"
    damaged.write_bytes(b"damaged")
    gone = [[str(tmp_path / "gone.webp")], [str(damaged)], [], [files["red"], str(damaged)]]
    cells = [("1", [[files["red"]]]), *((str(n), [paths]) for n, paths in enumerate(gone, 2))]
    made = sheet.sheet(order(*cells, columns=5) | {"blank": "cleared away", "side": 160})
    assert made.getpixel((20, 20)) == (255, 0, 0)
    for place in range(1, 5):
        left = 16 + place * 176
        shown = made.crop((left, 16, left + 160, 176))
        assert shown.getpixel((2, 2)) == (58, 60, 66)
        words = shown.crop((20, 60, 140, 100)).convert("L")
        assert words.getextrema()[1] > 150  # type: ignore[operator]


def test_large_pictures_are_made_small(tmp_path: Path) -> None:
    paths = []
    for number, colour in enumerate(("red", "lime", "blue", "white")):
        path = tmp_path / f"{number}.webp"
        path.write_bytes(imaging.encode_tile(Image.new("RGB", (300, 200), colour)))
        paths.append(str(path))
    made = sheet.sheet(order(("a", [paths]), columns=1))
    upper, lower = 16 + SIDE // 2 - 5, 16 + SIDE // 2 + 5
    assert [made.getpixel(at) for at in ((20, upper), (50, upper), (20, lower), (50, lower))] == [
        (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255),
    ]  # fmt: skip


def test_a_long_caption_gets_small_letters(files: dict[str, str]) -> None:
    wide = {
        "cells": [{"caption": "m" * 14, "pictures": [[files["red"]]]}],
        "columns": 1,
        "side": 192,
    }
    made = sheet.sheet(wide)
    column = [made.getpixel((x, 192 + 16 + sheet.BAND // 2)) for x in range(4)]
    assert set(column) == {(43, 45, 49)}


def test_the_file_is_whole_or_not_there(files: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "made.webp"
    ordered = order(("a", [[files["red"]]])) | {"target": str(target)}
    assert sheet.run(ordered) == {}
    with Image.open(target) as image:
        assert image.format == "WEBP"
    Path(files["red"]).write_bytes(b"damaged")
    target.unlink()
    assert "no picture" in sheet.run(ordered)["error"]
    Path(files["red"]).unlink()
    assert "red.webp" in sheet.run(ordered)["error"]
    assert not target.exists()
    assert not list(tmp_path.glob("*.partial"))
