"""Somebody copies another file over one whose numbers are in memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bot.bench import memory
from bot.models.cards import ModelCard
from bot.worker import mapped, pipelines
from bot.worker.diffusion import DiffusionEngine
from tests.kit import original, shelves, small
from tests.kit.shelves import lora

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _hushed() -> None:
    pipelines.hush()


def lies_there(place: Path, how: str) -> str:
    """A model of Stable Diffusion 1 in float32, in which a worker draws here."""
    pipe = small.pipeline("sd1")
    if how == "file":
        save_file(original.sd1(pipe), place / "one.safetensors")
        return str(place / "one.safetensors")
    if how == "decoder":
        save_file(original.stored(original.vae(pipe.vae)), place / "other.safetensors")
    pipe.save_pretrained(place / "one")
    return str(place / "one")


def engine(place: Path, source: str, **own: Any) -> DiffusionEngine:
    return shelves.engine(place, ModelCard("one", "one", source, 64, **own))


def drawn(one: DiffusionEngine) -> shelves.Picture:
    return shelves.drawn(one, "one")


def overwrite(place: Path) -> None:
    """As `cp` does, which cuts the file to nothing in between; but first with other numbers, since
    who reads what is no more there does not live to tell."""
    for file in place.rglob("*.safetensors"):
        with file.open("r+b") as stream:
            head = 8 + int.from_bytes(stream.read(8), "little")
            stream.seek(head)
            stream.write(bytes(file.stat().st_size - head))


def cut(place: Path) -> None:
    for file in place.rglob("*.safetensors"):
        file.write_bytes(b"")


@pytest.mark.parametrize("how", ["file", "folder", "decoder"])
def test_a_model_in_memory_draws_what_it_drew(tmp_path: Path, how: str) -> None:
    own = {"vae": "other"} if how == "decoder" else {}
    one = engine(tmp_path, lies_there(tmp_path, how), **own)
    before = drawn(one)
    overwrite(tmp_path)
    assert np.array_equal(drawn(one), before)
    cut(tmp_path)
    assert np.array_equal(drawn(one), before)


def test_a_lora_in_memory_does_what_it_did(tmp_path: Path) -> None:
    one = engine(tmp_path, lies_there(tmp_path, "folder"))
    plain = drawn(one)
    save_file(lora(small.unet("sd1"), "unet.", ".attn"), tmp_path / "style.safetensors")
    outfit = one._models["one"]._adapters.found({"style": 0.3})
    one._models["one"]._adapters.wear(outfit)
    on = drawn_with(one)
    assert not torch.equal(on, torch.zeros_like(on))
    overwrite(tmp_path)
    assert torch.equal(drawn_with(one), on)
    one._models["one"]._adapters.wear(())
    assert np.array_equal(drawn(one), plain)


def drawn_with(one: DiffusionEngine) -> torch.Tensor:
    """All that lies beside the model's own layers."""
    unet = one._models["one"].pipeline.unet
    return torch.cat([each.flatten() for name, each in unet.named_parameters() if "lora" in name])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_weights_are_not_in_memory_twice_meanwhile(tmp_path: Path) -> None:
    count, side, mib = 16, 1024, 64
    tensors = {f"{number}.weight": torch.rand(side, side) for number in range(count)}
    save_file(tensors, tmp_path / "one.safetensors")
    with torch.device("meta"):
        layers = [torch.nn.Linear(side, side, bias=False) for _ in range(count)]
    network = torch.nn.Sequential(*layers)
    network.load_state_dict(load_file(tmp_path / "one.safetensors"), assign=True)
    memory.forget_peak()
    before = memory.held()["rss"]
    mapped.own(network)
    assert memory.held()["peak"] - before < 1.5 * mib
    overwrite(tmp_path)
    state = network.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in tensors.items())
