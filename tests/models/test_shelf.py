"""MODELS_DIR: what lies in it, by names, headers and configs made by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.models.addons import UPSCALER, Addon
from bot.models.cards import EMBEDDED_CARD, card_for
from bot.models.shelf import Model, Shelf, Unused
from tests.kit.sources import FIRST, SD, XL, checkpoint, folder, weights, whole


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "models").mkdir()
    return Shelf(tmp_path / "models")


def models(shelf: Shelf) -> dict[str, Model]:
    return {one.key: one for one in shelf.everything() if isinstance(one, Model)}


def unused(shelf: Shelf) -> dict[str, str]:
    return {one.name: one.why for one in shelf.everything() if isinstance(one, Unused)}


def sd(path: Path) -> Path:
    return weights(path, {FIRST: [320, 4, 3, 3], SD: [320, 768]})


# What is a model


def test_files_and_folders_have_cards_of_what_they_hold(shelf: Shelf) -> None:
    sd(shelf.folder / "painter.safetensors")
    weights(shelf.folder / "Wide.SAFETENSORS", {XL: [640, 2048]})
    checkpoint(shelf.folder / "sd-v1-4.ckpt")
    sd(shelf.folder / "renamed.ckpt")
    whole(shelf.folder / "xl-lightning-4step", "unet", "vae", "text_encoder")
    cards = {key: one.card for key, one in models(shelf).items()}
    assert {key: (card.family, card.native, card.steps) for key, card in cards.items()} == {
        "painter": ("sd", 512, 30),
        "Wide": ("sdxl", 1024, 30),
        "sd-v1-4": ("sd", 512, 30),
        "renamed": ("sd", 512, 30),
        "xl-lightning-4step": ("sdxl", 1024, 4),
    }
    assert unused(shelf) == {}
    assert cards["painter"].id == card_for(str(shelf.folder / "painter.safetensors")).id


def test_the_configs_of_a_single_file_are_no_model(shelf: Shelf) -> None:
    sd(shelf.folder / "alone.safetensors")
    sd(shelf.folder / "LOUD.SAFETENSORS")
    for name in ("alone", "LOUD", "configs"):
        folder(shelf.folder / name, index={"unet": ["diffusers", "UNet2DConditionModel"]})
    assert list(models(shelf)) == ["alone", "LOUD"]
    assert unused(shelf) == {}


def test_the_other_parts_of_a_quantised_file_are_no_model(shelf: Shelf) -> None:
    header = b"GGUF" + (3).to_bytes(4, "little") + bytes(16)
    (shelf.folder / "flux.gguf").write_bytes(header + bytes(8))
    whole(shelf.folder / "flux", "vae")
    assert unused(shelf) == {"flux.gguf": "holds no weights"}
    assert models(shelf) == {}


def test_what_has_nothing_to_do_with_models_is_passed_over(shelf: Shelf) -> None:
    for name in ("README.md", ".hidden.safetensors", "preview.png"):
        (shelf.folder / name).write_text("x")
    (shelf.folder / "models--org--name").mkdir()
    (shelf.folder / "folder.pt").mkdir()
    for name in ("pipe.safetensors", "pipe.bin"):
        os.mkfifo(shelf.folder / name)
    assert shelf.everything() == []


@pytest.mark.parametrize("place", ["nowhere", "file"])
def test_a_folder_that_is_not_there_is_empty(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    shelf = Shelf(tmp_path / place)
    assert shelf.everything() == []
    assert shelf.model("org/name", {}).card == card_for("org/name")


def test_its_weight_is_that_of_all_its_files(shelf: Shelf) -> None:
    file = weights(shelf.folder / "a.safetensors", {SD: [320, 768]}, payload=1000)
    whole(shelf.folder / "b", "unet")
    heavy = models(shelf)
    assert heavy["a"].disk_bytes() == file.stat().st_size
    files = [path for path in (shelf.folder / "b").rglob("*") if path.is_file()]
    assert heavy["b"].disk_bytes() == sum(path.stat().st_size for path in files)
    assert shelf.model("org/name", {}).disk_bytes() is None


KOHYA = "lora_unet_x_1_transformer_blocks_0_attn2_to_k.lora_down.weight"


# What is not used, and why


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"lycoris_mid_block.hada_w1_a": [4, 4]}, "is a LyCORIS of a kind that is not used"),
        (
            {"bundle_emb.me.string_to_param.*": [2, 768], "lora_unet_x.lora_up.weight": [4, 4]},
            "is a LoRA that brings words of its own (bundle_emb), which are not read",
        ),
        (
            {"bundle_emb.me.clip_l": [2, 768], "bundle_emb.me.clip_g": [2, 1280], KOHYA: [8, 2048]},
            "is a LoRA that brings words of its own",
        ),
        ({"image_proj.x": [4], "ip_adapter.1.x": [4]}, "is an IP-Adapter of a kind that is not"),
        ({"blk.0.attn_q.weight": [4, 4]}, "is a language model or a text encoder in a form"),
        ({"control_model.input_blocks.0.0.weight": [4, 4]}, "is a ControlNet"),
        ({"first_stage_model.decoder.conv_in.weight": [4, 4]}, "a decoder (VAE) alone, of a kind"),
        ({"decoder.conv_in.weight": [4], "quant_conv.bias": [4]}, "a decoder (VAE) alone, of a"),
        ({"a.scale_weight": [1], FIRST: [320, 4, 3, 3]}, "eight bits with scales of their own"),
        ({FIRST: [320, 8, 3, 3], SD: [320, 768]}, "changes given pictures"),
        ({}, "holds no weights"),
    ],
)
def test_files_of_other_kinds_are_told_by_their_tensors(
    shelf: Shelf, tensors: dict[str, list[int]], words: str
) -> None:
    weights(shelf.folder / "x.safetensors", tensors)
    assert words in unused(shelf)["x.safetensors"]
    assert models(shelf) == {}


DECODER = {
    "decoder.conv_in.weight": [512, 16, 3, 3],
    "encoder.down.0.block.0.conv1.weight": [128, 128, 3, 3],
}
SPEAKER = {
    "text_model.embeddings.token_embedding.weight": [49408, 768],
    "text_model.embeddings.position_embedding.weight": [77, 768],
    "text_model.encoder.layers.0.mlp.fc1.weight": [3072, 768],
}
PREVIEWER = "decoder for previews (TAESD)"


def tiny(at: str, first: int, channels: int = 4) -> dict[str, list[int]]:
    """A decoder of previews, with its blocks as all of them have them."""
    counts, names = (3, 3, 3, 1), [f"{at}{first}.weight"]
    place = first + 2
    for number, count in enumerate(counts):
        names += [f"{at}{place + block}.conv.0.weight" for block in range(count)]
        place += count + (number < 3)
        names.append(f"{at}{place}.weight")
        place += 1
    return {name: [64, 64, 3, 3] for name in names} | {
        names[0]: [64, channels, 3, 3], names[-1]: [3, 64, 3, 3]
    }  # fmt: skip


T5 = {
    "shared.weight": [32128, 4096],
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": [32, 64],
    "encoder.block.0.layer.0.SelfAttention.q.weight": [4096, 4096],
    "encoder.block.0.layer.1.DenseReluDense.wi_0.weight": [10240, 4096],
}


@pytest.mark.parametrize(
    ("tensors", "kind", "fits"),
    [
        (DECODER, "decoder (VAE)", ("sd3", "flux")),
        ({f"first_stage_model.{key}": each for key, each in DECODER.items()}, "decoder (VAE)",
         ("sd3", "flux")),
        (DECODER | {"decoder.conv_in.weight": [512, 4, 3, 3]}, "decoder (VAE)",
         ("sd1", "sd2", "sdxl")),
        (tiny("decoder.layers.", 0), PREVIEWER, ("sd1", "sd2", "sdxl")),
        (tiny("decoder.layers.", 0) | {"encoder.layers.0.weight": [64, 3, 3, 3]}, PREVIEWER,
         ("sd1", "sd2", "sdxl")),
        (tiny("", 1, 16), PREVIEWER, ("sd3", "flux")),
        (SPEAKER, "text encoder (CLIP)", ("sd1", "sdxl", "sd3", "flux")),
        (T5, "text encoder (T5)", ("sd3", "flux")),
        ({KOHYA: [8, 768]}, "LoRA", ("sd1",)),
        ({KOHYA: [8, 1024]}, "LoRA", ("sd2",)),
        ({KOHYA: [8, 2048]}, "LoRA", ("sdxl",)),
        ({"unet.x.0.attn2.to_k.lora_A.weight": [8, 2048]}, "LoRA", ("sdxl",)),
        ({"unet.x.attn2.processor.to_k_lora.down.weight": [8, 768]}, "LoRA", ("sd1",)),
        ({"lora_te2_text_model.lora_up.weight": [8, 8]}, "LoRA", ("sdxl",)),
        ({"lora_unet_double_blocks_0_img_attn_proj.lora_up.weight": [8, 8]}, "LoRA", ("flux",)),
        ({"double_blocks.0.processor.qkv_lora1.down.weight": [8, 8]}, "LoRA", ("flux",)),
        ({"transformer.transformer_blocks.0.attn.add_q_proj.lora_A.weight": [8, 8]}, "LoRA",
         ("sd3",)),
        ({"lora_unet_mid.lora_up.weight": [4, 4]}, "LoRA", ()),
        ({"image_proj.proj.weight": [8, 1024], "ip_adapter.1.to_k_ip.weight": [8, 768]},
         "IP-Adapter", ("sd1",)),
        ({"image_proj.proj_in.weight": [8, 1280], "ip_adapter.1.to_k_ip.weight": [8, 2048]},
         "IP-Adapter", ("sdxl",)),
        ({"params_ema.conv_first.weight": [64, 3, 3, 3]}, UPSCALER, ()),
        ({"model.1.sub.0.RDB1.conv1.0.weight": [32, 64, 3, 3]}, UPSCALER, ()),
        ({"body.0.rdb1.conv1.weight": [32, 64, 3, 3]}, UPSCALER, ()),
        ({"emb_params": [2, 768]}, "embedding", ("sd1",)),
        ({"<cat-toy>": [1024]}, "embedding", ("sd2",)),
        ({"clip_l": [2, 768], "clip_g": [2, 1280]}, "embedding", ("sdxl",)),
    ],
)  # fmt: skip
def test_what_models_are_drawn_with_is_told_by_its_tensors(
    shelf: Shelf, tensors: dict[str, list[int]], kind: str, fits: tuple[str, ...]
) -> None:
    file = weights(shelf.folder / "any name.safetensors", tensors)
    [one] = shelf.everything()
    assert isinstance(one, Addon)
    assert (one.key, one.path, one.kind, one.fits) == ("any name", file, kind, fits)


@pytest.mark.parametrize(
    ("tensors", "family", "steps"),
    [
        (
            {
                "double_blocks.0.img_attn.proj.weight": [3072, 3072],
                "img_in.weight": [3072, 64],
                "txt_in.weight": [3072, 4096],
                "vector_in.in_layer.weight": [3072, 768],
            },
            "flux",
            4,
        ),
        (
            {
                "x_embedder.proj.weight": [1536, 16, 2, 2],
                "joint_blocks.23.x_block.attn.proj.weight": [1536, 1536],
                "final_layer.linear.weight": [64, 1536],
                "context_embedder.weight": [1536, 4096],
                "y_embedder.mlp.0.weight": [1536, 2048],
                "pos_embed": [1, 36864, 1536],
            },
            "sd3",
            28,
        ),
    ],
)
@pytest.mark.parametrize("place", ["", "model.diffusion_model."])
def test_transformers_are_known_by_their_header(
    shelf: Shelf, tensors: dict[str, list[int]], family: str, steps: int, place: str
) -> None:
    weights(shelf.folder / "x.safetensors", {place + key: each for key, each in tensors.items()})
    card = models(shelf)["x"].card
    assert (card.family, card.steps, card.native) == (family, steps, 1024)


def test_transformers_that_change_pictures_are_no_models(shelf: Shelf) -> None:
    tensors = {
        "double_blocks.0.img_attn.proj.weight": [3072, 3072],
        "img_in.weight": [3072, 384],
        "txt_in.weight": [3072, 4096],
        "vector_in.in_layer.weight": [3072, 768],
        "guidance_in.in_layer.weight": [3072, 256],
    }
    weights(shelf.folder / "fill.safetensors", tensors)
    assert "changes given pictures" in unused(shelf)["fill.safetensors"]


def test_a_header_that_nearly_makes_sense_is_no_end(shelf: Shelf) -> None:
    for number, tensors in enumerate((DECODER, SPEAKER, T5)):
        halved = dict(list(tensors.items())[:-1])
        weights(shelf.folder / f"{number}.safetensors", halved)
    weights(
        shelf.folder / "x.safetensors", {"joint_blocks.0.x": [1], "x_embedder.proj.weight": [4]}
    )
    assert len(shelf.everything()) == 4


@pytest.mark.parametrize("names", [["emb_params"], ["clip_g", "clip_l"]])
def test_an_embedding_without_a_width_is_no_end(shelf: Shelf, names: list[str]) -> None:
    sd(shelf.folder / "painter.safetensors")
    weights(shelf.folder / "odd.safetensors", {name: [] for name in names})
    assert "painter" in models(shelf)


def test_a_model_that_holds_a_decoder_and_encoders_too_is_one(shelf: Shelf) -> None:
    tensors = {SD: [320, 768], "first_stage_model.decoder.x": [4], "text_encoders.clip_g.x": [4]}
    weights(shelf.folder / "x.safetensors", tensors)
    assert list(models(shelf)) == ["x"]


def test_kinds_that_are_not_used_yet_are_said(shelf: Shelf) -> None:
    (shelf.folder / "style.pt").write_bytes(b"PK")
    assert "take it as .safetensors" in unused(shelf)["style.pt"]


def test_damaged_and_half_copied_files_are_said(shelf: Shelf) -> None:
    cut = weights(shelf.folder / "cut.safetensors", {SD: [320, 768]}, payload=3 << 20)
    cut.write_bytes(cut.read_bytes()[: 2 << 20])
    archive = checkpoint(shelf.folder / "cut.ckpt")
    archive.write_bytes(archive.read_bytes()[:-30])
    (shelf.folder / "page.ckpt").write_bytes(b"<!DOCTYPE html>")
    (shelf.folder / "empty.safetensors").write_bytes(b"")
    (shelf.folder / "cut.gguf").write_bytes(b"GGUF\3\0\0\0")
    (shelf.folder / "endless.gguf").write_bytes(b"GGUF\3\0\0\0" + b"\xff" * 16)
    (shelf.folder / "page.gguf").write_bytes(b"<html>")
    said = unused(shelf)
    assert said["cut.gguf"].startswith("is damaged: its header cannot be read")
    assert said["endless.gguf"].startswith("is damaged: its header cannot be read")
    assert said["page.gguf"].startswith("is a web page")
    assert "is cut off: it should have 3.0 MiB" in said["cut.safetensors"]
    assert said["cut.ckpt"] == "is cut off or damaged; download it again"
    assert "is a web page" in said["page.ckpt"]
    assert "is empty" in said["empty.safetensors"]
    assert models(shelf) == {}


def test_a_folder_that_is_not_all_there_is_said(shelf: Shelf) -> None:
    for name in ("good", "none", "cut", "shards"):
        whole(shelf.folder / name, "unet", "vae")
    (shelf.folder / "none" / "vae" / "model.safetensors").unlink()
    damaged = shelf.folder / "cut" / "unet" / "model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    unet = shelf.folder / "shards" / "unet"
    (unet / "model.safetensors").rename(unet / "model-00002-of-00003.safetensors")
    folder(shelf.folder / "nameless")
    (shelf.folder / "nameless" / "model_index.json").write_text('{"_class_na')
    said = unused(shelf)
    assert list(models(shelf)) == ["good"]
    assert said["none"] == "is incomplete: there are no weights in vae; copy it again"
    assert "is damaged: unet/model.safetensors is cut off" in said["cut"]
    assert said["shards"] == "is incomplete: files are missing in unet; copy it again"
    assert "holds no model_index.json that names a pipeline" in said["nameless"]


def test_one_set_of_shards_that_is_whole_suffices(shelf: Shelf) -> None:
    unet = whole(shelf.folder / "two", "unet") / "unet"
    (unet / "model.safetensors").rename(unet / "model.fp16-00001-of-00002.safetensors")
    weights(unet / "model.fp16-00002-of-00002.safetensors", {"b": [1]})
    weights(unet / "model-00001-of-00002.safetensors", {"a": [1]})
    (unet / "model.safetensors.index.fp16.json").write_text("{}")
    assert list(models(shelf)) == ["two"]


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs Linux's /proc")
def test_a_file_that_the_disk_refuses_is_said(shelf: Shelf) -> None:
    # What lies at address 0 cannot be read: as on a failing disk.
    (shelf.folder / "lost.safetensors").symlink_to("/proc/self/mem")
    (shelf.folder / "lost.toml").symlink_to("/proc/self/mem")
    assert unused(shelf) == {"lost.safetensors": "cannot be read: Input/output error"}
    one = shelf.model("lost", {})
    assert one.card.native == 512
    assert one.troubles == ("lost.toml cannot be read: Input/output error.",)


@pytest.mark.parametrize(
    "config",
    [
        {"sample_size": 64, "block_out_channels": 5},
        {"sample_size": 10**30, "block_out_channels": [1, 2]},
        {"sample_size": -64, "block_out_channels": [1]},
        {"sample_size": [64, 64], "block_out_channels": "four"},
        {"_class_name": ["EDM"]},
        {"_class_name": None, "timestep_spacing": {}},
        {"in_channels": "nine"},
    ],
)
def test_configs_that_make_no_sense_raise_nothing(shelf: Shelf, config: dict[str, Any]) -> None:
    odd = whole(shelf.folder / "odd", "unet")
    for part in ("unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"):
        (odd / part).write_text(json.dumps(config))
    assert len(shelf.everything()) == 1
    assert shelf.model("odd", {}).card.native == 1024


@pytest.mark.parametrize(
    "entry",
    [
        "5",
        "null",
        '{"shape": [4]}',
        '{"shape": [4], "data_offsets": [0]}',
        '{"shape": [4], "data_offsets": [0, "all"]}',
        '{"shape": [[1], [2]], "data_offsets": [0, 0]}',
        '{"shape": [4, Infinity], "data_offsets": [0, 0]}',
        "[" * 100_000,
    ],
)
def test_a_header_that_makes_no_sense_is_damage(shelf: Shelf, entry: str) -> None:
    header = f'{{"{SD}": {entry}}}'.encode()
    file = shelf.folder / "odd.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    assert "its header cannot be read" in unused(shelf)[file.name]
    assert shelf.model("odd", {}).card.native == 512


def test_a_tensor_of_another_shape_than_the_familys_says_nothing(shelf: Shelf) -> None:
    weights(shelf.folder / "odd.safetensors", {SD: [4]})
    assert models(shelf)["odd"].card.native == 512


# NAME.toml


def test_what_a_toml_beside_it_says_wins_over_the_files(shelf: Shelf) -> None:
    sd(shelf.folder / "painter.safetensors")
    (shelf.folder / "painter.toml").write_text(
        'name = "The Painter"\nsteps = 12\nguidance = 5\nsampler = "euler_a"\nnative = 640\n'
        'licence = "CreativeML Open RAIL-M"\n'
    )
    for one in (models(shelf)["painter"], shelf.model("painter", {})):
        card = one.card
        assert (card.name, card.steps, card.guidance) == ("The Painter", 12, 5)
        assert (card.sampler, card.native) == ("euler_a", 640)
        assert card.licence == "CreativeML Open RAIL-M"
        assert card.family == "sd"
        assert card.stem == "painter"
        assert one.troubles == ()
    assert unused(shelf) == {}


def test_a_toml_with_a_slip_leaves_the_model_its_own_card(shelf: Shelf) -> None:
    sd(shelf.folder / "painter.safetensors")
    (shelf.folder / "painter.toml").write_text('name = "The Painter"\nsteps = "many"\n')
    for one in (models(shelf)["painter"], shelf.model("painter", {})):
        assert one.card == card_for(str(shelf.folder / "painter.safetensors"))
        assert one.own == {}
        [said] = one.troubles
        assert said == ("painter.toml: steps is 'many'; it should be a whole number from 1 to 200.")


def test_a_sampler_that_does_not_fit_is_ignored_with_a_word(shelf: Shelf) -> None:
    whole(shelf.folder / "flow", "transformer", "vae", kind="FluxPipeline")
    sd(shelf.folder / "painter.safetensors")
    for name in ("flow", "painter"):
        (shelf.folder / f"{name}.toml").write_text('sampler = "euler_a"\nsteps = 12\n')
    for flow in (models(shelf)["flow"], shelf.model("flow", {})):
        assert (flow.card.draws_by, flow.card.steps) == ("default", 12)
        assert flow.notices == [
            "flow draws by its own sampler only, so sampler = euler_a is ignored."
        ]
    assert models(shelf)["painter"].notices == []


def test_a_toml_without_its_model_is_said(shelf: Shelf) -> None:
    sd(shelf.folder / "painter.safetensors")
    (shelf.folder / "paintre.toml").write_text("steps = 3\n")
    said = unused(shelf)
    assert said["paintre.toml"] == "has no effect: there is no model paintre beside it"


# MODEL


def test_model_may_be_a_stem_a_file_name_or_a_path(shelf: Shelf) -> None:
    file = sd(shelf.folder / "painter.safetensors")
    (shelf.folder / "painter.toml").write_text("steps = 12\n")
    for text in (
        "painter",
        "painter.safetensors",
        str(file),
        f"{file.parent}/../models/{file.name}",
    ):
        one = shelf.model(text, {})
        assert (one.key, one.card.steps) == ("painter", 12)
        assert one.card.id == card_for(str(file)).id


def test_the_settings_win_over_the_toml(shelf: Shelf) -> None:
    sd(shelf.folder / "painter.safetensors")
    (shelf.folder / "painter.toml").write_text('steps = 12\nname = "P"\n')
    one = shelf.model("painter", {"steps": 5})
    assert (one.card.steps, one.card.name) == (5, "P")
    assert one.own == {"steps": 5, "name": "P"}


def test_of_two_files_of_one_stem_the_safetensors_is_meant(shelf: Shelf) -> None:
    checkpoint(shelf.folder / "a.ckpt")
    sd(shelf.folder / "a.safetensors")
    assert sorted(models(shelf)) == ["a", "a.ckpt"]
    assert shelf.model("a", {}).card.source.endswith("a.safetensors")
    assert shelf.model("a.ckpt", {}).card.source.endswith("a.ckpt")


def test_the_embedded_model_keeps_its_name(shelf: Shelf) -> None:
    sd(shelf.folder / "embedded.safetensors")
    for text in ("", "embedded"):
        assert shelf.model(text, {}).card == EMBEDDED_CARD
        assert shelf.model(text, {}).key == "embedded"
    assert list(models(shelf)) == ["embedded.safetensors"]


def test_what_exists_as_a_path_means_that(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sd(shelf.folder / "mine.safetensors")
    whole(tmp_path / "mine", "unet")
    assert shelf.model("mine", {}).card == card_for("mine")
    assert shelf.model("mine", {}).card.family == "sdxl"
    assert list(models(shelf)) == ["mine.safetensors"]


def test_two_names_of_one_folder_are_two_rows(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(shelf.folder / "one", "unet")
    (shelf.folder / "two").symlink_to("one")
    assert list(models(shelf)) == ["one", "two"]
    monkeypatch.chdir(shelf.folder)  # where both names are paths
    assert list(models(shelf)) == ["one", str(shelf.folder / "two")]


def test_what_is_no_model_is_refused_by_any_of_its_names(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(whole(tmp_path / "here", "unet"))
    (tmp_path / "elsewhere.ckpt").write_bytes(b"<!DOCTYPE html>")
    (shelf.folder / "page.ckpt").write_bytes(b"<!DOCTYPE html>")
    (shelf.folder / "embedded.pt").write_bytes(b"PK")
    (shelf.folder / "style.pt").write_bytes(b"PK")
    sd(shelf.folder / "fine.safetensors")
    for text in ("page", "page.ckpt", f"{shelf.folder / 'page.ckpt'}"):
        assert shelf.refusal(text).startswith("page.ckpt is a web page")
    assert shelf.refusal(f"{tmp_path / 'elsewhere.ckpt'}").startswith("elsewhere.ckpt is a web")
    assert shelf.refusal("style").startswith("style.pt is a pickle")
    for text in ("", "embedded", "fine", "nowhere", "some/hub-model", f"{tmp_path / 'here'}"):
        assert shelf.refusal(text) == ""


def test_a_half_copied_file_may_be_named_and_comes_right_by_itself(shelf: Shelf) -> None:
    file = weights(shelf.folder / "late.safetensors", {XL: [640, 2048]}, payload=100)
    whole_file = file.read_bytes()
    file.write_bytes(whole_file[:-50])
    (shelf.folder / "late.toml").write_text("steps = 12\n")
    early = shelf.model("late", {})
    assert (early.card.source, early.card.steps) == (str(file), 12)
    file.write_bytes(whole_file)
    assert shelf.model("late", {}).card.native == 1024
    assert shelf.model("late", {}).card.id == early.card.id


# Decoders for previews


def sd_folder(shelf: Shelf, preview: str, **vae: Any) -> str:
    """The notices of a model whose previews are drawn so."""
    path = whole(shelf.folder / "dream", "unet", "vae", kind="StableDiffusionPipeline")
    (path / "vae" / "config.json").write_text(json.dumps({"latent_channels": 4, **vae}))
    (shelf.folder / "dream.toml").write_text(f'preview = "{preview}"')
    said = models(shelf)["dream"].notices
    assert shelf.model("dream", {}).notices == said
    return " ".join(said)


@pytest.mark.parametrize("name", ["diffusion_pytorch_model", "diffusion_pytorch_model.fp16"])
def test_a_folder_of_diffusers_may_be_one(shelf: Shelf, name: str) -> None:
    (shelf.folder / "taesd").mkdir()
    (shelf.folder / "taesd" / "config.json").write_text('{"_class_name": "AutoencoderTiny"}')
    weights(shelf.folder / "taesd" / f"{name}.safetensors", tiny("decoder.layers.", 0))
    one = next(one for one in shelf.everything() if isinstance(one, Addon))
    assert (one.key, one.kind, one.path) == ("taesd", PREVIEWER, shelf.folder / "taesd")
    assert sd_folder(shelf, "taesd") == ""
    assert models(shelf)["dream"].card.preview == "taesd"


def test_what_is_missing_or_does_not_fit_is_a_notice(shelf: Shelf) -> None:
    rough = "There is no decoder for previews taesd beside the model dream (a folder in"
    assert rough in sd_folder(shelf, "taesd")
    weights(shelf.folder / "taesd3.safetensors", tiny("", 1, 16))
    assert "taesd3 does not fit the model dream, whose latents" in sd_folder(shelf, "taesd3")
    weights(shelf.folder / "taesd.safetensors", tiny("", 1))
    assert sd_folder(shelf, "taesd") == ""
    for other in ({"latent_channels": 8}, {"_class_name": "AutoencoderDC"}):
        assert "taesd does not fit the model dream" in sd_folder(shelf, "taesd", **other)


@pytest.mark.parametrize("change", [{"1.weight": None}, {"6.weight": [64, 64, 3, 3]}])
def test_another_row_of_layers_is_none(shelf: Shelf, change: dict[str, Any]) -> None:
    """As FLUX.2's, which diffusers has no class for."""
    tensors = {name: shape for name, shape in (tiny("", 1) | change).items() if shape}
    weights(shelf.folder / "taesd.safetensors", tensors)
    assert not any(isinstance(one, Addon) for one in shelf.everything())


# What a model is to be drawn with


def test_what_a_toml_names_and_is_not_there_is_a_notice(shelf: Shelf) -> None:
    sd(shelf.folder / "painter.safetensors")
    weights(shelf.folder / "detail.safetensors", {KOHYA: [8, 768]})
    weights(shelf.folder / "soft.vae.safetensors", DECODER)
    toml = shelf.folder / "painter.toml"
    toml.write_text('vae = "soft.vae.safetensors"\nloras = { detail = 0.7 }\n')
    assert models(shelf)["painter"].notices == []
    toml.write_text('vae = "hard"\nembeddings = ["easy"]\nloras = { detial = 0.7, detail = 1 }\n')
    said = [
        f"There is no {what} beside the model painter, which is to be drawn with it."
        for what in ("decoder (VAE) hard", "embedding easy", "LoRA detial")
    ]
    assert models(shelf)["painter"].notices == said
    assert shelf.model("painter", {}).notices == said
