"""`python -m bot.worker.compiled`: compiles one network for one shape of its calls, and ends.

An order (see `bot.worker.child`) is `network` (see `networks.like`), `call` (see `Call.described`),
`folder`, `device` and `backend`.

A process of its own, because compiling holds Python's lock for a minute and more. It takes no
memory of the card that drawing could need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from bot.worker import child, pipelines
from bot.worker.compiled import networks
from bot.worker.compiled.calls import Call
from bot.worker.compiled.shop import Shop

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


if __name__ == "__main__":
    child.serve(compile_for)
