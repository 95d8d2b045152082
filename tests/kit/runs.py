"""Runs of the worker's own loop over tiny pipelines in memory, and what the pipelines themselves
draw. Imported where torch is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from bot import imaging
from bot.engine.seam import Attempt, Engine, Event, Progress
from bot.models.cards import ModelCard
from bot.worker import pipelines
from bot.worker.model import Model
from bot.worker.runs import SteppedRun
from bot.worker.samplers import sampler
from bot.worker.siblings import PART, PICTURE
from tests.kit.pipelines import card, generators
from tests.kit.workers import attempt

SOURCE = imaging.encode_tile(Image.linear_gradient("L").resize((64, 64)).convert("RGB"))
_HALF = Image.new("RGB", (64, 64))
_HALF.paste("white", (24, 0, 64, 64))
MASK = imaging.encode_tile(_HALF)
"""Light from the 25th column on."""
VARIED: dict[str, Any] = {"source": "hash", "inputs": {"hash": SOURCE}, "strength": 0.7}
PARTLY: dict[str, Any] = {
    "source": "hash", "mask": "mask", "inputs": {"hash": SOURCE, "mask": MASK},
}  # fmt: skip
EXACT = 1e-6
"""How far, relatively, a drawing alone may be from the pipeline's own in float32 …"""
COMPANY = 1e-5
"""… and one in company from the same alone."""


def each_once(
    makers: Mapping[str, Callable[[], Any]], card_of: Callable[[str], ModelCard] = card
) -> Callable[[str], Model]:
    """Gives the model of a name, which is made when it is first asked for."""
    pipelines.hush()
    return functools.cache(lambda name: Model(makers[name](), card_of(name), torch.float32))


class Heard:
    """What a run says; it is cancelled after `cancel_at` steps."""

    def __init__(self, cancel_at: int = 1000) -> None:
        self.events: list[Event] = []
        self._cancel_at = cancel_at

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def cancelled(self) -> bool:
        return len(self.steps) >= self._cancel_at

    @property
    def steps(self) -> list[tuple[int, int]]:
        return [(event.step, event.of) for event in self.events if isinstance(event, Progress)]


def begun(model: Model, job: str = "job", heard: Heard | None = None, **changes: Any) -> SteppedRun:
    heard = heard or Heard()
    return SteppedRun(model, attempt(job, **changes), heard.emit, heard.cancelled)


def finished(run: SteppedRun) -> torch.Tensor:
    """The latents after all steps that are left, alone."""
    while not run.done:
        run.step_with([])
    if run.path.left:
        run.pictures()  # raises what went wrong
    return run.path.latents


def alone(model: Model, **changes: Any) -> torch.Tensor:
    return finished(begun(model, **changes))


def by_pipeline(
    model: Model, more: Mapping[str, Any] | None = None, **changes: Any
) -> torch.Tensor:
    """The latents of the same attempt by the pipeline's own call, which is told `more`."""
    one = attempt(**changes)
    asked = one.request
    what = PART if asked.get("mask") else PICTURE if asked["source"] else ""
    pipeline = model.sibling(what) if what else model.pipeline
    pipeline.scheduler = sampler(asked["sampler"], model.scheduler)
    given: dict[str, Any] = {
        "prompt": asked["text"],
        "num_inference_steps": asked["steps"],
        model.card.guidance_argument: asked["guidance"],
        "guidance_rescale": asked.get("rescale", 0.0),
        "num_images_per_prompt": len(one.indices),
        "generator": generators([asked["seeds"][index] for index in one.indices]),
        "output_type": "latent",
    }
    if what:
        given |= {"image": imaging.decode(SOURCE), "strength": asked["strength"]}
    if what == PART:
        given["mask_image"] = imaging.decode(MASK)
    given |= {"width": asked["width"], "height": asked["height"]}
    if asked["negative"]:
        given["negative_prompt"] = asked["negative"]
    known = inspect.signature(pipeline.__call__).parameters
    given = {name: value for name, value in given.items() if name in known}
    return pipeline(**given, **more or {}).images


def drawn_by(engine: Engine, one: Attempt, heard: Heard | None = None) -> Sequence[Image.Image]:
    """The pictures that an engine draws alone."""
    heard = heard or Heard()
    run = engine.begin(one, heard.emit, heard.cancelled)
    while not run.done:
        engine.step([run])
    return engine.retire(run)


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference, relative to the largest number."""
    return float((one - other).abs().max() / other.abs().max())


def drawn_together(runs: Sequence[SteppedRun], joins: Sequence[int]) -> None:
    """Each joins at its step; all leave when they are done."""
    step = 0
    while not all(run.done for run in runs):
        here = [run for run, join in zip(runs, joins, strict=True) if join <= step]
        going = [run for run in here if not run.done]
        going[0].step_with(going[1:])
        step += 1
