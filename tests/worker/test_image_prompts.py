"""Pictures as prompts: what an IP-Adapter changes, and that nothing of it is left behind."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.models import addons
from bot.models.cards import ModelCard
from bot.worker import diffusion, image_prompts, pipelines
from bot.worker.diffusion import DiffusionEngine
from bot.worker.rungs import RUNGS
from tests.kit import original, small
from tests.kit.runs import drawn_by
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore")

SEEN = 24
"""Numbers in what the encoder makes of a picture."""
WIDTH = 32
BLUE, RED = (
    imaging.encode_tile(Image.new("RGB", (40, 24), colour)) for colour in ((0, 0, 200), (200, 0, 0))
)
Picture = np.ndarray[Any, Any]


@pytest.fixture(autouse=True, scope="module")
def _hushed() -> None:
    pipelines.hush()


def adapter(unet: Any, patches: bool) -> dict[str, torch.Tensor]:
    """Random matrices for every attention to text, as the makers name them."""
    random = torch.Generator().manual_seed(3)
    context = unet.config.cross_attention_dim
    made: dict[str, torch.Tensor] = {}
    attending = [each for name, each in unet.named_modules() if name.endswith("attn2")]
    for number, module in enumerate(attending):
        out = module.to_k.out_features
        for which in "kv":
            key = f"ip_adapter.{2 * number + 1}.to_{which}_ip.weight"
            made[key] = torch.randn(out, context, generator=random)
    if patches:
        layers = {"proj.0": (WIDTH, WIDTH), "proj.2": (context, WIDTH)}
        norm = "proj.3"
    else:
        layers, norm = {"proj": (4 * context, SEEN)}, "norm"
    for name, shape in layers.items():
        made[f"image_proj.{name}.weight"] = torch.randn(shape, generator=random)
        made[f"image_proj.{name}.bias"] = torch.zeros(shape[0])
    made |= {f"image_proj.{norm}.weight": torch.ones(context)}
    return made | {f"image_proj.{norm}.bias": torch.zeros(context)}


def eye() -> dict[str, torch.Tensor]:
    config = CLIPVisionConfig(
        hidden_size=WIDTH, num_attention_heads=16, num_hidden_layers=2, intermediate_size=WIDTH,
        image_size=32, patch_size=16, projection_dim=SEEN,
    )  # fmt: skip
    torch.manual_seed(0)
    return original.stored(CLIPVisionModelWithProjection(config).state_dict())


@pytest.fixture(scope="module", params=["sd1", "sdxl"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model called "one", an adapter and an image encoder."""
    place = tmp_path_factory.mktemp(request.param)
    pipe = small.pipeline(request.param)
    save_file(getattr(original, request.param)(pipe), place / "one.safetensors")
    save_file(adapter(pipe.unet, request.param == "sdxl"), place / "any.safetensors")
    save_file(eye(), place / "name.safetensors")
    return place


def engine(folder: Path) -> DiffusionEngine:
    card = ModelCard("one", "one", str(folder / "one.safetensors"), 64)
    options = {"cards": [asdict(card)], "device": "cpu", "dtype": "float32", "shelf": str(folder)}
    return diffusion.create(options)


@pytest.fixture(scope="module")
def one(folder: Path) -> DiffusionEngine:
    return engine(folder)


def asked(job: str = "job", **more: Any) -> Any:
    plain: dict[str, Any] = {"width": 16, "height": 16, "steps": 2, "model": "one"}
    return attempt(job, (0, 1), inputs={"blue": BLUE, "red": RED}, **plain | more)


def drawn(one: DiffusionEngine, **more: Any) -> Picture:
    images = drawn_by(one, asked(**more))
    return np.asarray([np.asarray(image, dtype=int) for image in images])


def far(one: Picture, other: Picture) -> float:
    return float(np.abs(one - other).mean())


def test_pictures_change_by_the_weight_and_the_next_is_as_before(one: DiffusionEngine) -> None:
    plain = drawn(one)
    little, much = (drawn(one, images=[["blue", weight]]) for weight in (0.05, 1.0))
    assert 0 < far(little, plain) < far(much, plain)
    assert np.array_equal(drawn(one), plain)
    assert np.array_equal(drawn(one, images=[["blue", 1.0]]), much)
    assert far(drawn(one, images=[["red", 1.0]]), much) > 0
    assert far(drawn(one, images=[["red", 1.0], ["blue", 1.0]]), much) > 0


def test_a_heavier_picture_counts_as_if_it_were_there_several_times(one: DiffusionEngine) -> None:
    weighed = drawn(one, images=[["red", 1.5], ["blue", 0.5]])
    alike = drawn(one, images=[["red", 1.0], ["blue", 1.0]])
    assert np.array_equal(weighed, drawn(one, images=[["red", 1.0]] * 3 + [["blue", 1.0]]))
    assert far(weighed, alike) > 0


def test_a_style_acts_by_one_layer_where_it_is_known(one: DiffusionEngine) -> None:
    blue = [["blue", 1.0]]
    plain, whole = drawn(one), drawn(one, images=blue)
    style = drawn(one, images=blue, style=True)
    assert far(style, plain) > 0
    assert far(style, whole) > 0
    assert np.array_equal(drawn(one, images=blue), whole)
    assert np.array_equal(drawn(one), plain)


def test_a_style_acts_by_all_layers_where_none_is_known() -> None:
    plain, attending = SimpleNamespace(), SimpleNamespace(attentions=[1, 2, 3])
    sdxl = SimpleNamespace(up_blocks=[attending, attending, plain])
    sd1 = SimpleNamespace(up_blocks=[plain, attending, attending, attending])
    assert image_prompts._scale(sdxl, (0.5, True)) == {"up": {"block_0": [0.0, 0.5, 0.0]}}
    assert image_prompts._scale(sdxl, (0.5, False)) == 0.5
    assert image_prompts._scale(sd1, (0.5, True)) == 0.5


def test_the_card_says_whether_pictures_can_be_prompts(
    folder: Path, one: DiffusionEngine, tmp_path: Path
) -> None:
    drawn(one)
    assert one.loaded()["one"]["image_prompts"] is True
    (tmp_path / "one.safetensors").symlink_to(folder / "one.safetensors")
    (tmp_path / "any.safetensors").symlink_to(folder / "any.safetensors")
    bare = engine(tmp_path)
    drawn(bare)
    assert bare.loaded()["one"]["image_prompts"] is False


def test_weights_may_rest_elsewhere(one: DiffusionEngine, folder: Path) -> None:
    plain, blue = drawn(one), drawn(one, images=[["blue", 1.0]])
    for rung in RUNGS:
        if rung.place:
            high = engine(folder)
            drawn(high)
            high._models["one"].ladder.learned.want(rung, 0)
            for _ in range(2):
                assert np.array_equal(drawn(high, images=[["blue", 1.0]]), blue)
                assert np.array_equal(drawn(high), plain)


def test_drawings_with_and_without_take_turns_at_every_step(one: DiffusionEngine) -> None:
    many: list[dict[str, Any]] = [
        {"images": [["blue", 0.5]]}, {}, {"images": [["blue", 1.0]], "guidance": 1.0}
    ]  # fmt: skip
    alone = [drawn(one, **more) for more in many]
    runs = [
        one.begin(asked(str(number), **more), lambda _: None, lambda: False)
        for number, more in enumerate(many)
    ]
    while not all(run.done for run in runs):
        for run in runs:
            one.step([run])
    for run, pictures in zip(runs, alone, strict=True):
        images = one.retire(run)
        assert np.array_equal([np.asarray(image, dtype=int) for image in images], pictures)


def test_what_is_missing_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "any"):
        (tmp_path / f"{name}.safetensors").symlink_to(folder / f"{name}.safetensors")
    bare = engine(tmp_path)
    with pytest.raises(RenderFailed, match="The IP-Adapter any needs its image encoder beside"):
        drawn(bare, images=[["blue", 1.0]])
    (tmp_path / "any.safetensors").unlink()
    with pytest.raises(RenderFailed, match="There is no IP-Adapter for one beside the models"):
        drawn(bare, images=[["blue", 1.0]])
    with pytest.raises(RenderFailed, match="The image picture was not handed over"):
        drawn(engine(folder), images=[["gone", 1.0]])


def test_memory_that_runs_out_as_one_is_loaded_is_not_its_fault(
    one: DiffusionEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blue, fresh = drawn(one, images=[["blue", 1.0]]), engine(folder)
    plain = drawn(fresh)
    pipeline = fresh._models["one"].pipeline
    real, short = pipeline.load_ip_adapter, [True]

    def load(*given: Any, **more: Any) -> None:
        if short:
            short.pop()
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        real(*given, **more)

    monkeypatch.setattr(pipeline, "load_ip_adapter", load)
    assert np.array_equal(drawn(fresh, images=[["blue", 1.0]]), blue)
    assert np.array_equal(drawn(fresh), plain)


def test_both_are_told_by_their_tensors(folder: Path) -> None:
    kinds = {one.key: one.kind for one in addons.inside(folder)}
    assert kinds == {"any": "IP-Adapter", "name": "image encoder (CLIP)"}
