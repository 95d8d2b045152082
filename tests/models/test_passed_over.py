"""What lies in MODELS_DIR and looks like a model, or keeps others from being seen: it is said."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest

from bot.models.cards import card_for
from bot.models.shelf import Model, Shelf, Unused
from bot.models.watch import Watch
from tests.kit.sources import FIRST, SD, weights, whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With one good model in it."""
    (tmp_path / "models").mkdir()
    weights(tmp_path / "models" / "good.safetensors", {FIRST: [320, 4, 3, 3], SD: [320, 768]})
    return tmp_path / "models"


def said(folder: Path) -> dict[str, str]:
    """Why each is not used; the good model is served all the same, by the list and the bot."""
    everything = Shelf(folder).everything()
    assert [one.key for one in everything if isinstance(one, Model)] == ["good"]
    look = Watch(Shelf(folder), "", {}).look()
    assert look is not None
    assert [one.key for one in look.others] == ["good"]
    found = [one for one in everything if isinstance(one, Unused)]
    assert list(look.unused) == found
    return {one.name: one.why for one in found}


@pytest.mark.parametrize("target", ["loop.safetensors", "/nowhere/at/all.safetensors"])
def test_a_link_that_leads_nowhere(folder: Path, target: str) -> None:
    (folder / "loop.safetensors").symlink_to(target)
    assert "is a link that leads nowhere" in said(folder)["loop.safetensors"]


def test_a_link_that_comes_right_is_a_model(folder: Path, tmp_path: Path) -> None:
    (folder / "away.safetensors").symlink_to(tmp_path / "drive" / "x.safetensors")
    watch = Watch(Shelf(folder), "", {})
    watch.look()
    (tmp_path / "drive").mkdir()
    (folder / "good.safetensors").rename(tmp_path / "drive" / "x.safetensors")
    looks = [look for look in (watch.look(), watch.look(), watch.look()) if look]
    assert [one.key for one in looks[-1].others] == ["away"]
    assert list(looks[-1].unused) == []


@pytest.mark.parametrize("name", [b"caf\xe9.safetensors", b"\x83\x82.pth", b"style\xff"])
def test_a_name_that_is_no_text(folder: Path, name: bytes) -> None:
    place = os.fsencode(folder) + b"/" + name
    os.makedirs(place) if b"." not in name else (folder / "x").write_bytes(b"x")
    if b"." in name:
        os.rename(folder / "x", place)
    [(shown, why)] = said(folder).items()
    assert shown == name.decode("utf-8", "replace")
    assert "are not UTF-8: rename it" in why


@pytest.mark.parametrize(
    ("deep", "found"),
    [
        ("checkpoints/x.safetensors", "x.safetensors"),
        ("loras/style/x.pt", "style/x.pt"),
        ("models--org--x/snapshots/abc/model_index.json", "snapshots/abc"),
        ("sdxl/inner/model_index.json", "inner"),
        ("sd/unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.safetensors"),
    ],
)
def test_a_folder_that_is_not_looked_into(folder: Path, deep: str, found: str) -> None:
    (folder / deep).parent.mkdir(parents=True)
    (folder / deep).write_text("{}")
    name = deep.partition("/")[0]
    assert f"without model_index.json, so {found} in it is not looked at" in said(folder)[name]


def test_a_folder_without_models_is_nobodys_business(folder: Path) -> None:
    (folder / "t5").mkdir()
    (folder / "t5" / "tokenizer.json").write_text("{}")
    (folder / "captions").mkdir()
    (folder / "captions" / "config.json").write_text('{"model_type": "blip"}')
    (folder / "captions" / "model.safetensors").write_bytes(b"x")
    assert said(folder) == {}


NOTHING = "holds nothing that is known to draw pictures; if it does, put its other parts into a"


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"model.layers.0.self_attn.q_norm.weight": [128]}, NOTHING),
        ({"vision_model.head.probe": [1, 1, 1152]}, NOTHING),
        ({"down_blocks.0.motion_modules.0.temporal_transformer.proj_in.weight": [4, 4]}, NOTHING),
        ({"adapter.body.0.resnets.0.block1.weight": [4, 4, 3, 3]}, NOTHING),
        ({"768.0.linear.0.weight": [4, 4]}, NOTHING),
        ({"blocks.0.self_attn.q.weight": [4, 4], "patch_embedding.weight": [4, 4]}, NOTHING),
        ({"double_blocks.0.img_attn_qkv.weight": [4, 4]}, NOTHING),
        ({"oft_unet_x.oft_blocks": [4, 4]}, NOTHING),
        ({"emb_params": [8, 768], "sd": [1]}, NOTHING),
        ({"lora_unet_x.lora_down.weight": [4, 4], "lora_unet_x.dora_scale": [4, 1]}, "is a DoRA"),
        ({"double_blocks.0.img_attn.proj.weight.absmax": [4], "img_in.weight": [4, 1]}, "packed"),
        ({"transformer_blocks.0.attn.to_q.qweight": [4, 4]}, "packed numbers of a kind"),
        (
            {
                "shared.weight": [32128, 4096],
                "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": [32, 64],
                "encoder.block.0.layer.0.SelfAttention.q.weight": [4096, 4096],
                "encoder.block.0.layer.0.SelfAttention.q.scale_weight": [],
                "encoder.block.0.layer.1.DenseReluDense.wi_0.weight": [10240, 4096],
                "scaled_fp8": [2],
            },
            "eight bits with scales of their own, which are not read",
        ),
    ],
)
def test_a_file_of_weights_that_draws_nothing(
    folder: Path, tensors: dict[str, list[int]], words: str
) -> None:
    file = weights(folder / "x.safetensors", tensors)
    assert words in said(folder)["x.safetensors"]
    assert words in Shelf(folder).refusal("x")
    assert words in Shelf(folder).refusal(str(file))


@pytest.mark.parametrize(
    "name",
    [
        "model.diffusion_model.layers.0.x_embedder.weight model.diffusion_model.cap_embedder.0.w",
        "transformer_blocks.0.attn.to_q.weight txt_norm.weight",
        "distilled_guidance_layer.in_proj.weight double_blocks.0.img_attn.proj.weight",
        "input_blocks.0.0.weight",
        "conv_in.weight down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight",
        "double_stream_blocks.0.block.adaLN_modulation.1.weight",
        "edm_mean model.diffusion_model.input_blocks.0.0.weight",
    ],
)
def test_a_denoiser_of_any_family_is_a_model(folder: Path, name: str) -> None:
    weights(folder / "x.safetensors", {each: [4, 4] for each in name.split()})
    assert {one.key for one in Shelf(folder).everything() if isinstance(one, Model)} == {
        "good", "x",
    }  # fmt: skip


def test_who_puts_its_other_parts_beside_it_says_that_it_is_a_model(folder: Path) -> None:
    weights(folder / "x.safetensors", {"new.kind.weight": [4, 4]})
    whole(folder / "x")
    assert "x" in {one.key for one in Shelf(folder).everything() if isinstance(one, Model)}


def pickled(file: Path, *names: str) -> Path:
    """As `torch.save` writes a table."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"state_dict": dict.fromkeys(names)}, 2))
    return file


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["encoder.conv_in.weight", "quant_conv.bias"], "decoder (VAE) alone: take it as .safe"),
        (["first_stage_model.decoder.conv_in.weight"], "decoder (VAE) alone: take it as .safe"),
        (["lora_unet_x.lora_down.weight"], "is a LoRA: take it as .safetensors"),
        (["control_model.input_blocks.0.0.weight"], "is a ControlNet"),
        (["string_to_param"], "holds no model that is known"),
    ],
)
def test_a_checkpoint_that_is_a_part_of_one(folder: Path, names: list[str], words: str) -> None:
    pickled(folder / "x.ckpt", *names)
    assert words in said(folder)["x.ckpt"]


def test_a_checkpoint_is_a_model_with_all_that_is_in_it(folder: Path) -> None:
    names = [SD, FIRST, "first_stage_model.decoder.conv_in.weight", "model_ema.decay"]
    file = pickled(folder / "sd-v1-4.ckpt", *names)
    assert Shelf(folder).refusal("sd-v1-4") == ""
    assert card_for(str(file)).family == "sd"
