"""An old picture inside a new one: its pixels stay, and no seam shows."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from bot.domain.framing import Frame
from bot.worker.surroundings import Surroundings
from tests.kit.seams import jump, jumps_inside, pixels

OLD = Image.merge(
    "RGB",
    [
        Image.linear_gradient("L").resize((64, 48)),
        Image.radial_gradient("L").resize((64, 48)),
        Image.linear_gradient("L").rotate(90).resize((64, 48)),
    ],
).point(lambda value: 50 + value // 2)
FRAMES = {
    "the middle": (Frame(16, 12, 32, 24), (64, 48)),
    "a side": (Frame(32, 0, 64, 48), (96, 48)),
    "below": (Frame(0, 0, 64, 48), (64, 72)),
    "a part": (Frame(-32, 0, 64, 48), (64, 48)),
    "a square": (Frame(0, 8, 64, 48), (64, 64)),
}


def noise(size: tuple[int, int], seed: int = 1) -> Image.Image:
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def kept(frame: Frame, size: tuple[int, int]) -> tuple[tuple[int, int, int, int], Image.Image]:
    """The box of the old picture in the new one, and what has to be in it."""
    box = frame.within(*size)
    old = OLD.resize((frame.width, frame.height), Image.Resampling.LANCZOS)
    x, y = frame.left, frame.top
    return box, old.crop((box[0] - x, box[1] - y, box[2] - x, box[3] - y))


@pytest.mark.parametrize("name", FRAMES)
def test_the_old_pixels_are_the_same_whatever_is_drawn(name: str) -> None:
    frame, size = FRAMES[name]
    box, old = kept(frame, size)
    around = Surroundings.of(OLD, frame, size)
    for picture in (around.canvas, around.joined(noise(size))):
        assert picture.size == size
        assert picture.crop(box).tobytes() == old.tobytes()


def test_what_is_new_starts_from_the_colours_of_the_edge() -> None:
    frame, size = FRAMES["a side"]
    canvas = pixels(Surroundings.of(OLD, frame, size).canvas)
    edge = pixels(OLD)[:, 0]
    assert abs(canvas[:, 31] - edge).max() <= 1
    assert abs(canvas[:, :8].mean(0) - edge.mean(0)).max() < 8
    assert np.ptp(canvas[:, 0], axis=0).max() < np.ptp(edge, axis=0).max()  # and is softer there


@pytest.mark.parametrize("name", FRAMES)
def test_where_the_whole_was_drawn_in_other_colours_no_seam_shows(name: str) -> None:
    """As by an autoencoder: everything is a little darker, redder and coarser than it was."""
    frame, size = FRAMES[name]
    around = Surroundings.of(OLD, frame, size)
    shift = np.array([-6.0, -30.0, -30.0])
    grain = np.random.default_rng(2).normal(0, 3, (size[1], size[0], 3))
    drawn = pixels(around.canvas) + shift + grain
    drawn = Image.fromarray(drawn.clip(0, 255).round().astype(np.uint8))
    pasted = Image.composite(drawn, around.canvas, around.mask())
    assert jump(pasted, around.box) > 15
    joined = around.joined(drawn)
    assert jump(joined, around.box) <= jumps_inside(drawn, (0, 0, *size))[1]


def test_far_from_the_old_picture_everything_is_as_it_was_drawn() -> None:
    size = (192, 64)
    around = Surroundings.of(OLD.resize((64, 64)), Frame(0, 0, 64, 64), size)
    drawn = noise(size)
    assert pixels(around.joined(drawn))[:, 64 + 17 :].tolist() == pixels(drawn)[:, 81:].tolist()
    assert around.joined(drawn).tobytes() != drawn.tobytes()


def test_a_picture_that_fills_its_frame_is_as_it_was() -> None:
    around = Surroundings.of(OLD, Frame(0, 0, 64, 48), (64, 48))
    assert around.canvas.tobytes() == around.joined(noise((64, 48))).tobytes() == OLD.tobytes()


def test_a_cell_is_drawn_where_it_holds_nothing_old() -> None:
    around = Surroundings.of(OLD, Frame(13, 8, 32, 24), (64, 48))
    exact, cells = (np.asarray(around.mask(cell)) for cell in (1, 8))
    assert [(exact == 0).sum(), (cells == 0).sum()] == [32 * 24, 40 * 24]
    assert exact[8, 13] == exact[31, 44] == 0
    assert exact[8, 12] == exact[32, 44] == 255
    assert not cells[8:32, 8:48].any()
    whole = cells.reshape(6, 8, 8, 8).transpose(0, 2, 1, 3).reshape(48, 64)
    assert all(len(set(cell.tolist())) == 1 for cell in whole)


@pytest.mark.parametrize("frame", [Frame(64, 0, 64, 48), Frame(0, -48, 64, 48)])
def test_a_frame_beside_the_picture_is_refused(frame: Frame) -> None:
    with pytest.raises(ValueError, match="outside of the new one"):
        Surroundings.of(OLD, frame, (64, 48))
