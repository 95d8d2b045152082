"""bot.worker.converted in a real worker: what it draws, when it begins to, and what it keeps."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bot.engine.local import LocalExecutor
from bot.engine.seam import Done, Preview, Progress, Worker
from bot.models.cards import ModelCard, card_for
from bot.worker.converted import networks, runtime
from bot.worker.converted.forwards import Compiled, DenoiserForward
from bot.worker.converted.store import Store
from bot.worker.diffusion import DiffusionEngine
from tests.kit.workers import Drawn, attempt, draw, free_worker, steps_until_cancelled, tiny_models
from tests.worker.test_diffusion import psnr

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not runtime.version(), reason="OpenVINO is not installed"),
]
STARTING_S = 240
ALIKE_DB = 40


ENGINE = f"openvino {runtime.version()} f32"


def engine(drawn: Drawn) -> str:
    return drawn.of(Done)[-1].engine


async def hastened(executor: LocalExecutor, model: str = "sd") -> Worker:
    """A free worker that draws with the converted networks; it draws now and then until it does."""
    small: dict[str, Any] = {"model": model, "steps": 1, "width": 16, "height": 16}
    async with asyncio.timeout(STARTING_S):
        while True:
            worker = await free_worker(executor, STARTING_S)
            if engine(await draw(executor, worker, attempt("small", (0,), **small))) == ENGINE:
                return await free_worker(executor)
            await asyncio.sleep(0.2)  # the conversion gives way to drawing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("converted")


@pytest.fixture(scope="module")
async def fast(studio: LocalExecutor, models: Path, folder: Path) -> AsyncIterator[LocalExecutor]:
    """A worker that converts; the studio writes the models and draws with torch alone."""
    await free_worker(studio, STARTING_S)
    executor = tiny_models(models, "float32", converted=str(folder))
    await executor.start()
    yield executor
    await executor.close()


def written(folder: Path) -> dict[str, int]:
    """The files of all conversions, and when they were written."""
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("*/*")}


def damage(folder: Path) -> None:
    for network in folder.glob("*/unet.bin"):
        network.write_bytes(network.read_bytes()[:-9] + b"something")


async def both(
    fast: LocalExecutor, studio: LocalExecutor, name: str, **changes: Any
) -> tuple[Drawn, Drawn]:
    """The same attempt by the converted networks and by torch."""
    changes = {"model": "sd", "steps": 4} | changes
    quick = await draw(fast, await hastened(fast, changes["model"]), attempt(name, **changes))
    plain = await draw(studio, await free_worker(studio, STARTING_S), attempt(name, **changes))
    assert (engine(quick), engine(plain)[:6]) == (ENGINE, "torch ")
    return quick, plain


def assert_alike(quick: Drawn, plain: Drawn) -> None:
    assert quick.images.keys() == plain.images.keys()
    assert min(psnr(quick.images[index], plain.images[index]) for index in quick.images) >= ALIKE_DB


async def test_what_is_drawn_looks_as_torch_draws_it(
    fast: LocalExecutor, studio: LocalExecutor
) -> None:
    quick, plain = await both(fast, studio, "grid")
    assert_alike(quick, plain)
    assert len(quick.of(Preview)) == len(plain.of(Preview)) > 0
    assert [event.step for event in quick.of(Progress)] == [1, 2, 3, 4]
    again = await draw(fast, await free_worker(fast), attempt("again", model="sd", steps=4))
    assert again.images == quick.images


@pytest.mark.slow
async def test_a_grid_in_its_own_size_is_what_a_network_is_fitted_to(
    fast: LocalExecutor, models: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, where it shows what goes into the networks."""
    await hastened(fast)
    card = replace(card_for(str(models / "sd")), id="sd", native=32)
    more = {"converted": str(folder)}
    here = DiffusionEngine({card.id: card}, "cpu", "float32", more=more)
    here.load(card.id, lambda _: None)
    await asyncio.to_thread(_until_ready, folder)
    seen: set[networks.Shapes] = set()
    call = Compiled.__call__

    def noted(network: Compiled, *given: torch.Tensor) -> torch.Tensor:
        seen.add(tuple(tuple(each.shape) for each in given))
        return call(network, *given)

    monkeypatch.setattr(Compiled, "__call__", noted)
    run = here.begin(attempt(model=card.id, width=32, height=32), print, lambda: False)
    pipeline = here._models[card.id].pipeline
    while not run.done:
        here.step([run])
    here.retire(run)
    assert seen == set(networks.of_a_grid(pipeline, card, 1).values())


def _until_ready(folder: Path) -> None:
    while Store(folder).busy:
        time.sleep(0.05)


@pytest.mark.parametrize("streams", [1, 2])
def test_a_fitted_network_draws_what_fits_and_another_the_rest(streams: int) -> None:
    openvino = runtime.library()

    def adding(number: float) -> Any:
        given = openvino.opset13.parameter([-1, -1], openvino.Type.f32)
        model = openvino.Model([openvino.opset13.add(given, np.float32(number))], [given])
        return openvino.Core().compile_model(model, "CPU", {"NUM_STREAMS": streams})

    network = Compiled(adding(1), {((2, 3),): adding(5)})
    counting = torch.arange(5.0).repeat_interleave(3).reshape(5, 3)
    assert network(counting[:1])[:, 0].tolist() == [1]
    # A piece alone would leave half of the threads without work.
    assert network(counting[:2])[:, 0].tolist() == ([5, 6] if streams == 1 else [1, 2])
    assert network(counting)[:, 0].tolist() == [5, 6, 7, 8, 5]  # two pieces that fit, and the rest
    assert network(counting[:, :2])[:, 0].tolist() == [1, 2, 3, 4, 5]


def test_what_fails_in_a_piece_is_told() -> None:
    openvino = runtime.library()
    given = openvino.opset13.parameter([-1, 3], openvino.Type.f32)
    model = openvino.Model([openvino.opset13.add(given, np.float32(1))], [given])
    made = openvino.Core().compile_model(model, "CPU", {"NUM_STREAMS": 2})
    for fitted in ({}, {((2, 2),): made}):
        with pytest.raises(RuntimeError):
            Compiled(made, fitted)(torch.zeros(4, 2))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_sides_of_all_lengths_are_drawn() -> None:
    """Few shapes have latents that can be halved evenly as often as a network does it."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    torch.manual_seed(0)
    blocks = ("CrossAttnDownBlock2D", "DownBlock2D", "DownBlock2D")
    network = UNet2DConditionModel(
        block_out_channels=(32, 32, 32), layers_per_block=1, cross_attention_dim=16,
        attention_head_dim=8, norm_num_groups=8, down_block_types=blocks,
        up_block_types=("UpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()  # fmt: skip
    module, given = networks.traceable(networks.UNET, network)
    openvino = runtime.library()
    with torch.no_grad():
        model = openvino.convert_model(module, example_input=given)
    made = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    forward = DenoiserForward(network, Compiled(made, {}))
    for sides in ((32, 32), (21, 12), (17, 9)):
        asked = torch.randn(2, 4, *sides), 500, torch.randn(2, 7, 16)
        with torch.no_grad():
            [eager] = network(*asked, return_dict=False)
            [drawn] = forward(*asked, return_dict=False)
        assert not forward.fell_back
        assert torch.allclose(drawn, eager, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"width": 96, "height": 40},
        {"guidance": 1.0},
        {"indices": (2,)},
        {"text": "a red fox " * 20},
        {"meant": {"chaos": 1.0}, "excluded": [["red", 0.5]]},
    ],
    ids=str,
)
async def test_one_conversion_serves_every_size_and_count(
    fast: LocalExecutor, studio: LocalExecutor, folder: Path, changes: dict[str, Any]
) -> None:
    assert_alike(*await both(fast, studio, "other", **changes))
    assert [Path(path).name for path in written(folder)].count("unet.xml") == 1


@pytest.mark.slow
async def test_variations_look_as_torch_draws_them(
    fast: LocalExecutor, studio: LocalExecutor
) -> None:
    grid = await draw(studio, await free_worker(studio, STARTING_S), attempt("grid", model="sd"))
    source: dict[str, Any] = {"inputs": {"h": grid.images[0]}, "source": "h", "strength": 0.6}
    assert_alike(*await both(fast, studio, "varied", **source))


async def test_cancel_stops_within_a_step(fast: LocalExecutor) -> None:
    worker = await hastened(fast)
    long = attempt("long", (0,), model="sd", steps=400)
    assert await steps_until_cancelled(fast, worker, long) < 40


@pytest.mark.slow
async def test_torch_draws_while_a_lora_is_on_and_openvino_again_after_it(
    fast: LocalExecutor, studio: LocalExecutor, models: Path
) -> None:
    at = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_v.lora_"
    matrices = {f"{at}A.weight": torch.eye(64), f"{at}B.weight": 5 * torch.eye(64)}
    save_file(matrices, models / "style.safetensors")
    worker = await hastened(fast)
    before = await draw(fast, worker, attempt("before", model="sd", steps=4))
    asked = attempt("styled", model="sd", steps=4, loras={"style": 1.0})
    styled = await draw(fast, await free_worker(fast), asked)
    plain = await draw(studio, await free_worker(studio, STARTING_S), asked)
    assert engine(styled) == engine(plain)
    assert psnr(styled.images[0], plain.images[0]) >= 50
    assert psnr(styled.images[0], before.images[0]) < 40
    after = await draw(fast, await free_worker(fast), attempt("after", model="sd", steps=4))
    assert (engine(after), after.images) == (ENGINE, before.images)


@pytest.mark.slow
async def test_torch_draws_closed_edges_and_openvino_what_follows(
    fast: LocalExecutor, studio: LocalExecutor
) -> None:
    worker = await hastened(fast)
    before = await draw(fast, worker, attempt("before", model="sd", steps=4))
    asked = attempt("closed", model="sd", steps=4, meant={"tile": True})
    closed = await draw(fast, await free_worker(fast), asked)
    plain = await draw(studio, await free_worker(studio, STARTING_S), asked)
    assert (engine(closed), closed.images) == (engine(plain), plain.images)
    assert psnr(closed.images[0], before.images[0]) < 40
    after = await draw(fast, await free_worker(fast), attempt("after", model="sd", steps=4))
    assert (engine(after), after.images) == (ENGINE, before.images)


async def test_what_cannot_be_converted_is_drawn_as_before(fast: LocalExecutor) -> None:
    one = attempt("plain", (0,), model="panorama", steps=1)
    drawn = await draw(fast, await free_worker(fast, STARTING_S), one)
    assert engine(drawn).startswith("torch ")


@pytest.mark.slow
async def test_a_second_start_takes_what_is_there_and_mends_what_is_damaged(
    fast: LocalExecutor, studio: LocalExecutor, models: Path, folder: Path
) -> None:
    await hastened(fast)
    before = written(folder)
    for damaged in (False, True):
        if damaged:
            damage(folder)
        again = tiny_models(models, "float32", converted=str(folder))
        await again.start()
        try:
            assert_alike(*await both(again, studio, "again"))
        finally:
            await again.close()
        assert (written(folder) == before) is not damaged
    assert written(folder).keys() == before.keys()


@pytest.mark.slow
async def test_the_sdxl_kin_looks_as_torch_draws_it(
    fast: LocalExecutor, studio: LocalExecutor
) -> None:
    assert_alike(*await both(fast, studio, "grid", model="sdxl"))


@pytest.mark.slow
async def test_a_folder_that_cannot_be_written_leaves_drawing_to_torch(
    studio: LocalExecutor, models: Path, tmp_path: Path
) -> None:
    await free_worker(studio, STARTING_S)
    (tmp_path / "file").touch()
    stuck = tiny_models(models, "float32", converted=str(tmp_path / "file"))
    await stuck.start()
    try:
        one = attempt("plain", model="sd", steps=4)
        drawn = await draw(stuck, await free_worker(stuck, STARTING_S), one)
        plain = await draw(studio, await free_worker(studio), one)
        assert drawn.images == plain.images
        assert engine(drawn) == engine(plain)
    finally:
        await stuck.close()


@pytest.mark.slow
async def test_where_openvino_fails_torch_goes_on(
    fast: LocalExecutor, studio: LocalExecutor, models: Path, folder: Path
) -> None:
    await hastened(fast)
    failing = tiny_models(models, "float32", converted=str(folder), openvino_fails=True)
    await failing.start()
    try:
        grid = attempt("grid", model="sd", steps=4)
        drawn = await draw(failing, await hastened(failing), grid)
        plain = await draw(studio, await free_worker(studio, STARTING_S), grid)
        assert drawn.images == plain.images
        assert engine(drawn) == engine(plain)
    finally:
        await failing.close()


@pytest.mark.slow
async def test_the_process_that_converts_ends_with_its_input_or_with_a_sentence(
    studio: LocalExecutor, models: Path, tmp_path: Path
) -> None:
    await free_worker(studio, STARTING_S)

    async def ended(model: str, linger: bool) -> bytes:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.worker.converted"),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert child.stdin
        assert child.stdout
        card = asdict(ModelCard(id=model, name=model, source=str(models / model), native=64))
        order = {"card": card, "dtype": "float32", "library": {}, "folder": str(tmp_path)}
        child.stdin.write(json.dumps(order | {"model": model}).encode() + b"\n")
        await child.stdin.drain()
        if not linger:
            child.stdin.close()
        said = await child.stdout.read()
        await child.wait()
        return said

    error = json.loads(await ended("damaged", linger=True))["error"]
    assert error
    assert str(models) not in error
    assert await ended("sd", linger=False) == b""
    assert not written(tmp_path)
