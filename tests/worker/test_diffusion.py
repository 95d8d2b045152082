"""bot.worker.diffusion in a real worker: the embedded model, and tiny models of every form."""

from __future__ import annotations

import contextlib
import math
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image, ImageChops, ImageStat

from bot import imaging
from bot.domain.errors import RenderFailed, WorkerLost
from bot.domain.samplers import SAMPLERS
from bot.engine.local import LocalExecutor
from bot.engine.seam import Begun, Done, Event, Loaded, LoadingModel, Preview, Progress, Worker
from bot.models.cards import EMBEDDED_CARD, ModelCard
from bot.models.catalogue import Catalogue
from tests.kit.workers import (
    Drawn,
    attempt,
    draw,
    failure,
    free_worker,
    steps_until_cancelled,
    tiny_models,
    wait_until,
)

pytestmark = pytest.mark.timeout(300)
STARTING_S = 240
OTHERS = [99, 100, 101, 102]


def psnr(one: bytes, other: bytes) -> float:
    """Peak signal to noise in dB; infinite for equal pictures."""
    difference = ImageChops.difference(imaging.decode(one), imaging.decode(other))
    mean = sum(part**2 for part in ImageStat.Stat(difference).rms) / 3
    return math.inf if mean == 0 else 10 * math.log10(255**2 / mean)


def distance(one: bytes, other: bytes) -> float:
    """Mean absolute difference of the channels, 0 to 255."""
    difference = ImageChops.difference(imaging.decode(one), imaging.decode(other))
    return sum(ImageStat.Stat(difference).mean) / 3


@pytest.fixture
async def worker(studio: LocalExecutor) -> Worker:
    return await free_worker(studio, STARTING_S)


@pytest.fixture(scope="module")
async def grid(studio: LocalExecutor) -> Drawn:
    """The four pictures that most tests compare with."""
    return await draw(studio, await free_worker(studio, STARTING_S), attempt("grid"))


@pytest.fixture(scope="module")
async def from_folder(studio: LocalExecutor) -> Drawn:
    """What the same weights in other files are to draw."""
    worker = await free_worker(studio, STARTING_S)
    return await draw(studio, worker, attempt("folder", (0,), model="sd", steps=4))


def test_the_pictures_are_no_noise(grid: Drawn) -> None:
    for data in grid.images.values():
        picture = imaging.decode(data)
        assert picture.size == (64, 64)
        # Neighbouring pixels are alike in a picture, and not in noise.
        shifted = ImageChops.offset(picture, 1, 0)
        roughness = sum(ImageStat.Stat(ImageChops.difference(picture, shifted)).mean) / 3
        assert roughness < 25
        assert max(ImageStat.Stat(picture).stddev) > 10


def test_progress_is_said_each_step(grid: Drawn) -> None:
    assert [(event.step, event.of) for event in grid.of(Progress)] == [
        (step, 6) for step in range(1, 7)
    ]
    assert isinstance(grid.events[-1], Done)
    assert grid.events[-1].device == "cpu"


def test_previews_look_like_the_result(grid: Drawn) -> None:
    shown = grid.of(Preview)
    assert 2 <= len(shown) <= 4
    result = imaging.compose([imaging.decode(grid.images[index]) for index in range(4)])
    far: list[float] = []
    for event in shown:
        assert len(event.data) < 20_000
        preview = imaging.decode(event.data).resize(result.size, Image.Resampling.BICUBIC)
        far.append(sum(ImageStat.Stat(ImageChops.difference(preview, result)).mean) / 3)
    assert far == sorted(far, reverse=True), far
    # Pictures that have nothing to do with each other differ by 60 and more.
    assert far[-1] < 25, far


async def test_the_same_recipe_twice_is_bit_equal(
    studio: LocalExecutor, worker: Worker, grid: Drawn
) -> None:
    again = await draw(studio, worker, attempt("again"))
    assert again.images == grid.images


async def test_a_tile_drawn_alone_is_the_tile_of_the_grid(
    studio: LocalExecutor, worker: Worker, grid: Drawn
) -> None:
    alone = await draw(studio, worker, attempt("third", indices=(2,)))
    assert list(alone.images) == [2]
    assert psnr(alone.images[2], grid.images[2]) >= 50
    shifted = await draw(studio, worker, attempt("by seed", indices=(0,), seeds=[9], count=1))
    assert psnr(shifted.images[0], grid.images[2]) >= 50
    assert psnr(alone.images[2], grid.images[1]) < 40


async def test_a_variation_stays_close_to_its_source(
    studio: LocalExecutor, worker: Worker, grid: Drawn
) -> None:
    source = {"hash": grid.images[0]}

    async def vary(strength: float) -> Drawn:
        return await draw(
            studio,
            await free_worker(studio),
            attempt(
                f"vary {strength}", seeds=OTHERS, inputs=source, source="hash", strength=strength
            ),
        )

    subtle, strong = await vary(0.35), await vary(0.8)
    other = await draw(studio, await free_worker(studio), attempt("other", seeds=OTHERS))
    near = [distance(data, grid.images[0]) for data in subtle.images.values()]
    far = [distance(data, grid.images[0]) for data in strong.images.values()]
    fresh = [distance(data, grid.images[0]) for data in other.images.values()]
    assert 0 < sum(near) < sum(far)
    assert sum(near) < sum(fresh)
    assert len(set(subtle.images.values())) == 4
    assert subtle.of(Progress)[-1].step == subtle.of(Progress)[-1].of == 2


async def test_a_source_of_another_size_is_fitted(
    studio: LocalExecutor, worker: Worker, grid: Drawn
) -> None:
    wide = attempt(
        "wide", (0,), width=96, inputs={"h": grid.images[0]}, source="h", strength=0.01, steps=2
    )
    drawn = await draw(studio, worker, wide)
    assert imaging.decode(drawn.images[0]).size == (96, 64)


@pytest.mark.parametrize(
    "inputs", [{}, {"hash": b"no picture"}], ids=["not handed over", "no picture"]
)
async def test_a_bad_source_is_bad_input(
    studio: LocalExecutor, worker: Worker, inputs: dict[str, bytes]
) -> None:
    with pytest.raises(RenderFailed) as caught:
        await draw(studio, worker, attempt("bad", inputs=inputs, source="hash", strength=0.5))
    assert caught.value.code == "bad_input"
    assert not caught.value.retryable


async def test_the_negative_prompt_and_guidance_matter(
    studio: LocalExecutor, worker: Worker, grid: Drawn
) -> None:
    changes: list[dict[str, Any]] = [
        {"negative": "forest"},
        {"guidance": 1.0},
        {"text": "a blue car"},
    ]
    for change in changes:
        other = await draw(studio, await free_worker(studio), attempt("o", (0,), 1, **change))
        assert psnr(other.images[0], grid.images[0]) < 40


@pytest.mark.parametrize("name", SAMPLERS)
async def test_every_sampler_draws_reproducibly(
    studio: LocalExecutor, worker: Worker, name: str
) -> None:
    both = await draw(studio, worker, attempt(name, (0, 1), sampler=name, steps=4))
    alone = await draw(
        studio, await free_worker(studio), attempt(name, (1,), sampler=name, steps=4)
    )
    assert psnr(both.images[1], alone.images[1]) >= 50
    last = both.of(Progress)[-1]
    assert last.step == last.of


async def test_samplers_that_need_care_draw_what_the_models_own_draws(
    studio: LocalExecutor, worker: Worker
) -> None:
    """Karras' levels would all lie where a model without a last bit of signal sees noise alone."""
    asked: dict[str, Any] = {"text": "a red apple on a blue background", "steps": 10}
    own = await draw(studio, worker, attempt("own", (0,), **asked))
    for name in ("dpmpp_2m_karras", "dpmpp_2m_sde_karras"):
        free = await free_worker(studio)
        other = await draw(studio, free, attempt(name, (0,), sampler=name, **asked))
        assert distance(own.images[0], other.images[0]) < 25, name


async def test_an_unknown_sampler_is_bad_input(studio: LocalExecutor, worker: Worker) -> None:
    with pytest.raises(RenderFailed, match="there are default, plms, ddim") as caught:
        await draw(studio, worker, attempt("odd", sampler="magic"))
    assert caught.value.code == "bad_input"


async def test_an_impossible_size_is_bad_input(studio: LocalExecutor, worker: Worker) -> None:
    with pytest.raises(RenderFailed, match="divisible") as caught:
        await draw(studio, worker, attempt("odd", width=63))
    assert caught.value.code == "bad_input"


async def test_cancel_stops_within_a_step(studio: LocalExecutor, worker: Worker) -> None:
    long = attempt("long", (0,), steps=400)
    assert await steps_until_cancelled(studio, worker, long) < 40
    assert (await free_worker(studio)).id == worker.id


@pytest.mark.parametrize("form", ["sd", "sdxl", "inpaint"])
async def test_models_from_folders(studio: LocalExecutor, worker: Worker, form: str) -> None:
    drawn = await draw(studio, worker, attempt(form, (0, 1), model=form, steps=4))
    assert form in studio.workers()[0].loaded
    assert drawn.of(Preview)
    again = await draw(studio, await free_worker(studio), attempt(form, (1,), model=form, steps=4))
    assert psnr(again.images[1], drawn.images[1]) >= 50
    varied = await draw(
        studio,
        await free_worker(studio),
        attempt(form, (0,), model=form, inputs={"h": drawn.images[0]}, source="h", strength=0.3),
    )
    assert imaging.decode(varied.images[0]).size == (64, 64)


@pytest.mark.parametrize(
    "form",
    [
        "fp16",
        "mixed",
        "alone.safetensors",
        "files/CAPITAL.SAFETENSORS",
        "files/renamed.ckpt",
        "files/plain.ckpt",
        "files/callback.ckpt",
        "files/harmful.ckpt",
        "files/old_callback.ckpt",
    ],
)
async def test_the_same_weights_in_another_form_draw_the_same(
    studio: LocalExecutor, worker: Worker, from_folder: Drawn, form: str
) -> None:
    other = await draw(studio, worker, attempt("other", (0,), model=form, steps=4))
    assert psnr(other.images[0], from_folder.images[0]) >= 50


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("absent", ["There is no model absent", "`easel models list`"]),
        ("damaged", ["is damaged: unet/diffusion_pytorch_model.safetensors is cut off"]),
        (
            "bare.safetensors",
            ["bare.safetensors holds weights only", "model_index.json", "a folder bare beside it"],
        ),
        ("unknown", ["no model 'unknown'", "embedded"]),
        ("files/cut.ckpt", ["cut.ckpt is cut off or damaged"]),
        ("files/page.ckpt", ["page.ckpt is a web page"]),
        ("files/pointer.safetensors", ["pointer.safetensors is only a pointer of Git LFS"]),
        ("files/lora.safetensors", ["lora.safetensors is no model", "drawn with (LoRA)"]),
        ("files/worse.ckpt", ["worse.ckpt holds more than weights (posix.mkdir)"]),
        ("files/old_worse.ckpt", ["(posix.mkdir)", "convert it to .safetensors"]),
    ],
)
async def test_a_model_that_cannot_be_loaded_is_one_sentence(
    studio: LocalExecutor, worker: Worker, models: Path, form: str, words: list[str]
) -> None:
    with pytest.raises(RenderFailed) as caught:
        await draw(studio, worker, attempt("none", (0,), model=form))
    assert caught.value.code == "model_missing"
    text = str(caught.value)
    assert "\n" not in text
    assert all(word in text for word in words), text
    assert str(models.parent) not in text
    assert failure(studio, form) == ("" if form == "unknown" else text)
    assert studio.workers()[0].error is None
    assert studio.workers()[0].id == worker.id


async def test_nothing_that_a_checkpoint_holds_beside_weights_is_run(
    studio: LocalExecutor, worker: Worker, models: Path
) -> None:
    for name in ("harmful", "worse", "old_harmful", "old_worse"):
        form = f"files/{name}.ckpt"
        with contextlib.suppress(RenderFailed):
            await draw(studio, await free_worker(studio), attempt(form, (0,), model=form, steps=1))
    # What it holds names the folder in which it was built.
    for folder in (models, Path(os.environ["TINY_MODELS"])):
        made = {path.name for path in (folder / "files").iterdir() if path.is_dir()}
        assert made == {"configs"}


@pytest.mark.parametrize(
    ("form", "family", "varies"),
    [
        ("sd", "sd", True),
        ("sdxl", "sdxl", True),
        ("alone.safetensors", "sd", True),
        ("panorama", "sd", False),
    ],
)
async def test_a_worker_confirms_the_card_from_the_models_own_files(
    studio: LocalExecutor, worker: Worker, form: str, family: str, varies: bool
) -> None:
    await studio.prepare(worker.id, [form])
    await wait_until(studio, lambda: form in studio.workers()[0].loaded)
    state = studio.workers()[0].models[form]
    assert isinstance(state, Loaded)
    told = {name: state.card[name] for name in ("family", "native", "steps", "variations")}
    assert told == {"family": family, "native": 64, "steps": 30, "variations": varies}
    assert state.card["previews"]
    assert state.card["tiles"] is varies
    catalogue = Catalogue(ModelCard(form, form, "nowhere", native=512, steps=9))
    catalogue.confirm(form, state.card)
    assert (catalogue.default.native, catalogue.default.name) == (64, form)


@pytest.mark.parametrize("form", ["nan", "nanunet"])
async def test_numbers_that_are_none_are_a_failure_and_no_black_picture(
    studio: LocalExecutor, worker: Worker, form: str
) -> None:
    with pytest.raises(RenderFailed) as caught:
        await draw(studio, worker, attempt(form, (0,), model=form, steps=2))
    assert caught.value.code == "not_finite"
    assert f"The model {form} gives black pictures even with DTYPE=float32" in str(caught.value)
    assert (await free_worker(studio)).id == worker.id


@pytest.mark.slow  # tests/worker/test_precision.py has what is in it, without a process
async def test_a_model_that_overflows_is_drawn_in_float32_from_then_on(
    studio: LocalExecutor, worker: Worker, models: Path
) -> None:
    # On processors without float16 of their own, products of it are slow.
    small = {"model": "overflow", "steps": 2, "width": 32, "height": 32}
    wide = await draw(studio, worker, attempt("wide", (0,), **small))
    narrow = tiny_models(models, "float16")
    await narrow.start()
    try:
        worker = await free_worker(narrow, STARTING_S)
        first = await draw(narrow, worker, attempt("first", (0,), **small))
        assert len(first.of(LoadingModel)) == 2
        assert len(first.of(Begun)) == 2
        assert psnr(first.images[0], wide.images[0]) >= 50
        worker = await free_worker(narrow)
        later = await draw(narrow, worker, attempt("later", (0,), **small))
        assert later.of(LoadingModel) == []
        assert later.images == first.images
    finally:
        await narrow.close()


async def test_a_killed_worker_is_replaced_and_draws_the_same(
    studio: LocalExecutor, worker: Worker, grid: Drawn
) -> None:
    mine = [
        child
        for child in psutil.Process().children()
        if "bot.worker" in child.cmdline() and child.memory_info().rss > 200 << 20
    ]

    async def kill(event: Event) -> None:
        if isinstance(event, Progress):
            for child in mine:
                os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(WorkerLost):
        await draw(studio, worker, attempt("doomed", (0,), steps=400), kill)
    another = await free_worker(studio, STARTING_S)
    assert another.id != worker.id
    assert not another.loaded
    await studio.prepare(another.id, ["embedded"])
    again = await draw(studio, another, attempt("again", (0,)))  # drawn after the loading
    assert psnr(again.images[0], grid.images[0]) >= 50


@pytest.mark.slow
async def test_half_precision_draws_the_whole_grid_and_so_equal_pictures() -> None:
    """bfloat16 is emulated on most test machines, so this draws little."""
    executor = LocalExecutor(
        ["cpu"], options={"cards": [asdict(EMBEDDED_CARD)], "dtype": "bfloat16"}
    )
    await executor.start()
    try:
        small: dict[str, Any] = {"width": 32, "height": 32, "steps": 1, "count": 2}
        grid = await draw(
            executor, await free_worker(executor, STARTING_S), attempt("grid", (0, 1), **small)
        )
        alone = await draw(executor, await free_worker(executor), attempt("one", (1,), **small))
        assert list(alone.images) == [1]
        assert alone.images[1] == grid.images[1]
    finally:
        await executor.close()
