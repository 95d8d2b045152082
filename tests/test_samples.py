"""The README shows a sample of everything that can be done with a picture."""

from __future__ import annotations

import pytest
from PIL import Image

from tests import pictures

LARGEST = 300_000
"""Bytes of a sample: a reader loads all of them."""


def test_the_table_is_that_of_the_actions() -> None:
    text = (pictures.ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rest = text.partition(pictures.MARKS[0])
    assert rest.partition(pictures.MARKS[1])[0] == pictures.table()


@pytest.mark.parametrize("name", [name for name, _ in pictures.samples()])
def test_each_sample_is_there_and_small(name: str) -> None:
    path = pictures.ROOT / pictures.FOLDER / f"{name}.webp"
    assert path.stat().st_size <= LARGEST
    with Image.open(path) as sample:
        sample.load()
        assert min(sample.size) >= 64


def test_there_are_no_others() -> None:
    drawn = {f"{name}.webp" for name, _ in pictures.samples()}
    assert {path.name for path in (pictures.ROOT / pictures.FOLDER).iterdir()} == drawn
