"""`python -m bot.worker.converted`: converts the networks of one model for OpenVINO, and ends.

An order (see `bot.worker.child`) is `card` (fields of a ModelCard), `dtype`, `library` (fields of a
Library), `folder` and `model` (of the store).

A process of its own, because tracing holds Python's lock for seconds at a time and takes several
times the memory of the model.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from bot.models.cards import ModelCard
from bot.worker import child, pipelines
from bot.worker.converted import networks, room, runtime
from bot.worker.converted.store import Store
from bot.worker.library import Library

_COPIES = 3
"""The network in float32, traced, and as it is written."""
_LATELY_S = 86_400.0


def convert(order: dict[str, Any]) -> None:
    """Fill the store as ordered. Raises TooSmall, OSError and whatever the libraries raise."""
    torch.set_num_threads(1)
    pipelines.hush()
    warnings.simplefilter("ignore")  # tracing has one for everything that it takes for fixed
    dtype = getattr(torch, order["dtype"])
    card, library = ModelCard(**order["card"]), Library(**order["library"])
    pipeline = pipelines.open_pipeline(card, dtype, library)
    found = networks.networks_of(pipeline)
    key = networks.key_of(networks.identity(pipeline))
    store = Store(Path(order["folder"]))
    size = 4 * sum(each.numel() for part in found.values() for each in part.parameters())
    make_room(store, Path(order["folder"]), size)
    room.require_memory(_COPIES * size)

    def write(place: Path) -> None:
        for name, network in found.items():
            _write(place, name, network.float().eval())

    store.make(order["model"], key, write)


def make_room(store: Store, folder: Path, size: int) -> None:
    """On the disk, if need be of what was not used lately. Raises TooSmall and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        room.require_disk(folder, size)
    except room.TooSmall:
        store.forget(_LATELY_S)
        room.require_disk(folder, size)


def _write(place: Path, name: str, network: torch.nn.Module) -> None:
    openvino = runtime.library()
    module, given = networks.traceable(name, network)
    with torch.no_grad():
        model = openvino.convert_model(module, example_input=given)
    openvino.save_model(model, place / f"{name}.xml", compress_to_fp16=False)


if __name__ == "__main__":
    child.serve(convert)
