"""LoRAs in the engine: on for a drawing, and off again for the next."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bot.domain.errors import RenderFailed
from bot.models.addons import LORA, Addon
from bot.models.shelf import Shelf, Unused
from bot.worker import adapters, pipelines
from bot.worker.diffusion import DiffusionEngine
from bot.worker.rungs import RUNGS
from tests.kit import original, small
from tests.kit.shelves import card, drawn, engine, far, lora
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _hushed() -> None:
    pipelines.hush()


MODELS = ("sd1", "sdxl", "sd3")


@functools.cache
def pipe_of(model: str) -> Any:
    return small.sd3() if model == "sd3" else small.pipeline(model)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    for name in MODELS:
        save_file(getattr(original, name)(pipe_of(name)), folder / f"{name}.safetensors")
    save_file(lora(pipe_of("sd1").unet, "unet.", ".attn"), folder / "style.v2.safetensors")
    save_file(lora(pipe_of("sd1").unet, "unet.", ".attn", seed=5), folder / "light.safetensors")
    save_file(kohya(pipe_of("sd1").text_encoder), folder / "words.safetensors")
    save_file(lora(pipe_of("sdxl").unet, "unet.", ".attn2"), folder / "wide.safetensors")
    save_file(
        lora(pipe_of("sd3").transformer, "transformer.", ".attn."), folder / "three.safetensors"
    )
    return folder


def kohya(encoder: Any) -> dict[str, torch.Tensor]:
    """The same beside a text encoder, under the names of kohya-ss/sd-scripts."""
    made = {}
    for key, value in lora(encoder, "", "self_attn").items():
        name, _, which = key.removesuffix(".weight").rpartition(".lora_")
        name = f"lora_te_text_model_{name.removeprefix('text_model.').replace('.', '_')}"
        made[f"{name}.lora_{'down' if which == 'A' else 'up'}.weight"] = value
        made[f"{name}.alpha"] = torch.tensor(4.0)
    return made


@pytest.fixture(scope="module")
def one(shelf: Path) -> DiffusionEngine:
    """One engine for most tests: what is put on for one drawing is off for the next."""
    return engine(shelf, *(card(shelf, model) for model in MODELS))


@pytest.mark.parametrize(
    ("model", "name"), [("sd1", "style.v2"), ("sd1", "words"), ("sdxl", "wide"), ("sd3", "three")]
)
def test_pictures_change_by_the_weight_and_the_next_is_as_before(
    one: DiffusionEngine, model: str, name: str
) -> None:
    plain = drawn(one, model)
    little, much = (drawn(one, model, loras={name: weight}) for weight in (0.02, 0.2))
    assert 0 < far(little, plain) < far(much, plain)
    assert np.array_equal(drawn(one, model), plain)
    assert np.array_equal(drawn(one, model, loras={name: 0.0}), plain)
    assert np.array_equal(drawn(one, model, loras={name: 0.2}), much)


def high(one: DiffusionEngine, *names: str) -> DiffusionEngine:
    """The engine, whose memory turned out to be short before its model was first loaded."""
    drawn(one)
    learned = one._models["sd1"].ladder.learned
    for rung in RUNGS:
        if rung.name in names:
            learned.want(rung, 0)
    return one


@pytest.mark.parametrize(
    "place",
    [
        "group offloading",
        *(
            pytest.param(f"{kind}offloading", marks=pytest.mark.slow)
            for kind in ("", "sequential ")
        ),
    ],
)
def test_weights_may_rest_elsewhere_and_be_small(
    one: DiffusionEngine, shelf: Path, place: str
) -> None:
    exact = drawn(one, loras={"style.v2": 0.02})
    offloaded = high(engine(shelf, card(shelf)), place)
    for _ in range(2):
        assert np.array_equal(drawn(offloaded, loras={"style.v2": 0.02}), exact)
        assert np.array_equal(drawn(offloaded), drawn(one))
    small = high(engine(shelf, card(shelf)), "8-bit weights", place)
    much, none = drawn(small, loras={"style.v2": 0.02}), drawn(small)
    assert 0 < far(much, exact) < far(much, none)
    # Its own numbers are not in 8 bits, which is seen where it comes first.
    first = engine(shelf, card(shelf))
    drawn(first, loras={"style.v2": 0.02})
    assert np.array_equal(drawn(high(first, "8-bit weights"), loras={"style.v2": 0.02}), much)


def test_what_was_drawn_before_changes_nothing(one: DiffusionEngine, shelf: Path) -> None:
    drawn(one, loras={"style.v2": 0.2})
    assert np.array_equal(drawn(one), drawn(engine(shelf, card(shelf))))


def test_several_add_up_whatever_their_order(one: DiffusionEngine) -> None:
    both = drawn(one, loras={"style.v2": 0.1, "light": 0.1})
    assert far(drawn(one, loras={"light": 0.1, "style.v2": 0.1}), both) < 1
    for name in ("style.v2", "light"):
        assert far(drawn(one, loras={name: 0.1}), both) > 1


def test_drawings_with_and_without_take_turns_at_every_step(one: DiffusionEngine) -> None:
    asked: list[dict[str, Any]] = [
        {"loras": {"style.v2": 0.2}}, {}, {"loras": {"words": 0.2}}, {"loras": {"style.v2": 0.1}}
    ]  # fmt: skip
    alone = [drawn(one, **more) for more in asked]
    common: dict[str, Any] = {"width": 16, "height": 16, "steps": 2, "model": "sd1"}
    runs = [
        one.begin(attempt(f"{number}", (0,), **common, **more), lambda _: None, lambda: False)
        for number, more in enumerate(asked)
    ]
    assert len({run.company for run in runs}) == 4
    while not all(run.done for run in runs):
        for run in runs:
            one.step([run])
    for run, picture in zip(runs, alone, strict=True):
        [image] = one.retire(run)
        assert np.array_equal(np.asarray(image, dtype=int), picture)


def test_equal_ones_share_a_forward(one: DiffusionEngine) -> None:
    common: dict[str, Any] = {"width": 16, "height": 16, "model": "sd1", "loras": {"light": 0.2}}
    companies = {
        one.begin(attempt(job, (0,), **common), lambda _: None, lambda: False).company
        for job in "ab"
    }
    assert len(companies) == 1


def test_more_than_are_kept_in_memory_can_be_used(
    one: DiffusionEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "KEPT", 1)
    wanted: list[dict[str, float]] = [
        {"style.v2": 0.2}, {"light": 0.2}, {"words": 0.2, "light": 0.1}
    ]  # fmt: skip
    first = [drawn(one, loras=each) for each in wanted]
    for each, before in zip(wanted, first, strict=True):
        assert np.array_equal(drawn(one, loras=each), before)


@pytest.mark.parametrize("before", ["base_model.model.", "base_model.model.unet.", ""])
@pytest.mark.parametrize("behind", [".weight", ".default.weight"])
def test_matrices_may_be_called_as_peft_calls_them(
    one: DiffusionEngine, shelf: Path, before: str, behind: str
) -> None:
    named = {
        f"{before}{name.removeprefix('unet.').removesuffix('.weight')}{behind}": matrix
        for name, matrix in lora(pipe_of("sd1").unet, "unet.", ".attn", seed=5).items()
    }
    save_file(named, shelf / "by peft.safetensors")
    expected = drawn(one, loras={"light": 0.2})
    assert np.array_equal(drawn(one, loras={"by_peft": 0.2}), expected)


def locon(unet: Any, rank: int = 4) -> dict[str, torch.Tensor]:
    """Beside every convolution of 3 × 3 of a residual block, under the names of LyCORIS."""
    random, made = torch.Generator().manual_seed(3), {}
    for name, module in unet.named_modules():
        if ".conv" in name and "resnets" in name and module.kernel_size == (3, 3):
            at = f"lora_unet_{name.replace('.', '_')}"
            for part, shape in {
                "down": (rank, module.in_channels, 1, 1),
                "mid": (rank, rank, 3, 3),
                "up": (module.out_channels, rank, 1, 1),
            }.items():
                made[f"{at}.lora_{part}.weight"] = torch.randn(shape, generator=random) * 0.3
            made[f"{at}.alpha"] = torch.tensor(rank / 2)
    return made


def test_convolutions_in_three_parts_are_what_they_are_together(
    one: DiffusionEngine, shelf: Path
) -> None:
    matrices, changed = locon(pipe_of("sd1").unet), small.pipeline("sd1")
    save_file(matrices, shelf / "locon.safetensors")
    for name, module in changed.unet.named_modules():
        at = f"lora_unet_{name.replace('.', '_')}.lora_"
        if f"{at}mid.weight" in matrices:
            down, mid, up = (matrices[f"{at}{part}.weight"] for part in ("down", "mid", "up"))
            product = torch.einsum("oa,abhw,bi->oihw", up[:, :, 0, 0], mid, down[:, :, 0, 0])
            module.weight.data += 0.5 * product
    save_file(original.sd1(changed), shelf / "together.safetensors")
    wanted = drawn(engine(shelf, card(shelf, "together")), "together")
    picture = drawn(one, loras={"locon": 1.0})
    assert far(picture, wanted) < 0.5
    assert far(picture, drawn(one)) > 5


@pytest.mark.parametrize("name", ["kept.ckpt", "kept.pt", "kept.bin"])
def test_one_may_be_a_pickle(one: DiffusionEngine, shelf: Path, name: str) -> None:
    matrices = kohya(pipe_of("sd1").text_encoder)
    torch.save({"state_dict": matrices} if "ckpt" in name else matrices, shelf / name)
    [listed] = Shelf(shelf).everything(lambda there: there == name)
    assert listed == Addon("kept", shelf / name, LORA, (), {})
    worn = drawn(one, loras={"kept": 0.2})
    assert np.array_equal(worn, drawn(one, loras={"words": 0.2}))
    torch.save({**matrices, "more": os.mkdir}, shelf / name)
    [listed] = Shelf(shelf).everything(lambda there: there == name)
    assert isinstance(listed, Unused)
    assert "holds more than weights (posix.mkdir)" in listed.why
    (shelf / name).unlink()


def test_a_damaged_one_is_not_laid_at_the_models_door(one: DiffusionEngine, shelf: Path) -> None:
    plain = drawn(one)
    matrices = lora(pipe_of("sd1").unet, "unet.", ".attn")
    next(iter(matrices.values()))[0, 0] = float("nan")
    save_file(matrices, shelf / "broken.safetensors")
    with pytest.raises(RenderFailed) as caught:
        drawn(one, loras={"broken": 0.2})
    said = "The LoRA broken is damaged: it holds what are no numbers."
    assert (caught.value.code, str(caught.value)) == ("bad_input", said)
    assert np.array_equal(drawn(one), plain)
    assert not one._models._wide


def test_a_file_is_the_same_though_it_was_read_and_another_within_the_second(
    shelf: Path, tmp_path: Path
) -> None:
    file = tmp_path / "changing.safetensors"
    save_file(lora(pipe_of("sd1").unet, "unet.", ".attn"), file)
    save_file(original.sd1(pipe_of("sd1")), tmp_path / "sd1.safetensors")
    one = engine(tmp_path, card(tmp_path))
    at = file.stat().st_mtime_ns
    before = drawn(one, loras={"changing": 0.2})
    os.utime(file, ns=(at + 10**12, at))
    assert np.array_equal(drawn(one, loras={"changing": 0.2}), before)
    assert len(one._models["sd1"]._adapters._loaded) == 1
    save_file(lora(pipe_of("sd1").unet, "unet.", ".attn", seed=9), file)
    os.utime(file, ns=(at, at + 1))
    assert far(drawn(one, loras={"changing": 0.2}), before) > 1


def test_a_file_that_is_another_now_is_read_again(shelf: Path, tmp_path: Path) -> None:
    file = tmp_path / "changing.safetensors"
    save_file(lora(pipe_of("sd1").unet, "unet.", ".attn"), file)
    save_file(original.sd1(pipe_of("sd1")), tmp_path / "sd1.safetensors")
    one = engine(tmp_path, card(tmp_path))
    before = drawn(one, loras={"changing": 0.2})
    save_file(lora(pipe_of("sd1").unet, "unet.", ".attn", rank=2, seed=9), file)
    assert far(drawn(one, loras={"changing": 0.2}), before) > 1


@pytest.mark.parametrize(
    ("model", "name", "words"),
    [
        ("sd1", "nobody", "There is no LoRA nobody beside the models."),
        ("sd1", "../shelf/light", "There is no LoRA ../shelf/light beside the models."),
        ("sd1", "sdxl", "There is no LoRA sdxl beside the models."),
        ("sdxl", "style.v2", "The LoRA style.v2 does not fit the model sdxl."),
        ("sd1", "wide", "The LoRA wide does not fit the model sd1."),
        ("sd3", "style.v2", "The LoRA style.v2 does not fit the model sd3."),
        (
            "sd3",
            "flux",
            "The LoRA flux is made for FLUX.1 and does not fit the model sd3.",
        ),
    ],
)
def test_one_of_another_family_is_a_sentence(
    one: DiffusionEngine, shelf: Path, model: str, name: str, words: str
) -> None:
    flux = "transformer.single_transformer_blocks.0.attn.to_q.lora_"
    weights = {f"{flux}A.weight": torch.ones(4, 64), f"{flux}B.weight": torch.ones(64, 4)}
    save_file(weights, shelf / "flux.safetensors")
    plain = drawn(one, model)
    with pytest.raises(RenderFailed) as caught:
        drawn(one, model, loras={name: 0.5})
    code = "lora_gone" if words.startswith("There is no LoRA") else "bad_input"
    assert (caught.value.code, str(caught.value)) == (code, words)
    assert np.array_equal(drawn(one, model), plain)


# Numbers that are too large


def strong(shelf: Path, by: float) -> str:
    matrices = lora(pipe_of("sd1").unet, "unet.", ".attn")
    save_file({name: by * each for name, each in matrices.items()}, shelf / f"by{by:g}.safetensors")
    return f"by{by:g}"


@pytest.mark.slow
def test_one_that_overflows_half_precision_leaves_its_model_in_it(shelf: Path) -> None:
    half, full = (engine(shelf, card(shelf), dtype=dtype) for dtype in ("float16", "float32"))
    worn: Any = {"loras": {strong(shelf, 300): 1.0}}
    plain = drawn(half)
    assert half.drawn_by("sd1").endswith("float16")
    assert np.array_equal(drawn(half, **worn), drawn(full, **worn))
    assert half.drawn_by("sd1").endswith("float32")
    assert np.array_equal(drawn(half), plain)
    assert half.drawn_by("sd1").endswith("float16")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_one_that_overflows_everything_is_to_blame(shelf: Path, dtype: str) -> None:
    one = engine(shelf, card(shelf), dtype=dtype)
    with pytest.raises(RenderFailed) as caught:
        drawn(one, loras={strong(shelf, 1e25): 1.0})
    said = "The model sd1 gives a black picture with by1e+25 of such weight even in float32: give"
    assert caught.value.code == "bad_input"
    assert str(caught.value) == f"{said} less weight to LoRAs."
    drawn(one)
    assert one.drawn_by("sd1").endswith(dtype)
