"""Closed edges, `--tile`: how far it is in a picture from one edge over to the opposite one, by
every kind of model, and that nobody else's pictures are others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bot.models.cards import EMBEDDED_CARD
from bot.worker import pipelines
from bot.worker.caching import StepCache
from bot.worker.families import edges, generic
from bot.worker.library import Library
from bot.worker.model import Model
from bot.worker.runs import SteppedRun
from tests.kit import flows
from tests.kit.pipelines import autoencoder, card, stable_diffusion, stable_diffusion_xl, unet
from tests.kit.runs import COMPANY, PARTLY, VARIED, alone, begun, drawn_together, each_once, far

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
MAKERS: dict[str, Callable[[], Any]] = {
    "sd": stable_diffusion,
    "sd of nine channels": lambda: stable_diffusion(unet=unet(in_channels=9)),
    "sdxl": stable_diffusion_xl,
    "sd3": flows.stable_diffusion_3,
    "flux": flows.flux,
    "flux2": flows.flux_2_klein,
    "chroma": flows.chroma,
    "qwen": flows.qwen_image,
    "z": flows.z_image,
    "pixart": lambda: flows.pixart("Sigma"),
    "pixart of shapes": lambda: flows.pixart("Sigma", 32),
    "sana": flows.sana,
}
CLOSED: dict[str, Any] = {"meant": {"tile": True}}
TURNED = ("sd3", "flux", "flux2", "chroma", "qwen", "z", "pixart", "sana")


@pytest.fixture(scope="module")
def made() -> Callable[[str], Model]:
    return each_once(MAKERS)


@pytest.fixture(scope="module")
def embedded() -> Model:
    pipelines.hush()
    pipeline = pipelines.open_pipeline(EMBEDDED_CARD, torch.float32, Library())
    return Model(pipeline, EMBEDDED_CARD, torch.float32)


def asked(**changes: Any) -> dict[str, Any]:
    return {"steps": 3, "guidance": 3.0, "indices": (0, 1), "width": 128, "height": 96} | changes


def shown(run: SteppedRun) -> np.ndarray:
    """(n, height, width, 3) from 0 to 255."""
    while not run.done:
        run.step_with([])
    return np.stack([np.asarray(each, np.float32) for each in run.pictures()])


def jumps(pictures: np.ndarray, axis: int) -> tuple[float, np.ndarray]:
    """From the last row or column over to the first, and between all neighbours within."""
    way = np.moveaxis(pictures, axis, 0)
    steps = np.abs(way - np.roll(way, 1, 0)).mean((1, 2, 3))
    return float(steps[0]), steps[1:]


def over(pictures: np.ndarray, cell: int) -> float:
    """The jump over the edges as a multiple of what is usual from cell to cell, where there are
    more of them than within cells; the worse of rows and columns."""
    both = [jumps(pictures, axis) for axis in (1, 2)]
    return max(edge / within[cell - 1 :: cell].mean() for edge, within in both)


def test_the_embedded_models_pictures_go_on_at_their_opposite_side(embedded: Model) -> None:
    plain = {"text": "a fox in the forest", "indices": (0,), "steps": 4, "guidance": 3.0}
    plain |= {"width": 128, "height": 128}
    opened, closed = shown(begun(embedded, **plain)), shown(begun(embedded, **plain, **CLOSED))
    edge, within = jumps(opened, 1)
    assert edge > 4 * np.quantile(within, 0.9)
    for axis in (1, 2):
        edge, within = jumps(closed, axis)
        assert edge < np.quantile(within, 0.9)
    assert 15 < closed.std() < 110


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("start", [{}, VARIED], ids=["words", "picture"])
def test_every_kind_of_model_closes_its_edges(
    made: Callable[[str], Model], name: str, start: dict[str, Any]
) -> None:
    model = made(name)
    assert model.family
    assert model.capabilities.tiles
    closed = shown(begun(model, **asked(**CLOSED, **start)))
    assert over(closed, model.family.cell) < 1.5


@pytest.mark.parametrize("name", ["qwen", "sana", "pixart of shapes"])
def test_without_it_edges_of_these_are_open(made: Callable[[str], Model], name: str) -> None:
    """Random networks of other kinds draw nothing that would end at an edge."""
    model = made(name)
    assert model.family
    closed, opened = (shown(begun(model, **asked(**more))) for more in (CLOSED, {}))
    assert over(opened, model.family.cell) > 1.4 * over(closed, model.family.cell)


NETWORKS: dict[str, Callable[[], Any]] = {
    "unet": lambda: _denoiser(unet(), 500.0, torch.ones(1, 3, 16)),
    "encoder": lambda: lambda given: autoencoder().encode(given).latent_dist.mean,
    "decoder": lambda: autoencoder().decoder,
    "qwen's encoder": lambda: (
        lambda given: flows.qwen_image().vae.encode(given[:, :, None]).latent_dist.mean[:, :, 0]
    ),
    "qwen's decoder": lambda: (
        lambda given: flows.qwen_image().vae.decode(given[:, :, None]).sample[:, :, 0]
    ),
    "sana's encoder": lambda: lambda given: flows.sana().vae.encode(given).latent,
    "sana's decoder": lambda: lambda given: flows.sana().vae.decode(given).sample,
    "sana": lambda: _denoiser(flows.sana().transformer, torch.ones(1), torch.ones(1, 3, 8)),
}
SHAPES = {
    "encoder": (3, 64, 64), "qwen's encoder": (3, 64, 64), "sana's encoder": (3, 128, 128),
    "qwen's decoder": (16, 8, 8),
}  # fmt: skip


def _denoiser(network: Any, time: Any, text: torch.Tensor) -> Callable[[torch.Tensor], Any]:
    def call(given: torch.Tensor) -> Any:
        return network(given, timestep=time, encoder_hidden_states=text, return_dict=False)[0]

    return call


@pytest.mark.parametrize("name", NETWORKS)
def test_what_convolves_draws_the_same_wherever_it_is(name: str) -> None:
    """A picture that is turned by half comes out turned by half, so no place is at an edge."""

    def network(given: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(0)
        return NETWORKS[name]()(given)

    given = torch.randn(1, *SHAPES.get(name, (4, 8, 8)), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        opened = far(_half(network(_half(given))), network(given))
        with edges.Round():
            closed = far(_half(network(_half(given))), network(given))
    assert closed < 1e-5
    assert opened > 1e-3


def _half(cells: torch.Tensor) -> torch.Tensor:
    return torch.roll(cells, [side // 2 for side in cells.shape[-2:]], (-2, -1))


def test_padding_that_is_no_edge_of_a_picture_stays() -> None:
    tokens = torch.ones(1, 2, 3, 4)
    more: dict[str, Any]
    for pad, more in (
        ((0, 0, 0, 1), {}), ((0, 2), {}), ((1, 1, 1, 1), {"value": 1.0}),
        ((1, 1, 1, 1), {"mode": "replicate"}), ((-1, 0, -1, 0), {}),
    ):  # fmt: skip
        usual = torch.nn.functional.pad(tokens, pad, **more)
        with edges.Round():
            assert torch.equal(torch.nn.functional.pad(tokens, pad, **more), usual)


@pytest.mark.parametrize("name", TURNED)
def test_who_knows_places_sees_each_step_from_elsewhere(
    made: Callable[[str], Model], name: str
) -> None:
    run = begun(made(name), **asked(steps=6, **CLOSED))
    path, family = run.path, run.path.family
    turns = []
    while not run.done:
        cells = family.cells(path.latents, path.size)
        seen = family.cells(path.inputs()["latents"][: len(cells)], path.size)
        by = edges.offsets(path.step, *cells.shape[-2:]) if path.closing else (0, 0)
        turns.append(by)
        scaled = hasattr(path.scheduler, "scale_model_input")
        assert scaled or torch.equal(seen, torch.roll(cells, by, (-2, -1)))
        turned = family.turned(path.latents, path.size, path.step)
        back = family.turned(turned, path.size, path.step, back=True)
        assert torch.equal(back, path.latents)
        run.step_with([])
    assert turns[:2] == [(0, 0)] * 2
    assert len({*turns[2:]}) > 1


def test_edges_are_far_within_what_is_seen() -> None:
    seen = [edges.offsets(step, 64, 96) for step in range(40)]
    assert len({*seen}) == 40
    assert all(16 <= down <= 48 and 24 <= right <= 72 for down, right in seen)


@pytest.mark.parametrize("name", ["sd", "flux"])
def test_nobody_elses_picture_is_another(made: Callable[[str], Model], name: str) -> None:
    model, plain, closed = made(name), asked(), asked(**CLOSED)
    before, own = alone(model, **plain), alone(model, **closed)
    runs = [begun(model, "a", **plain), begun(model, "b", **closed)]
    assert runs[0].company != runs[1].company
    while not all(run.done for run in runs):
        for run in runs:
            run.step_with([])
    assert torch.equal(runs[0].path.latents, before)
    assert torch.equal(runs[1].path.latents, own)
    assert not torch.equal(before, own)
    assert torch.equal(alone(model, **asked(meant={"tile": False})), before)


@pytest.mark.parametrize("name", ["sd", "flux"])
def test_those_who_ask_for_it_share_steps(made: Callable[[str], Model], name: str) -> None:
    """Wherever each of them is on its way."""
    model = made(name)
    wishes = [asked(**CLOSED, steps=steps, indices=(index,)) for index, steps in enumerate((5, 4))]
    runs = [begun(model, str(index), **wish) for index, wish in enumerate(wishes)]
    assert runs[0].company == runs[1].company
    drawn_together(runs, [0, 2])
    for run, wish in zip(runs, wishes, strict=True):
        assert far(run.path.latents, alone(model, **wish)) <= COMPANY


def test_what_is_stopped_or_begins_late_is_closed_by_then(made: Callable[[str], Model]) -> None:
    closing = []
    for more in ({}, {"stop": 0.3}, VARIED | {"strength": 0.3}):
        run = begun(made("sd"), **asked(steps=10, **CLOSED, **more))
        closing.append([])
        while not run.done:
            closing[-1].append(run.path.closing)
            run.step_with([])
    assert closing == [[False] * 4 + [True] * 6, [False] + [True] * 2, [True] * 3]


def test_a_part_is_drawn_with_closed_edges(made: Callable[[str], Model]) -> None:
    here = asked(**CLOSED, **PARTLY, width=64, height=64)
    for name in ("sd", "sd of nine channels", "flux"):
        assert alone(made(name), **here).isfinite().all()


@pytest.mark.parametrize("name", ["sd", "qwen"])
def test_a_decoder_that_works_in_pieces_sees_the_other_side(name: str) -> None:
    model = Model(MAKERS[name](), card(name), torch.float32)
    whole = shown(begun(model, **asked(**CLOSED)))
    vae = model.pipeline.vae
    vae.enable_tiling()
    vae.tile_sample_min_size = vae.tile_sample_min_height = vae.tile_sample_min_width = 64
    vae.tile_sample_stride_height = vae.tile_sample_stride_width = 48
    vae.tile_latent_min_size = 8
    assert model.family
    pieces = shown(begun(model, **asked(**CLOSED)))
    assert pieces.shape == whole.shape
    assert not np.array_equal(pieces, whole)
    assert over(pieces, model.family.cell) < 1.5


def test_what_is_turned_is_not_taken_from_the_step_before() -> None:
    models = [Model(flows.flux(layers=2), card("flux"), torch.float32) for _ in range(2)]
    models[0].cache = StepCache(models[0].pipeline.transformer, 1e9)
    assert torch.equal(*(alone(model, **asked(**CLOSED)) for model in models))


def test_a_pipeline_by_its_own_call_says_that_it_cannot() -> None:
    assert not generic.capabilities(stable_diffusion()).tiles
