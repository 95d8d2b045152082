"""Which files of a hub repository are fetched: what draws, and nothing beside it."""

from __future__ import annotations

import pytest

from bot.models.repository import NothingFits, Remote, pipeline, single

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": [None, None],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    "requires_safety_checker": True,
}


def files(text: str) -> list[Remote]:
    return [Remote(path, 10) for path in text.split()]


CONFIGS = files("""
    model_index.json unet/config.json vae/config.json text_encoder/config.json
    tokenizer/merges.txt tokenizer/vocab.json scheduler/scheduler_config.json
""")
WEIGHTS = files("""
    unet/diffusion_pytorch_model.safetensors unet/diffusion_pytorch_model.fp16.safetensors
    unet/diffusion_pytorch_model.bin unet/diffusion_pytorch_model.non_ema.safetensors
    vae/diffusion_pytorch_model.safetensors vae/diffusion_pytorch_model.bin
    text_encoder/model.safetensors text_encoder/pytorch_model.fp16.bin
""")
OTHERS = files("""
    README.md .gitattributes v1-5-pruned.ckpt v1-5-pruned-emaonly.safetensors
    safety_checker/model.safetensors safety_checker/config.json text_encoder_2/model.safetensors
    unet/flax_model.msgpack unet/openvino_model.bin unet/model.onnx unet/deep/config.json
    vae_decoder/model.onnx images/example.png text_encoder/training.py
""")


def fetched(found: list[Remote], *, half: bool = False, index: dict | None = None) -> set[str]:
    haul = pipeline("org/model", found, index or INDEX, half=half)
    assert (haul.name, haul.is_folder) == ("model", True)
    assert haul.size == 10 * len(haul.files)
    return {file.path for file in haul.files}


def names(found: list[Remote]) -> set[str]:
    return {file.path for file in found}


def test_of_each_part_one_set_of_weights_is_fetched() -> None:
    assert fetched(CONFIGS + WEIGHTS + OTHERS) == names(CONFIGS) | {
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    }


def test_half_of_the_bits_is_taken_where_it_is_offered() -> None:
    assert fetched(CONFIGS + WEIGHTS + OTHERS, half=True) == names(CONFIGS) | {
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    }


@pytest.mark.parametrize("half", [False, True])
def test_what_there_is_alone_is_taken(half: bool) -> None:
    only = files("""
        unet/diffusion_pytorch_model.fp16.safetensors vae/diffusion_pytorch_model.bin
        text_encoder/pytorch_model.fp16.bin
    """)
    assert fetched(CONFIGS + only, half=half) == names(CONFIGS) | names(only)


def test_shards_come_with_the_list_that_is_theirs() -> None:
    plain = files("""
        unet/diffusion_pytorch_model-00001-of-00002.safetensors
        unet/diffusion_pytorch_model-00002-of-00002.safetensors
        unet/diffusion_pytorch_model.safetensors.index.json
    """)
    half = files("""
        unet/diffusion_pytorch_model-00001-of-00002.fp16.safetensors
        unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors
        unet/diffusion_pytorch_model.safetensors.index.fp16.json
    """)
    other = files("""
        unet/diffusion_pytorch_model-00001-of-00002.non_ema.bin
        unet/diffusion_pytorch_model.bin.index.non_ema.json
        unet/diffusion_pytorch_model.bin.index.json
    """)
    index = {"unet": ["diffusers", "UNet2DConditionModel"]}
    config = files("model_index.json unet/config.json")
    everything = config + plain + half + other
    assert fetched(everything, index=index) == names(config + plain)
    assert fetched(everything, half=True, index=index) == names(config + half)


def test_a_part_without_weights_for_pytorch_is_said() -> None:
    flax = [file for file in CONFIGS + OTHERS if "vae" not in file.path]
    with pytest.raises(NothingFits, match="offers no weights for PyTorch in unet"):
        fetched(flax)


def test_the_only_model_file_is_taken() -> None:
    haul = single("org/model", files("README.md deep/painter.safetensors preview.png"), "")
    assert (haul.name, haul.is_folder) == ("painter.safetensors", False)
    assert names(list(haul.files)) == {"deep/painter.safetensors"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("pytorch_lora_weights.safetensors", "xl-style.safetensors"),
        ("diffusion_pytorch_model.safetensors", "xl-style.safetensors"),
        ("model.ckpt", "xl-style.ckpt"),
        ("style-model.safetensors", "style-model.safetensors"),
        ("flux1-dev-Q4_K_S.gguf", "flux1-dev-Q4_K_S.gguf"),
    ],
)
def test_a_file_whose_name_says_nothing_is_called_like_its_repository(path: str, name: str) -> None:
    assert single("org/xl-style", files(path), "").name == name


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("", "holds several models; add one of these to the command: Q4.gguf, Q8.gguf, a/Q4.gguf."),
        ("Q5.gguf", "has no model file Q5.gguf; add one of these to the command: Q4.gguf,"),
        ("README.md", "has no model file README.md;"),
    ],
)
def test_where_there_are_several_one_has_to_be_named(wanted: str, words: str) -> None:
    there = files("README.md Q8.gguf Q4.gguf a/Q4.gguf")
    with pytest.raises(NothingFits) as caught:
        single("org/model", there, wanted)
    assert words in str(caught.value)
    assert names(list(single("org/model", there, "Q8.gguf").files)) == {"Q8.gguf"}
    assert names(list(single("org/model", there, "a/Q4.gguf").files)) == {"a/Q4.gguf"}


def test_a_repository_of_something_else_is_said() -> None:
    with pytest.raises(NothingFits, match=r"holds no model: neither model_index\.json nor"):
        single("org/data", files("README.md train.parquet"), "")
