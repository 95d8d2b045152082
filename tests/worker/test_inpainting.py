"""Drawing a part of a picture anew, with networks that were trained for it and with others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from PIL import Image, ImageChops

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.worker.drawing import CalledRun
from bot.worker.model import Model
from bot.worker.pieces import Pieces
from tests.kit.pipelines import card, library, stable_diffusion, stable_diffusion_xl, unet
from tests.kit.runs import (
    COMPANY,
    EXACT,
    MASK,
    PARTLY,
    SOURCE,
    VARIED,
    Heard,
    alone,
    begun,
    by_pipeline,
    drawn_together,
    each_once,
    far,
    finished,
)  # fmt: skip
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
NINE = {"in_channels": 9}
MAKERS: dict[str, Callable[[], Any]] = {
    "sd": stable_diffusion,
    "sd of nine channels": lambda: stable_diffusion(unet=unet(**NINE)),
    "sdxl": stable_diffusion_xl,
    "sdxl of nine channels": lambda: stable_diffusion_xl(NINE),
}


@pytest.fixture(scope="module")
def made() -> Callable[[str], Model]:
    return each_once(MAKERS)


@pytest.mark.parametrize(
    ("sampler", "strength"),
    [("default", 1.0), ("default", 0.6), ("heun", 1.0), ("dpmpp_2m", 0.6), ("plms", 0.9)],
)
@pytest.mark.parametrize("name", MAKERS)
def test_a_part_is_drawn_as_the_pipeline_draws_it(
    made: Callable[[str], Model], name: str, sampler: str, strength: float
) -> None:
    """Of one picture: of several, the pipeline lets each see what the first one's seed made."""
    asked = {"steps": 4, "sampler": sampler, "strength": strength, "indices": (0,), **PARTLY}
    assert far(alone(made(name), **asked), by_pipeline(made(name), **asked)) <= EXACT


@pytest.mark.parametrize("name", ["sd", "sd of nine channels"])
def test_the_old_pixels_are_kept_outside_the_mask(made: Callable[[str], Model], name: str) -> None:
    run = begun(made(name), steps=3, **PARTLY)
    finished(run)
    old, mask = imaging.decode(SOURCE), imaging.decode(MASK).convert("L")
    pictures = run.pictures()
    assert len({picture.tobytes() for picture in pictures}) == 4
    for picture in pictures:
        changed = ImageChops.difference(picture, old).convert("L")
        kept = Image.composite(Image.new("L", old.size), changed, mask)
        assert kept.getextrema() == (0, 0)
        assert changed.getextrema()[1] > 0


@pytest.mark.parametrize("name", ["sd", "sd of nine channels"])
def test_parts_whole_pictures_and_words_share_their_steps(
    made: Callable[[str], Model], name: str
) -> None:
    model = made(name)
    crowd: list[dict[str, Any]] = [
        {"steps": 4, **PARTLY},
        {"steps": 3, "guidance": 1.0, "indices": (1,), "strength": 0.7, **PARTLY},
        {"steps": 5, **VARIED},
        {"steps": 3, "sampler": "euler_a"},
    ]
    solo = [alone(model, **changes) for changes in crowd]
    runs = [begun(model, str(index), **changes) for index, changes in enumerate(crowd)]
    assert len({run.company for run in runs}) == 1
    drawn_together(runs, joins=(0, 1, 0, 2))
    for run, own in zip(runs, solo, strict=True):
        assert far(finished(run), own) <= COMPANY


def test_a_picture_of_a_grid_is_the_same_alone(made: Callable[[str], Model]) -> None:
    for name in ("sd", "sd of nine channels"):
        grid = alone(made(name), steps=3, **PARTLY)
        assert far(alone(made(name), steps=3, indices=(2,), **PARTLY), grid[2:3]) <= COMPANY


def test_a_mask_without_a_picture_is_bad_input(made: Callable[[str], Model]) -> None:
    with pytest.raises(RenderFailed, match="needs the picture that it covers") as caught:
        begun(made("sd"), mask="mask", inputs={"mask": MASK})
    assert caught.value.code == "bad_input"
    with pytest.raises(RenderFailed, match="mask picture was not handed over"):
        begun(made("sd"), **{**PARTLY, "inputs": {"hash": SOURCE}})


def called(model: Model, **changes: Any) -> CalledRun:
    run = CalledRun(model, attempt(**changes), Heard().emit, lambda: False)
    while not run.done:
        run.step_with([])
    return run


def test_other_kinds_are_drawn_in_pieces_where_memory_is_short(
    made: Callable[[str], Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, asked = made("sd"), {"steps": 2, "guidance": 3.0}
    whole = called(model, **asked).pictures()
    plain, rows = model.pipeline.unet.forward, []

    def forward(sample: torch.Tensor, *more: Any, **named: Any) -> Any:
        rows.append(len(sample))
        if len(sample) > 4:
            raise RuntimeError("CUDA out of memory")
        return plain(sample, *more, **named)

    monkeypatch.setattr(model.pipeline.unet, "forward", forward)
    monkeypatch.setattr(model, "pieces", Pieces())
    for tried in ([8], []):  # how many do not fit is remembered
        rows.clear()
        halves = called(model, **asked).pictures()
        assert rows == [*tried, 4, 4, 4, 4]
        near = [
            ImageChops.difference(*both).getextrema() for both in zip(whole, halves, strict=True)
        ]
        assert max(high for bands in near for _, high in bands) <= 1


def test_other_kinds_draw_a_part_where_diffusers_has_a_pipeline_for_it(
    made: Callable[[str], Model],
) -> None:
    part = called(made("sd"), steps=2, indices=(0,), **PARTLY).pictures()[0]
    old = imaging.decode(SOURCE)
    assert part.crop((0, 0, 24, 64)).tobytes() == old.crop((0, 0, 24, 64)).tobytes()
    assert part.tobytes() != old.tobytes()
    panorama = Model(
        stable_diffusion("StableDiffusionPanoramaPipeline", scheduler=library.DDIMScheduler()),
        card("panorama"),
        torch.float32,
    )
    assert not panorama.capabilities.inpainting
    with pytest.raises(RenderFailed, match="cannot redraw a part of a picture"):
        called(panorama, **PARTLY).pictures()
