"""The weights that are shipped, and the export that wrote them: loadable, small, and described."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import (
    StableDiffusionImg2ImgPipeline,
)
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint import (
    StableDiffusionInpaintPipeline,
)
from transformers import CLIPTextModel, CLIPTokenizer

import bot.models
from bot.domain.vocabulary import Vocabulary
from bot.training.captions import every_word
from bot.training.denoiser import new_unet
from bot.training.export import (
    FILE_LIMIT,
    FOLDER_LIMIT,
    TooLarge,
    assemble,
    describe,
    export,
    write_vocabulary,
)
from bot.training.text import new_text_encoder
from bot.training.tokenizer import train_tokenizer

EMBEDDED = Path(bot.models.__file__).parent / "embedded"
FILES = [path for path in EMBEDDED.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers' own notes about its deprecations
        loaded = StableDiffusionPipeline.from_pretrained(EMBEDDED, dtype=torch.float32)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def test_no_file_and_no_folder_is_too_large() -> None:
    assert max(path.stat().st_size for path in FILES) <= FILE_LIMIT
    assert sum(path.stat().st_size for path in FILES) <= FOLDER_LIMIT


def test_no_config_tells_where_it_was_made() -> None:
    for path in FILES:
        if path.suffix == ".json":
            assert "_name_or_path" not in path.read_text(encoding="utf-8"), path


def test_the_vocabulary_says_what_the_weights_know() -> None:
    words = json.loads((EMBEDDED / "vocabulary.json").read_text(encoding="utf-8"))
    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    for key in ("objects", "scenes", "styles", "colours", "counts", "synonyms", "ideas"):
        assert words[key], key
    assert isinstance(words["relations"], list)
    assert set(words["synonyms"].values()) <= set(words["objects"])
    for name in (*words["objects"], *words["synonyms"], *words["scenes"], *words["colours"]):
        whole = name.replace("-", " - ").split()
        assert len(tokenizer.tokenize(name)) == len(whole), f"{name} is not whole tokens"
    spoken = Vocabulary(words=frozenset(words["words"]))
    for phrase in (*words["ideas"], *words["objects"], *words["synonyms"], *words["scenes"]):
        assert spoken.unknown(phrase) == [], phrase
    assert spoken.unknown("a violinist") == ["violinist"]
    for idea in words["ideas"]:
        assert any(name in idea for name in words["objects"]), idea


def test_the_card_names_what_a_card_must_name() -> None:
    card = (EMBEDDED / "README.md").read_text(encoding="utf-8").lower()
    for word in ("licen", "noto", "limits", "synthetic", "shaded rendering", "bot.training"):
        assert word in card, word


def test_the_weights_are_stock_classes_at_the_promised_size(
    pipeline: StableDiffusionPipeline,
) -> None:
    assert type(pipeline.unet) is UNet2DConditionModel
    assert type(pipeline.vae) is AutoencoderTiny
    assert type(pipeline.text_encoder) is CLIPTextModel
    assert pipeline.unet.config.in_channels == 4
    assert pipeline.unet.config.sample_size * pipeline.vae_scale_factor == 128 or (
        pipeline.unet.config.sample_size * 4 == 128
    )


def test_the_weights_draw_the_same_picture_for_the_same_seed(
    pipeline: StableDiffusionPipeline,
) -> None:
    def draw(seed: int) -> torch.Tensor:
        return pipeline(
            "a fox in the forest",
            num_inference_steps=2,
            height=128,
            width=128,
            generator=torch.Generator().manual_seed(seed),
            output_type="pt",
        ).images

    first = draw(1)
    assert first.shape == (1, 3, 128, 128)
    assert first.std() > 0.02
    assert torch.equal(first, draw(1))
    assert not torch.equal(first, draw(2))


def test_the_weights_change_pictures_and_fill_holes(pipeline: StableDiffusionPipeline) -> None:
    source = torch.full((1, 3, 128, 128), 0.5)
    hole = torch.zeros(1, 1, 128, 128)
    hole[..., 64:] = 1
    common = {"num_inference_steps": 2, "strength": 1.0, "output_type": "pt"}
    changed = StableDiffusionImg2ImgPipeline.from_pipe(pipeline, vae=pipeline.vae)
    changed.set_progress_bar_config(disable=True)
    assert changed("a cat", image=source, **common).images.shape == source.shape
    filled = StableDiffusionInpaintPipeline.from_pipe(pipeline, vae=pipeline.vae)
    filled.set_progress_bar_config(disable=True)
    drawn = filled("a cat", image=source, mask_image=hole, height=128, width=128, **common).images
    moved = (drawn - source).abs().mean((0, 1, 2))
    assert moved[96:].mean() > moved[:32].mean()


def _small_parts() -> StableDiffusionPipeline:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(every_word())
    autoencoder = AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8),
        decoder_block_out_channels=(8, 8, 8),
        num_encoder_blocks=(0, 1, 1),
        num_decoder_blocks=(1, 1, 0),
    )
    unet = new_unet((16, 16, 16, 32))
    return assemble(unet, new_text_encoder(len(tokenizer)), tokenizer, autoencoder)


@pytest.mark.filterwarnings("ignore")
def test_an_export_loads_in_diffusers(tmp_path: Path) -> None:
    size = export(_small_parts(), tmp_path)
    write_vocabulary(tmp_path, describe(["cat", "rocket"], ["a cat in space"]))
    assert 0 < size < FOLDER_LIMIT
    loaded = StableDiffusionPipeline.from_pretrained(tmp_path)
    assert loaded.unet.config.cross_attention_dim == loaded.text_encoder.config.hidden_size
    assert loaded.scheduler.config.prediction_type == "v_prediction"
    words = json.loads((tmp_path / "vocabulary.json").read_text(encoding="utf-8"))
    assert {"kitten", "cats", "desert", "please"} <= set(words["words"])
    assert "dog" not in words["words"]
    assert words["synonyms"] == {
        "kitten": "cat",
        "kitty": "cat",
        "spaceship": "rocket",
    }


@pytest.mark.filterwarnings("ignore")
def test_an_export_over_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.training.export.FOLDER_LIMIT", 1000)
    with pytest.raises(TooLarge, match="limit is 1000"):
        export(_small_parts(), tmp_path)
