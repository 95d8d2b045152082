"""Single files of smaller kin, and of other tools: the same pixels as their pipelines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from bot.models import box, single
from bot.models.cards import card_for
from bot.worker import pipelines
from bot.worker.diffusion import DiffusionEngine
from bot.worker.library import Library
from tests.kit import flows, original, small
from tests.kit.runs import far
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore")
WIDE: dict[str, Any] = {
    "cross_attention_dim": 3 * small.WIDTH,
    "projection_class_embeddings_input_dim": 6 * 256 + 2 * small.WIDTH,
}


def opened(file: Path) -> Any:
    pipelines.hush()
    return pipelines.open_pipeline(card_for(str(file)), torch.float32, Library())


@pytest.mark.parametrize(
    "changes",
    [
        {
            "mid_block_type": "UNetMidBlock2D",
            "layers_per_block": 2,
            "transformer_layers_per_block": [1, 2],
            "reverse_transformer_layers_per_block": [[2, 2, 4], 1],
        },
        {"mid_block_type": None, "transformer_layers_per_block": [1, 2]},
        {
            "layers_per_block": 2,
            "transformer_layers_per_block": [1, 2],
            "reverse_transformer_layers_per_block": [[2, 2, 4], 1],
        },
    ],
    ids=["SSD-1B", "KOALA", "deeper on the way up"],
)
def test_smaller_kin_of_xl_draw_what_their_pipelines_draw(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    own = small.pipeline("sdxl")
    torch.manual_seed(1)
    own.register_modules(unet=small.unet("sdxl", **WIDE | changes))
    save_file(original.sdxl(own), tmp_path / "small.safetensors")
    assert torch.equal(small.drawn(opened(tmp_path / "small.safetensors")), small.drawn(own))


def test_a_decoder_may_lie_where_another_tool_puts_it(tmp_path: Path) -> None:
    """Files of FLUX.1 with all that belongs to it have their decoder under `vae.`."""
    own = small.pipeline("sd1")
    tensors = {
        name.replace("first_stage_model.", "vae."): tensor
        for name, tensor in original.sd1(own).items()
    }
    save_file(tensors, tmp_path / "all.safetensors")
    assert torch.equal(small.drawn(opened(tmp_path / "all.safetensors")), small.drawn(own))
    shapes = {name: tuple(each.shape) for name, each in tensors.items()}
    found = single.published(shapes, "all")
    assert found
    configs = box.configs_for(found, shapes)
    assert configs
    assert not configs.missing


def test_cosxl_draws_along_its_own_levels(tmp_path: Path) -> None:
    own = small.pipeline("sdxl")
    marks = {
        "edm_vpred.sigma_max": torch.tensor(120.0),
        "edm_vpred.sigma_min": torch.tensor(0.002),
    }
    save_file(original.sdxl(own) | marks, tmp_path / "cosxl.safetensors")
    own.scheduler = small.library.EDMEulerScheduler(
        sigma_min=0.002, sigma_max=120.0, sigma_data=1.0, prediction_type="v_prediction"
    )
    pipe = opened(tmp_path / "cosxl.safetensors")
    assert pipe.scheduler.config.sigma_max == pytest.approx(120.0)
    assert far(small.drawn(pipe), small.drawn(own)) < 1e-4
    own.scheduler = published_scheduler()
    assert far(small.drawn(pipe), small.drawn(own)) > 1e-2


def test_velocity_may_be_told_beside_the_tensors(tmp_path: Path) -> None:
    own = small.pipeline("sdxl")
    said = {"modelspec.prediction_type": "v"}
    save_file(original.sdxl(own), tmp_path / "noob.safetensors", metadata=said)
    config = opened(tmp_path / "noob.safetensors").scheduler.config
    assert (config.prediction_type, config.rescale_betas_zero_snr) == ("v_prediction", True)
    save_file(original.sd2(small.pipeline("sd2")), tmp_path / "two.safetensors", metadata=said)
    config = opened(tmp_path / "two.safetensors").scheduler.config
    assert (config.prediction_type, config.timestep_spacing) == ("v_prediction", "leading")


def published_scheduler() -> Any:
    config = box.published_configs("sdxl")["scheduler/scheduler_config.json"]
    return small.library.EulerDiscreteScheduler.from_config(config)


@pytest.mark.parametrize(
    ("name", "prediction"),
    [("sdxl_lightning_1step_x0", "sample"), ("sdxl_lightning_4step", "epsilon")],
)
def test_lightning_in_one_step_predicts_the_picture(
    tmp_path: Path, name: str, prediction: str
) -> None:
    save_file(original.sdxl(small.pipeline("sdxl")), tmp_path / f"{name}.safetensors")
    card = card_for(str(tmp_path / f"{name}.safetensors"))
    engine = DiffusionEngine({card.id: card}, "cpu", "float32", more={"speed": "eager"})
    run = engine.begin(
        attempt(model=card.id, steps=1, sampler="euler", indices=(0,), guidance=0.0),
        lambda _: None, lambda: False,
    )  # fmt: skip
    config = run.path.scheduler.config  # type: ignore[attr-defined]
    assert (config.prediction_type, config.timestep_spacing) == (prediction, "trailing")


@pytest.mark.parametrize("before", ["", "model.diffusion_model.", "diffusion_model."])
@pytest.mark.parametrize("made", [flows.qwen_image, flows.z_image, flows.chroma])
def test_a_transformer_alone_may_have_its_place_before_its_names(
    tmp_path: Path, made: Callable[[], Any], before: str
) -> None:
    own = made()
    own.save_pretrained(tmp_path / "mine")
    for file in (tmp_path / "mine" / "transformer").glob("*.safetensors"):
        file.unlink()
    tensors = original.stored(original.under(before, own.transformer.state_dict()))
    save_file(tensors, tmp_path / "mine.safetensors")
    read = opened(tmp_path / "mine.safetensors").transformer.state_dict()
    assert all(torch.equal(read[name], each) for name, each in own.transformer.state_dict().items())


@pytest.fixture(scope="module")
def xl(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A pipeline, and the folder in which all of it lies but its network, as "mine"."""
    own, folder = small.pipeline("sdxl"), tmp_path_factory.mktemp("xl")
    own.save_pretrained(folder / "mine")
    for file in (folder / "mine" / "unet").glob("*.safetensors"):
        file.unlink()
    return folder, own


@pytest.mark.parametrize("before", ["model.diffusion_model.", "diffusion_model.", ""])
def test_so_may_a_network_of_xl(xl: tuple[Path, Any], before: str) -> None:
    folder, own = xl
    tensors = {
        name.replace("model.diffusion_model.", before): each
        for name, each in original.unet(own.unet).items()
    }
    save_file(original.stored(tensors), folder / "mine.safetensors")
    assert torch.equal(small.drawn(opened(folder / "mine.safetensors")), small.drawn(own))
