"""Models in diffusers' format as they lie on people's disks: what they draw, or what they lack."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.domain.errors import RenderFailed
from bot.models.cards import card_for
from bot.worker import pipelines
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


def opened(folder: Path) -> Any:
    return pipelines.open_pipeline(card_for(str(folder)), torch.float32, Library())


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
