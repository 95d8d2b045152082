"""A process with torch: how fast this machine multiplies matrices, and how many operations a grid
takes by diffusers' own pipeline.

Runs when the worker is gone, so that both have the device to themselves.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from bot.bench import child
from bot.models.cards import ModelCard
from bot.worker.causes import cause
from bot.worker.precision import pick_device, pick_dtype

_SIDES = (1024, 2048, 4096, 8192)
_LONG_S = 0.05
"""A product that takes so long fills any processor."""
_TRIES_S = 0.5


def answer(message: child.Message) -> child.Message:
    """{"device", "dtype"} asks for the rate of products, {"card", …} for the work of a grid; what
    could not be done comes as {"trouble": a few words}."""
    try:
        return work(**message) if "card" in message else rate(**message)
    except Exception as error:  # the libraries raise nearly anything
        return {"trouble": cause(error)}


def rate(device: str, dtype: str) -> child.Message:
    """Products of square matrices of random numbers: the best rate of all sizes, in TFLOP/s."""
    place = pick_device(device)
    kind = pick_dtype(dtype, place)
    best = 0.0
    for side in _SIDES:
        one, other = (torch.randn(side, side, device=place, dtype=kind) for _ in range(2))
        seconds = _fastest(lambda: one @ other, place)  # noqa: B023 - called before it changes
        best = max(best, 2 * side**3 / seconds / 1e12)
        if seconds > _LONG_S:
            break
    name = torch.cuda.get_device_name(place) if place.type == "cuda" else ""
    return {"tflops": best, "dtype": str(kind).removeprefix("torch."), "name": name}


def _fastest(make: Callable[[], Any], place: torch.device) -> float:
    make()  # libraries are loaded, and clocks go up
    fastest, begun = math.inf, time.perf_counter()
    while time.perf_counter() - begun < _TRIES_S:
        began = time.perf_counter()
        make()
        if place.type != "cpu":
            getattr(torch, place.type).synchronize()
        fastest = min(fastest, time.perf_counter() - began)
    return fastest


def work(
    card: dict[str, Any], request: dict[str, Any], places: dict[str, str]
) -> child.Message:  # fmt: skip
    """The operations of one request's pictures, in 10¹²."""
    from bot.bench.model.work import teraflop
    from bot.worker import pipelines
    from bot.worker.library import Library

    pipelines.hush()
    model = ModelCard(**card)
    # Half the memory, and as many operations, whatever draws.
    pipeline = pipelines.open_pipeline(model, torch.bfloat16, Library(**places))
    return {"teraflop": teraflop(pipeline, _arguments(pipeline, model, request))}


def _arguments(pipeline: Any, card: ModelCard, request: dict[str, Any]) -> dict[str, Any]:
    wanted = {
        "prompt": request["text"],
        "negative_prompt": " " if card.guidance_argument == "true_cfg_scale" else None,
        "width": request["width"],
        "height": request["height"],
        "num_inference_steps": request["steps"],
        "num_images_per_prompt": request["count"],
        card.guidance_argument: request["guidance"],
    }
    known = inspect.signature(pipeline.__call__).parameters
    return {name: value for name, value in wanted.items() if name in known and value is not None}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # they are for whoever writes such code
    asyncio.run(child.serve(answer))
