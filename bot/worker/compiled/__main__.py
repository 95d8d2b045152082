"""`python -m bot.worker.compiled`: compiles one network for one shape of its calls, and ends.

The first line of standard input is one JSON object: `network` (see `networks.like`), `call` (see
`Call.described`), `folder`, `device` and `backend`. The rest of the input only tells that the
worker lives: when it ends, so does this process. Standard output is one JSON object with `error`, a
sentence, empty where everything went well.

A process of its own, because compiling holds Python's lock for a minute and more. It gives way to
drawing, and takes no memory of the card that drawing could need.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import torch

from bot.worker import pipelines
from bot.worker.causes import cause
from bot.worker.compiled import networks
from bot.worker.compiled.calls import Call
from bot.worker.compiled.shop import Shop

log = logging.getLogger(__name__)

_NICENESS = 5
_SPARE = 2 << 30
"""Bytes of a card that are left to drawing."""


def compile_for(order: dict[str, Any]) -> None:
    """Raises whatever the libraries raise."""
    pipelines.hush()
    device = torch.device(order["device"])
    shop = Shop(Path(order["folder"]), device, order["backend"])
    shop.use()
    _keep_to_what_is_free(device)
    network = networks.like(order["network"], device)
    run = networks.compiled(network, network.module.forward, shop.backend)
    call = Call.example(order["call"]).on(device, network.channels_last)
    args, named = call.arguments
    with torch.no_grad():
        run(*args, **named)
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _keep_to_what_is_free(device: torch.device) -> None:
    """Beyond it this process runs out of memory, and not the worker."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        share = max(0.0, free - _SPARE) / total
        torch.cuda.set_per_process_memory_fraction(share, torch.cuda.current_device())


def _step_back() -> None:
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
        compile_for(order)
        error = ""
    except Exception as raised:
        log.exception("a network cannot be compiled")
        error = cause(raised)
    said.write(json.dumps({"error": error}))
    said.flush()
    os._exit(0)  # the thread that reads holds the input


if __name__ == "__main__":
    main()
