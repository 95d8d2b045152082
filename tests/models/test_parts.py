"""A folder in diffusers' format, of which something is missing or damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.models import facts, parts
from bot.models.shelf import Model, Shelf, Unused
from tests.kit.sources import weights, whole

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n"


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """As they are published, without weights that mean anything."""
    folder = whole(tmp_path / "models" / "one", "unet", "vae", "text_encoder")
    index = json.loads((folder / "model_index.json").read_text())
    index |= {"tokenizer": ["transformers", "X"], "scheduler": ["diffusers", "X"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "vocab.json").write_text("{}")
    return folder


def said(folder: Path) -> str:
    [found] = Shelf(folder.parent).everything()
    return found.why if isinstance(found, Unused) else ""


def test_one_that_is_all_there(one: Path) -> None:
    [found] = Shelf(one.parent).everything()
    assert isinstance(found, Model)


def gone(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def written(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def renamed(new: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "unet/model.safetensors").rename(folder / "unet" / new)


def pickled(text: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        (folder / "unet/model.safetensors").unlink()
        (folder / "unet/pytorch_model.bin").write_text(text)

    return change


def half_of_two(folder: Path) -> None:
    """With something else of training beside the shard."""
    renamed("model-00001-of-00002.safetensors")(folder)
    (folder / "unet" / "training_args.bin").write_bytes(b"\x80\x02.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (gone("unet/config.json"), "is incomplete: unet/config.json is missing; copy it again"),
        (gone("text_encoder/config.json"), "incomplete: text_encoder/config.json is missing"),
        (gone("scheduler/scheduler_config.json"), "scheduler/scheduler_config.json is missing"),
        (gone("tokenizer/vocab.json"), "incomplete: there is no vocabulary in tokenizer"),
        (written("vae/config.json", "{broken"), "is damaged: vae/config.json is no JSON"),
        (written("vae/config.json", LFS), "is damaged: vae/config.json is only a pointer of Git"),
        (pickled(""), "is damaged: unet/pytorch_model.bin is empty"),
        (pickled(LFS), "is damaged: unet/pytorch_model.bin is only a pointer of Git LFS"),
        (pickled("PK\x03\x04abc"), "is damaged: unet/pytorch_model.bin is cut off"),
        (renamed("other.safetensors"), "is incomplete: files are missing in unet"),
        (half_of_two, "is incomplete: files are missing in unet"),
        (renamed("model-00001-of-00001.safetensors"), "nothing in unet says which of its files"),
    ],
)
def test_what_is_wrong_is_said(one: Path, change: Callable[[Path], object], words: str) -> None:
    change(one)
    assert words in said(one)


def test_shards_with_their_list_are_whole(one: Path) -> None:
    renamed("model-00001-of-00002.safetensors")(one)
    weights(one / "unet" / "model-00002-of-00002.safetensors", {"b": [1]})
    (one / "unet" / "model.safetensors.index.json").write_text("{}")
    assert said(one) == ""


@pytest.mark.parametrize(
    ("unet", "vae", "taken"),
    [
        (["model"], ["model"], ""),
        (["model", "model.fp16"], ["model.fp16"], "fp16"),
        (["model.bf16"], ["model"], "bf16"),
        (["model.bf16", "model.fp16"], ["model.fp16"], "fp16"),
        (["model.bf16", "model.fp16"], ["model.bf16"], "bf16"),
        (["model.fp16-00001-of-00001"], ["model"], "fp16"),
        (["model.bf16"], ["model.fp16"], ""),
    ],
)
def test_the_variant_that_all_parts_have(
    one: Path, unet: list[str], vae: list[str], taken: str
) -> None:
    for part, names in (("unet", unet), ("vae", vae)):
        (one / part / "model.safetensors").unlink()
        for name in names:
            weights(one / part / f"{name}.safetensors", {"a": [1]})
    found = facts.of_folder(one)
    assert found
    assert parts.variant(one, found) == taken
