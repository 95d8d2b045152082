"""Masks that people send, fields, and places that a model says, as one mask each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot import imaging
from bot.worker import masks
from tests.kit import masks as kit

LEFT = [[1.0, 0.1, 0.0, 0.0]] * 4


def made(folder: Path, name: str = "made") -> Any:
    """True where the mask that was written is white; it is black elsewhere."""
    grey = np.asarray(imaging.decode((folder / name).read_bytes()).convert("L"))
    assert set(np.unique(grey)) <= {0, 255}
    return grey == 255


def region(folder: Path, data: bytes = b"", **more: Any) -> dict[str, Any]:
    (folder / "mask").write_bytes(data)
    order = {
        "picture": str(folder / "mask") if data else "", "fields": [], "grid": None, "thing": "`x`",
        "size": [96, 48], "target": str(folder / "made"),
    }  # fmt: skip
    return masks.region(order | more)


def part(folder: Path, picture: bytes, mask: bytes = b"", **more: Any) -> dict[str, Any]:
    (folder / "picture").write_bytes(picture)
    (folder / "mask").write_bytes(mask)
    order = {
        "picture": str(folder / "picture"), "mask": str(folder / "mask") if mask else "",
        "native": 64, "bounds": [8, 96**2], "size": None,
        "target": str(folder / "source"), "masked": str(folder / "made"),
    }  # fmt: skip
    return masks.part(order | more)


def test_white_or_transparent_is_what_is_drawn_anew(tmp_path: Path) -> None:
    box = (0, 0, 48, 24)
    grey = Image.new("RGB", (96, 48), "grey")
    # Where something is transparent, colours say nothing, as DALL·E's masks are cut pictures; but
    # who paints on a layer of nothing, as editors have it, paints white alone.
    layer = Image.new("RGBA", (96, 48))
    layer.paste("white", box)
    cut = kit.holed(Image.new("RGB", (96, 48), "khaki"), box)
    for data in (kit.white(box, (96, 48)), cut, kit.png(layer)):
        assert region(tmp_path, data) == {}
        assert (made(tmp_path) == kit.inside([box], (96, 48))).all()
    half = grey.convert("RGBA")
    half.putalpha(200)
    assert region(tmp_path, kit.png(half))  # not transparent, and just light enough: everything
    assert "error" in region(tmp_path, kit.png(half))


def test_a_mask_of_another_size_is_resized(tmp_path: Path) -> None:
    assert region(tmp_path, kit.white((0, 0, 10, 10), (20, 20))) == {}
    assert (made(tmp_path) != kit.inside([(0, 0, 48, 24)], (96, 48))).mean() < 0.03


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 2, 2)])
def test_a_mask_of_nothing_is_said(tmp_path: Path, box: kit.Box) -> None:
    assert region(tmp_path, kit.white(box, (96, 48))) == {"error": masks.NOTHING}


def test_a_mask_of_everything_is_said(tmp_path: Path) -> None:
    assert region(tmp_path, kit.white((0, 0, 96, 48), (96, 48))) == {"error": masks.EVERYTHING}
    assert region(tmp_path, fields=list(range(1, 10))) == {"error": masks.EVERYTHING}
    assert "no picture" in region(tmp_path, b"nothing of the kind")["error"]


def test_fields_are_counted_by_rows_and_add_up_with_a_mask(tmp_path: Path) -> None:
    boxes = {1: (0, 0, 32, 16), 6: (64, 16, 96, 32), 8: (32, 32, 64, 48)}
    for number, box in boxes.items():
        assert region(tmp_path, fields=[number]) == {}
        assert (made(tmp_path) == kit.inside([box], (96, 48))).all()
    whole = (0, 32, 32, 48)
    assert region(tmp_path, kit.white(whole, (96, 48)), fields=[1, 6]) == {}
    assert (made(tmp_path) == kit.inside([boxes[1], boxes[6], whole], (96, 48))).all()


def test_a_place_is_where_most_of_a_thing_is_and_a_little_around(tmp_path: Path) -> None:
    assert region(tmp_path, grid=LEFT) == {}
    there = made(tmp_path)
    assert there[:, :18].all()
    assert not there[:, 48:].any()
    flat = region(tmp_path, grid=[[1.0] * 7 + [0.0]] * 8, thing="`fog`")
    assert "sees `fog` nowhere in particular" in flat.get("error", "")


def test_values_are_parted_where_they_differ() -> None:
    assert 0.2 < masks.parting(np.array([0.0, 0.1, 0.2, 0.8, 0.9, 1.0])) < 0.8
    assert masks.parting(np.array([0.0, 1.0, 1.0, 1.0])) == pytest.approx(0.5)


def test_an_upload_is_cut_with_its_mask(tmp_path: Path) -> None:
    """Both by the same middle; 130 × 70 is too large, and drawn in less."""
    picture = Image.new("RGB", (130, 70), "navy")
    picture.paste((255, 0, 0), (0, 0, 65, 70))
    told = part(tmp_path, kit.png(picture), kit.white((0, 0, 65, 70), (130, 70)))
    source = np.asarray(imaging.decode((tmp_path / "source").read_bytes()))
    assert told["size"] == [source.shape[1], source.shape[0]] == [88, 48]
    assert ((source[..., 0] > 127) == made(tmp_path)).mean() > 0.97


def test_what_of_an_upload_is_transparent_is_its_mask(tmp_path: Path) -> None:
    box = (8, 8, 40, 56)
    picture = Image.new("RGB", (64, 64), "navy")
    assert part(tmp_path, kit.holed(picture, box))["size"] == [64, 64]
    assert (made(tmp_path) == kit.inside([box], (64, 64))).all()
    assert part(tmp_path, kit.png(picture)) == {"error": masks.CLEAR}
    whole = part(tmp_path, kit.png(picture), masked=None, size=[32, 48])
    assert whole["size"] == [32, 48]
    assert imaging.decode((tmp_path / "source").read_bytes()).size == (32, 48)
