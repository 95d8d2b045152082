"""Training pictures: repeatable, complete, and different where they should differ."""

from __future__ import annotations

import colorsys
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("PIL")

from bot.training.captions import Idea
from bot.training.data import Course, draw_ideas, read_examples, write_chunks
from bot.training.pictures import picture, picture_and_cover
from bot.training.sprites import FontMissing, sprite, tinted
from bot.training.vocabulary import COLOURS, LAYOUTS, SCENES, STYLES, THINGS
from bot.training.workplace import Workplace, load_tensors, save_tensors

LOUNGE = Idea(("astronaut", "sun lounger", "cocktail"), "lounge", "desert")


def _font_is_here() -> bool:
    try:
        sprite("cat")
    except FontMissing:
        return False
    return True


pytestmark = pytest.mark.skipif(not _font_is_here(), reason="needs fonts-noto-color-emoji and raqm")


@pytest.mark.parametrize("style", STYLES)
def test_a_seed_repeats_a_picture_and_another_changes_it(style: str) -> None:
    idea = Idea(("fox",), scene="forest", style=style)
    first, again, other = picture(idea, 1), picture(idea, 1), picture(idea, 2)
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_styles_look_unlike_each_other() -> None:
    drawn = [
        picture(Idea(("fox",), scene="forest", style=style), 1).astype(int) for style in STYLES
    ]
    for place, one in enumerate(drawn):
        for other in drawn[:place]:
            assert np.abs(one - other).mean() > 5


def test_pixel_art_is_made_of_squares_of_four() -> None:
    drawn = picture(Idea(("cat",), scene="city", style="pixel art"), 1)
    assert np.array_equal(drawn[::4, ::4].repeat(4, 0).repeat(4, 1), drawn)


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_can_be_drawn(scene: str) -> None:
    assert picture(Idea(("star",), scene=scene), 3).std() > 5


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_can_be_drawn(layout: str) -> None:
    objects = {"single": 1, "two": 1, "three": 1, "lounge": 3}.get(layout, 2)
    idea = Idea(("cat", "star", "cocktail")[:objects], layout)
    if layout == "lounge":
        idea = LOUNGE
    assert picture(idea, 3).std() > 5


def test_every_object_has_a_picture_of_its_own() -> None:
    seen = {sprite(thing.name).tobytes() for thing in THINGS}
    assert len(seen) == len(THINGS)


@pytest.mark.parametrize("name", ["cat", "panda", "skull", "rocket"])
def test_a_tinted_object_has_the_hue_that_was_asked_for(name: str) -> None:
    brightness = {}
    for colour, wanted in COLOURS.items():
        pixels = np.asarray(tinted(name, colour), float)
        assert np.array_equal(pixels[..., 3], np.asarray(sprite(name))[..., 3])
        shown = np.median(pixels[pixels[..., 3] > 200][:, :3], 0) / 255
        hue, saturation, brightness[colour] = colorsys.rgb_to_hsv(*shown)
        if colour in ("black", "white", "grey"):
            assert saturation < 0.25
        else:
            away = abs(hue - colorsys.rgb_to_hsv(*(part / 255 for part in wanted))[0])
            assert min(away, 1 - away) < 0.05, colour
    assert brightness["black"] < brightness["grey"] < brightness["white"]


def test_a_tint_changes_the_object_and_not_what_is_behind_it() -> None:
    plain, red = (picture(Idea(("cat",), scene="city", tint=tint), 4) for tint in ("", "red"))
    assert np.array_equal(plain[:12], red[:12])
    assert np.abs(plain.astype(int) - red).mean() > 2


def test_a_chunk_always_holds_the_same_ideas() -> None:
    course = Course(20, known=5)
    assert draw_ideas(course, 3, 30) == draw_ideas(course, 3, 30)
    assert draw_ideas(course, 3, 30) != draw_ideas(course, 4, 30)


class HalvingEncoder(torch.nn.Module):
    """Stands in for the autoencoder: shrinks a picture to latents by averaging."""

    def __init__(self) -> None:
        super().__init__()
        self.one = torch.nn.Parameter(torch.ones(1))

    def encode(self, pixels: torch.Tensor):
        small = torch.nn.functional.avg_pool2d(pixels, 4)
        latents = torch.cat([small, small[:, :1]], 1) * self.one
        return type("Encoded", (), {"latents": latents})()


def test_the_cover_shows_where_objects_are() -> None:
    idea = Idea(("cat", "pizza"), "beside", colour="blue")
    _, cover = picture_and_cover(idea, 5)
    left, middle, right = (
        cover[:, part] > 128 for part in (slice(50), slice(58, 66), slice(70, 128))
    )
    assert left.any()
    assert right.any()
    assert middle.mean() < left.mean() / 2
    assert not cover[:8].any(), "nothing hangs at the top"


def test_chunks_are_drawn_once_and_filtered_by_object(tmp_path: Path) -> None:
    place, said = Workplace(tmp_path), []
    for _ in range(2):
        write_chunks(place, Course(20), range(2), HalvingEncoder(), said.append, 12)  # type: ignore[arg-type]
    assert len(said) == 2, "the second time nothing was left to draw"
    every = read_examples(place, Course(20).names)
    assert every.latents.shape == (24, 4, 32, 32)
    assert every.cover.shape == (24, 1, 32, 32)
    assert len(every.ideas) == 24
    few = Course(10).names
    some = read_examples(place, few)
    assert 0 < len(some.latents) == len(some.cover) == len(some.ideas) < 24
    assert all(set(idea.objects) <= set(few) for idea in some.ideas)


def test_a_place_without_latents_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run `data`"):
        read_examples(Workplace(tmp_path), ("cat",))


def test_half_written_files_are_never_seen(tmp_path: Path) -> None:
    path = tmp_path / "kept.pt"
    save_tensors(path, {"a": torch.ones(2)})

    class Unsavable:
        def __reduce__(self):
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk is full"):
        save_tensors(path, {"a": Unsavable()})
    assert torch.equal(load_tensors(path)["a"], torch.ones(2))
