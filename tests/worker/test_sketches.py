"""Previews by a small decoder (TAESD): what it makes of the picture that a step aims at."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from bot import imaging
from bot.engine.seam import Preview
from bot.worker import capacity, pipelines, previews, sketches, stepping
from bot.worker.drawing import CalledRun
from bot.worker.library import Library
from bot.worker.model import Model
from tests.kit import flows
from tests.kit.pipelines import autoencoder, card, library, stable_diffusion, stable_diffusion_xl
from tests.kit.runs import Heard, begun, finished
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
GRID: dict[str, Any] = {"steps": 4, "guidance": 3.0, "indices": (0, 1, 2, 3), "width": 96}
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines.hush()
    monkeypatch.setattr(sketches, "_QUICK_S", math.inf)


def tiny(folder: Path, channels: int = 4) -> Any:
    """A random one of real kind, saved as the folder taesd."""
    torch.manual_seed(7)
    made = library.AutoencoderTiny(
        encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
        latent_channels=channels,
    ).eval()  # fmt: skip
    made.save_pretrained(folder / "taesd")
    return made


def model(folder: Path, pipeline: Any, dtype: torch.dtype = torch.float32) -> Model:
    return Model(pipeline, card("one", preview="taesd"), dtype, library=Library(shelf=str(folder)))


def last(heard: Heard) -> Image.Image:
    return imaging.decode([one for one in heard.events if isinstance(one, Preview)][-1].data)


@pytest.fixture
def estimates(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """The latents that steps aimed at, of each preview."""
    told: list[torch.Tensor] = []
    for kind, name in ((previews, "estimate"), (stepping.Path, "believed")):
        monkeypatch.setattr(kind, name, noting(getattr(kind, name), told))
    return told


def noting(own: Callable[..., torch.Tensor], told: list[torch.Tensor]) -> Any:
    def estimate(*given: Any) -> torch.Tensor:
        told.append(own(*given))
        return told[-1]

    return estimate


def expected(decoder: Any, cells: torch.Tensor) -> Image.Image:
    """The preview of what a decoder makes of latents, one after the other."""
    with torch.no_grad():
        decoded = torch.cat([decoder.decode(one[None]).sample for one in cells])
    pixels = ((decoded * 0.5 + 0.5).clamp(0, 1) * 255).round().byte().movedim(1, -1).numpy()
    return imaging.decode(imaging.preview([Image.fromarray(one) for one in pixels]))


FLOWS: dict[str, tuple[int, Callable[[], Any]]] = {
    "sd": (4, stable_diffusion),
    "sd3": (16, flows.stable_diffusion_3),
    "flux": (16, flows.flux),
}


@pytest.mark.parametrize("name", FLOWS)
def test_a_preview_is_what_the_decoder_makes_of_the_estimate(
    tmp_path: Path, estimates: list[torch.Tensor], name: str
) -> None:
    channels, make = FLOWS[name]
    decoder, one, heard = tiny(tmp_path, channels), model(tmp_path, make()), Heard()
    finished(begun(one, heard=heard, **GRID))
    assert one.family
    cells = one.family.cells(estimates[-1], (96, 64))
    assert cells.shape == (4, channels, 8, 12)
    assert last(heard) == expected(decoder, cells)


def test_a_pipelines_own_call_shows_its_steps_so_too(
    tmp_path: Path, estimates: list[torch.Tensor]
) -> None:
    decoder, one, heard = tiny(tmp_path), model(tmp_path, stable_diffusion()), Heard()
    run = CalledRun(one, attempt(**GRID), heard.emit, heard.cancelled)
    run.step_with([])
    run.pictures()
    assert last(heard) == expected(decoder, estimates[-1])


def test_models_with_a_spread_of_their_own_are_brought_to_the_scale_of_their_kin(
    tmp_path: Path, estimates: list[torch.Tensor]
) -> None:
    mean, std = [0.5, -1.0, 0.0, 2.0], [3.0, 4.0, 5.0, 6.0]
    vae = autoencoder(latents_mean=mean, latents_std=std, scaling_factor=0.5)
    decoder, one, heard = tiny(tmp_path), model(tmp_path, stable_diffusion_xl(vae=vae)), Heard()
    finished(begun(one, heard=heard, **GRID))
    wide = [torch.tensor(numbers).view(1, -1, 1, 1) for numbers in (mean, std)]
    own = estimates[-1] * wide[1] / 0.5 + wide[0]
    assert last(heard) == expected(decoder, own * 0.13025)


# Forms


def test_the_published_file_holds_the_same_decoder(tmp_path: Path) -> None:
    """There the first layer, which has no weights, counts."""
    tiny(tmp_path)
    layers = load_file(tmp_path / "taesd" / WEIGHTS)
    at = "decoder.layers."
    moved = {}
    for name in layers:
        if name.startswith(at):
            number, _, rest = name.removeprefix(at).partition(".")
            moved[f"{int(number) + 1}.{rest}"] = layers[name]
    (tmp_path / "files").mkdir()
    save_file(moved, tmp_path / "files" / "taesd.safetensors")
    both = [model(folder, stable_diffusion()) for folder in (tmp_path, tmp_path / "files")]
    latents = torch.randn(2, 4, 8, 8)
    drawn = [one.sketches.pictures(latents, 0.0) for one in both]
    assert drawn[0] == drawn[1]
    assert drawn[0] != one_by_colours(latents)


def one_by_colours(latents: torch.Tensor) -> list[Image.Image]:
    rough = Model(stable_diffusion(), card("rough"), torch.float32)
    return rough.sketches.pictures(latents, 0.0)


def test_it_counts_in_memory_and_has_the_models_type(tmp_path: Path) -> None:
    decoder = tiny(tmp_path).decoder
    one = model(tmp_path, stable_diffusion().to(dtype=torch.bfloat16), torch.bfloat16)
    assert one.sketches.tiny
    assert {each.dtype for each in one.sketches.tiny.module.parameters()} == {torch.bfloat16}
    more = sum(each.numel() for each in decoder.parameters()) * 2
    assert one.weight == capacity.weight(one.pipeline) + more
    assert len(one.sketches.pictures(torch.randn(2, 4, 8, 8), 0.0)) == 2


# Where there is none


@pytest.mark.parametrize(
    ("preview", "channels", "make", "words"),
    [
        ("taef1", 4, stable_diffusion, "There is no decoder for previews taef1 beside the model"),
        ("taesd", 16, stable_diffusion, "decoder for previews taesd does not fit the model one"),
        ("taesd", 4, flows.flux, "decoder for previews taesd does not fit the model one, whose"),
        ("taesd", 16, flows.qwen_image, "decoder for previews taesd does not fit the model one"),
    ],
)
def test_a_misfit_is_one_sentence_and_the_drawing_goes_on(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    preview: str,
    channels: int,
    make: Callable[[], Any],
    words: str,
) -> None:
    tiny(tmp_path, channels)
    named = dataclasses.replace(card("one"), preview=preview)
    with caplog.at_level(logging.WARNING, "bot.worker.sketches"):
        one = Model(make(), named, torch.float32, library=Library(shelf=str(tmp_path)))
    assert [words in record.message for record in caplog.records] == [True]
    heard = Heard()
    finished(begun(one, heard=heard, **GRID))
    assert last(heard).size == (256, 171)


def test_what_is_slow_beside_a_step_or_has_no_memory_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketches, "_QUICK_S", 0.0)
    tiny(tmp_path)
    one, latents = model(tmp_path, stable_diffusion()), torch.randn(1, 4, 8, 8)
    assert one.sketches.tiny
    fine, rough = one.sketches.pictures(latents, 0.0), one_by_colours(latents)
    assert fine != rough
    assert one.sketches.pictures(latents, 0.0) == rough
    assert one.sketches.pictures(latents, math.inf) == fine

    decoded: list[int] = []
    hook = one.sketches.tiny.module.register_forward_hook(lambda *_: decoded.append(1))
    four = torch.randn(4, 4, 8, 8)
    assert one.sketches.pictures(four, 0.0) == one_by_colours(four)
    assert decoded == [1]
    hook.remove()

    def short(given: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(one.sketches.tiny.module, "forward", short)
    assert one.sketches.pictures(latents, math.inf) == rough
    monkeypatch.undo()
    assert one.sketches.pictures(latents, 1e9) == rough


def test_pictures_are_made_small_where_they_are_decoded(tmp_path: Path) -> None:
    tiny(tmp_path)
    one = model(tmp_path, stable_diffusion())
    picture = one.sketches.pictures(torch.randn(1, 4, 80, 64), math.inf)[0]
    assert picture.size == (256, 320)
