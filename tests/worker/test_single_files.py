"""One file of weights and nothing else on this disk, and no network: what it draws."""

from __future__ import annotations

import socket
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from bot.domain.errors import RenderFailed
from bot.models.cards import ModelCard, card_for
from bot.worker import pipelines, tokenizers
from bot.worker.library import Library
from tests.kit import original, small

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """More would wait for each other where the machine is busy."""
    pipelines.hush()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("there is no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def opened(file: Path, **card: Any) -> Any:
    found = card_for(str(file)) if not card else ModelCard("x", file.stem, str(file), 64, **card)
    return pipelines.open_pipeline(found, torch.float32, Library(cache_dir=str(file.parent / "c")))


# CLIP's words


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("A  Photo\nof a CAT", [320, 1125, 539, 320, 2368]),
        ("a diagram", [320, 22697]),
        ("hello world!", [3306, 1002, 256]),
        ("it's 1984", [585, 568, 272, 280, 279, 275]),
        ("", []),
    ],
)
def test_a_text_is_the_tokens_that_clip_was_taught_with(text: str, ids: list[int]) -> None:
    assert tokenizers.clip(77, 49407)(text).input_ids == [49406, *ids, 49407]


@pytest.mark.parametrize("padding", [0, 49407])
def test_a_text_is_filled_up_and_cut(padding: int) -> None:
    one = tokenizers.clip(77, padding)
    short = one("a cat", padding="max_length", truncation=True).input_ids
    assert short == [49406, 320, 2368, 49407] + [padding] * 73
    long = one("cat " * 200, padding="max_length", truncation=True).input_ids
    assert (len(long), long[-1]) == (77, 49407)


# Families


@pytest.mark.parametrize("family", ["sd1", "sd2", "sd2-base", "sdxl"])
def test_a_file_alone_draws_what_its_pipeline_drew(tmp_path: Path, family: str) -> None:
    own = small.pipeline(family)
    layout = getattr(original, family.removesuffix("-base"))
    file = tmp_path / ("base.safetensors" if family == "sd2-base" else "model.safetensors")
    save_file(layout(own), file)
    pipe = opened(file)
    assert type(pipe) is type(own)
    assert pipe.scheduler.config.prediction_type == own.scheduler.config.prediction_type
    assert type(pipe.scheduler) is type(own.scheduler)
    assert torch.equal(small.drawn(pipe), small.drawn(own))
    assert not torch.equal(small.drawn(pipe, "a dog"), small.drawn(own))
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_checkpoint_of_2022_draws_beside_a_pickled_callback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = small.pipeline("sd1")
    module = types.ModuleType("pytorch_lightning")
    kind = type("ModelCheckpoint", (), {"__module__": "pytorch_lightning"})
    vars(module)["ModelCheckpoint"] = kind
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pytorch_lightning", module)
        torch.save(
            {"state_dict": original.sd1(own), "callbacks": {kind: {"best": 1}}},
            tmp_path / "sd-v1-4.ckpt",
        )
    assert torch.equal(small.drawn(opened(tmp_path / "sd-v1-4.ckpt")), small.drawn(own))


def test_a_velocity_model_of_sdxls_kin_says_so_by_an_empty_tensor(tmp_path: Path) -> None:
    weights = original.sdxl(small.pipeline("sdxl")) | {"v_pred": torch.ones(1)}
    save_file(weights, tmp_path / "noob.safetensors")
    config = opened(tmp_path / "noob.safetensors").scheduler.config
    assert config.prediction_type == "v_prediction"
    assert config.timestep_spacing == "trailing"


def test_configs_beside_a_file_win_over_the_box(tmp_path: Path) -> None:
    own = small.pipeline("sd1")
    save_file(original.sd1(own), tmp_path / "mine.safetensors")
    own.scheduler = small.library.EulerDiscreteScheduler.from_config(own.scheduler.config)
    own.save_pretrained(tmp_path / "mine")
    for weights in (tmp_path / "mine").rglob("*.safetensors"):
        weights.unlink()
    assert type(opened(tmp_path / "mine.safetensors").scheduler) is type(own.scheduler)


def test_what_the_box_does_not_have_is_named(tmp_path: Path) -> None:
    weights = original.sd1(small.pipeline("sd1"))
    key = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
    weights[key] = weights[key][:1000].clone()
    save_file(weights, tmp_path / "odd.safetensors")
    with pytest.raises(RenderFailed, match="into a folder odd beside it"):
        opened(tmp_path / "odd.safetensors")
