"""`python -m bot.worker.converted`: converts the networks of one model for OpenVINO, and ends.

The first line of standard input is one JSON object: `card` (fields of a ModelCard), `dtype`,
`library` (fields of `bot.worker.library.Library`), `folder` and `model` (of the store). The rest
of the input only tells that the worker lives: when it ends, so does this process. Standard output
is one JSON object with `error`, a sentence, empty where everything went well.

A process of its own, because tracing holds Python's lock for seconds at a time and takes several
times the memory of the model. It gives way to drawing, and is the first to go where memory runs
out.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import torch

from bot.models.cards import ModelCard
from bot.worker import pipelines
from bot.worker.causes import cause
from bot.worker.converted import networks, room, runtime
from bot.worker.converted.store import Store
from bot.worker.library import Library

log = logging.getLogger(__name__)

_NICENESS = 5
"""Beyond the worker's own: with much more it would not get on beside one that always draws."""
_COPIES = 3
"""The network in float32, traced, and as it is written."""


def convert(order: dict[str, Any]) -> None:
    """Fill the store as ordered. Raises TooSmall, OSError and whatever the libraries raise."""
    pipelines.hush()
    warnings.simplefilter("ignore")  # tracing has one for everything that it takes for fixed
    dtype = getattr(torch, order["dtype"])
    card, library = ModelCard(**order["card"]), Library(**order["library"])
    pipeline = pipelines.open_pipeline(card, dtype, library)
    found = networks.networks_of(pipeline)
    key = networks.key_of(networks.identity(pipeline))
    folder = Path(order["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    size = 4 * sum(each.numel() for part in found.values() for each in part.parameters())
    room.require_disk(folder, size)
    room.require_memory(_COPIES * size)

    def write(place: Path) -> None:
        for name, network in found.items():
            _write(place, name, network.float().eval())

    Store(folder).make(order["model"], key, write)


def _write(place: Path, name: str, network: torch.nn.Module) -> None:
    openvino = runtime.library()
    module, given = networks.traceable(name, network)
    with torch.no_grad():
        model = openvino.convert_model(module, example_input=given)
    openvino.save_model(model, place / f"{name}.xml", compress_to_fp16=False)


def _step_back() -> None:
    torch.set_num_threads(1)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print
    _step_back()
    try:
        convert(order)
        error = ""
    except Exception as raised:
        log.exception("the networks of %s cannot be converted", order["card"]["name"])
        error = cause(raised)
    said.write(json.dumps({"error": error}))
    said.flush()
    os._exit(0)  # the thread that reads holds the input


if __name__ == "__main__":
    main()
