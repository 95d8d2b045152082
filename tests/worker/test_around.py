"""Drawing around a picture: on families of every kind, and as the embedded model does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from PIL import Image

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.domain.framing import Bounds, Frame, Framed, Side, panned, squared, zoomed_out
from bot.domain.size import Size
from bot.engine.local import LocalExecutor
from bot.worker.drawing import CalledRun
from bot.worker.families.binned import BinnedFamily
from bot.worker.model import Model
from tests.kit import flows
from tests.kit.pipelines import card, stable_diffusion, stable_diffusion_xl, unet
from tests.kit.runs import (
    COMPANY,
    EXACT,
    PARTLY,
    SOURCE,
    Heard,
    alone,
    begun,
    drawn_together,
    each_once,
    far,
    finished,
)  # fmt: skip
from tests.kit.seams import jump, jumps_inside
from tests.kit.workers import attempt, draw, free_worker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
MAKERS: dict[str, Callable[[], Any]] = {
    "sd": stable_diffusion,
    "sd of nine channels": lambda: stable_diffusion(unet=unet(in_channels=9)),
    "sdxl": stable_diffusion_xl,
    "sd3": flows.stable_diffusion_3,
    "flux": flows.flux,
    "klein": flows.flux_2_klein,
    "qwen": flows.qwen_image,
    "z": flows.z_image,
    "sigma": lambda: flows.pixart("Sigma"),
    "sana": flows.sana,
}
OLD = imaging.decode(SOURCE)
ZOOM: Framed = zoomed_out(Size(64, 64), 2)
PAN: Framed = panned(Size(64, 64), Side.LEFT, Bounds(32, 128 * 64))


def framed(how: Framed, data: bytes = SOURCE, **more: Any) -> dict[str, Any]:
    """What an attempt says that draws around a picture."""
    size, frame = how
    where = [frame.left, frame.top, frame.width, frame.height]
    return {
        "width": size.width, "height": size.height, "frame": where, "source": "hash",
        "inputs": {"hash": data}, "strength": 0.7, "steps": 3, **more,
    }  # fmt: skip


def kept(how: Framed, old: Image.Image = OLD) -> tuple[tuple[int, int, int, int], Image.Image]:
    """The box of the old picture in the new one, and what has to be in it."""
    size, frame = how
    box, (x, y) = frame.within(*size.sides), (frame.left, frame.top)
    old = old.resize((frame.width, frame.height), Image.Resampling.LANCZOS)
    return box, old.crop((box[0] - x, box[1] - y, box[2] - x, box[3] - y))


@pytest.fixture(scope="module")
def made() -> Callable[[str], Model]:
    return each_once(MAKERS)


@pytest.mark.parametrize("name", MAKERS)
def test_every_family_keeps_the_old_pixels_and_draws_the_rest(
    made: Callable[[str], Model], name: str
) -> None:
    for how in (ZOOM, PAN) if made(name).family.cell < 16 else (PAN,):
        run = begun(made(name), guidance=4.0, indices=(0, 1), **framed(how))
        finished(run)
        box, old = kept(how)
        pictures = run.pictures()
        assert len({picture.tobytes() for picture in pictures}) == 2
        for picture in pictures:
            assert picture.size == how[0].sides
            assert picture.crop(box).tobytes() == old.tobytes()


def test_kinds_without_a_module_keep_them_as_well(made: Callable[[str], Model]) -> None:
    one = attempt(indices=(0,), **framed(ZOOM))
    run = CalledRun(made("sd"), one, Heard().emit, lambda: False)
    while not run.done:
        run.step_with([])
    box, old = kept(ZOOM)
    assert run.pictures()[0].crop(box).tobytes() == old.tobytes()


def test_what_is_new_starts_from_what_is_there(made: Callable[[str], Model]) -> None:
    """Less is left of it, the more of the schedule is drawn; a network that was taught to repair
    starts from noise, and sees the picture."""
    model = made("sd")
    whole, most = (begun(model, **framed(ZOOM, strength=share)).path for share in (1.0, 0.7))
    assert (len(whole.times), len(most.times)) == (3, 2)
    assert whole.kept is not None
    assert far(most.latents, whole.latents) > 0.01
    repairing = begun(made("sd of nine channels"), **framed(ZOOM)).path
    assert (len(repairing.times), repairing.kept) == (3, None)
    assert "beside" in repairing.conditions


@pytest.mark.parametrize("name", ["sd", "flux"])
def test_cells_that_hold_anything_old_are_kept(made: Callable[[str], Model], name: str) -> None:
    how = Size(64, 64), Frame(18, 16, 28, 32)
    path = begun(made(name), guidance=1.0, **framed(how)).path
    assert path.kept is not None
    mask = path.family.cells(path.kept.mask, path.size)[0, 0]
    cell = 64 // mask.shape[-1]
    expected = torch.ones_like(mask)
    expected[16 // cell : 48 // cell, 18 // cell : -(-46 // cell)] = 0
    assert torch.equal(mask, expected)


def test_drawing_around_a_picture_shares_steps(made: Callable[[str], Model]) -> None:
    model = made("sd")
    crowd: list[dict[str, Any]] = [framed(ZOOM), {"steps": 4, **PARTLY}, {"steps": 3}]
    solo = [alone(model, **changes) for changes in crowd]
    runs = [begun(model, str(index), **changes) for index, changes in enumerate(crowd)]
    drawn_together(runs, joins=(0, 1, 0))
    for run, own in zip(runs, solo, strict=True):
        assert far(finished(run), own) <= COMPANY


def test_a_picture_of_such_a_grid_is_the_same_alone(made: Callable[[str], Model]) -> None:
    grid = alone(made("sd"), **framed(PAN))
    assert far(alone(made("sd"), indices=(2,), **framed(PAN)), grid[2:3]) <= EXACT * 10


def test_a_frame_without_a_picture_or_beside_it_is_bad_input(made: Callable[[str], Model]) -> None:
    for changes, words in (
        ({"source": None}, "needs the picture that is in it"),
        ({"frame": [64, 0, 64, 64]}, "outside of the new one"),
        ({"inputs": {}}, "was not handed over"),
    ):
        with pytest.raises(RenderFailed, match=words) as caught:
            begun(made("sd"), **{**framed(ZOOM), **changes})
        assert caught.value.code == "bad_input"


GROWN = {
    "zoom": lambda size: zoomed_out(size, 2),
    "left": lambda size: panned(size, Side.LEFT, Bounds()),
    "right": lambda size: panned(size, Side.RIGHT, Bounds()),
    "up": lambda size: panned(size, Side.UP, Bounds()),
    "down": lambda size: panned(size, Side.DOWN, Bounds()),
    "on": lambda size: panned(size, Side.RIGHT, Bounds(8, size.pixels)),
}
WIDE = Size(96, 64)


async def drawn(
    studio: LocalExecutor, how: Framed | None = None, data: bytes = b"", **changes: Any
) -> bytes:
    """A picture by the embedded model in its worker."""
    asked = framed(how, data, strength=0.6, steps=6) if how else {
        "width": WIDE.width, "height": WIDE.height, "steps": 6,
    }  # fmt: skip
    one = attempt(indices=(0,), text="a red fox in the forest", **{**asked, **changes})
    return (await draw(studio, await free_worker(studio), one)).images[0]


@pytest.fixture(scope="module")
async def fox(studio: LocalExecutor) -> bytes:
    return await drawn(studio)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [*GROWN, "square"])
async def test_no_seam_shows_around_what_the_embedded_model_drew(
    studio: LocalExecutor, fox: bytes, name: str
) -> None:
    how = squared(WIDE, Bounds()) if name == "square" else GROWN[name](WIDE)
    picture = imaging.decode(await drawn(studio, how, fox))
    box, old = kept(how, imaging.decode(fox))
    assert picture.size == how[0].sides
    assert picture.crop(box).tobytes() == old.tobytes()
    mean, highest = jumps_inside(picture, box)
    assert jump(picture, box) <= min(highest, 2 * mean)


@pytest.mark.timeout(300)
async def test_the_same_pixels_come_again(studio: LocalExecutor, fox: bytes) -> None:
    how = zoomed_out(WIDE, 1.5)
    first, again = [await drawn(studio, how, fox) for _ in range(2)]
    assert first == again
    other = await drawn(studio, how, fox, seeds=[1, 2, 3, 4])
    assert other != first


def test_what_is_drawn_in_trained_shapes_keeps_the_old_picture_where_it_is() -> None:
    """It is encoded in another shape, and is not cut on the way back."""
    family = Model(flows.pixart("Sigma"), card("sigma"), torch.float32).family
    assert isinstance(family, BinnedFamily)
    family._shapes = {"0.5": [32.0, 64.0], "1.0": [64.0, 64.0]}
    size = 96, 64
    family.decoded = lambda cells: torch.nn.functional.interpolate(cells[:, :3], scale_factor=8)
    shown = family.shaped(size)
    latents = torch.zeros(1, 4, shown[1] // 8, shown[0] // 8)
    latents[..., 0] = 1.0
    whole, cut = (family.decode(latents, size, False, kind) for kind in (True, False))
    assert whole.shape == cut.shape == (1, 3, 64, 96)
    assert whole[0, 0, 0, 0] == 1.0
    assert whole[0, 0, 32].sum() > cut[0, 0, 32].sum()
