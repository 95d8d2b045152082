"""Models in diffusers' format as they lie on people's disks: what they draw, or what they lack."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.domain.errors import RenderFailed
from bot.models.cards import card_for
from bot.worker import pipelines
from bot.worker.families.stable_diffusion import StableDiffusion
from bot.worker.library import Library
from tests.kit import small

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _hushed() -> None:
    pipelines.hush()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small.pipeline("sd1").save_pretrained(tmp_path / "one")
    return tmp_path / "one"


def opened(folder: Path, **changes: Any) -> Any:
    card = replace(card_for(str(folder)), **changes)
    return pipelines.open_pipeline(card, torch.float32, Library())


@pytest.mark.parametrize("variant", ["bf16", "non_ema", "fp16"])
def test_weights_of_one_variant_alone_are_drawn_with(folder: Path, variant: str) -> None:
    for file in folder.rglob("*.safetensors"):
        if file.parent.name != "vae":
            file.rename(file.with_suffix(f".{variant}.safetensors"))
    assert torch.equal(small.drawn(opened(folder)), small.drawn(small.pipeline("sd1")))


def test_a_model_without_words_is_not_drawn_with(folder: Path) -> None:
    shutil.rmtree(folder / "tokenizer")
    with pytest.raises(RenderFailed) as caught:
        opened(folder)
    assert str(caught.value) == (
        "The model one is incomplete: there is no vocabulary in tokenizer; copy it again."
    )


def test_a_text_is_read_by_fewer_layers_where_its_model_wants_that(folder: Path) -> None:
    texts = [read_by(opened(folder, clip_skip=count)) for count in (1, 2)]
    plain = small.pipeline("sd1")
    ids = plain.tokenizer("a fox", padding="max_length", max_length=77, return_tensors="pt")
    with torch.no_grad():
        said = plain.text_encoder(ids.input_ids, output_hidden_states=True)
        before = plain.text_encoder.final_layer_norm(said.hidden_states[-2])
    assert torch.equal(texts[0], said.last_hidden_state)
    assert torch.equal(texts[1], before)
    assert not torch.equal(*texts)


def read_by(pipeline: Any) -> torch.Tensor:
    with torch.no_grad():
        return StableDiffusion(pipeline).encode("a fox", negative=False)["text"]


def test_more_layers_than_there_are_cannot_be_skipped(folder: Path) -> None:
    with pytest.raises(RenderFailed) as caught:
        opened(folder, clip_skip=3)
    assert str(caught.value) == (
        "The text encoder of one has 2 layers, so clip_skip can be 2 at most; it is 3."
    )
