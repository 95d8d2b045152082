"""Everything before the first step of an attempt's pictures: from words, from a picture, or from a
part of one. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from bot.engine.seam import Attempt
from bot.worker.asked import Start, generators_of, size_of
from bot.worker.families.family import Family, extra_of
from bot.worker.families.rows import repeated
from bot.worker.model import Model
from bot.worker.samplers import sampler
from bot.worker.steering import Plain, Steering
from bot.worker.stepping import Kept, Path


def path_of(model: Model, attempt: Attempt, start: Start, indices: Sequence[int]) -> Path:
    """The path of these pictures. Raises ValueError for what cannot be drawn, and RenderFailed."""
    family, request = model.family, attempt.request
    assert family
    size = size_of(request)
    family.check(size)
    scheduler = sampler(request["sampler"], model.scheduler)
    generators = generators_of(request, indices)
    conditions, guidance = _conditions(model, request, indices)
    conditions |= model.seen(attempt, len(indices), guided=guidance is not None)
    begun = _from_picture if start.picture else _from_words
    with family.looking(start.closed):
        times, latents, kept = begun(family, scheduler, request, start, generators)
        beside = family.beside(start.picture, start.covering(family.cell), size, generators)
    whole, left = len(scheduler.timesteps), len(times)
    made = start.made(request, whole, left)
    if beside is not None:
        conditions |= {"beside": repeated(beside, None if guidance is None else beside)}
    return Path(
        family, size, latents, scheduler, times[:made], conditions,
        extra_of(scheduler, generators), guidance, request.get("rescale") or 0.0,
        kept if beside is None else None, whole - left, made < left, start.closed,
    )  # fmt: skip


def _conditions(
    model: Model, request: Mapping[str, Any], indices: Sequence[int]
) -> tuple[dict[str, Any], float | torch.Tensor | None]:
    """What the denoiser is told, and the guidance between its halves, if there are two."""
    family, texts, guidance = model.family, model.embeddings, request["guidance"]
    assert family
    assert texts
    guided = family.capabilities.guided(guidance)
    steering: Steering | Plain = Plain(texts, request)
    if family.capabilities.steers:
        steering = Steering(texts, request, model.wording, guided=guided)
    guidance = steering.guidance(indices, guidance)
    wanted, unwanted = steering.wanted(indices), steering.unwanted() if guided else None
    size = size_of(request)
    conditions = dict(family.condition(wanted, unwanted, len(indices), guidance, size))
    return conditions, guidance if guided else None


Begun = tuple[torch.Tensor, torch.Tensor, Kept | None]
"""Times, latents, and what is kept of a picture."""


def _from_words(
    family: Family, scheduler: Any, request: Mapping[str, Any], start: Start,
    generators: Sequence[torch.Generator],
) -> Begun:  # fmt: skip
    size = size_of(request)
    times = family.schedule(scheduler, request["steps"], size)
    return times, family.first(scheduler, family.gaussian(size, generators)), None


def _from_picture(
    family: Family, scheduler: Any, request: Mapping[str, Any], start: Start,
    generators: Sequence[torch.Generator],
) -> Begun:  # fmt: skip
    assert start.picture
    size = size_of(request)
    steps, strength = start.left(request)
    if start.around and family.repairs:  # it was taught to start from nothing
        strength = 1.0
    times = family.schedule(scheduler, steps, size, strength)
    if start.mask and strength == 1.0 and family.repairs:  # it sees what it needs of the picture
        return times, family.first(scheduler, family.gaussian(size, generators)), None
    clean = family.encoded(start.picture, generators)
    noise = family.gaussian(size, generators)
    mask = start.covering(family.cell)
    if not mask:
        return times, family.mixed(scheduler, clean, noise, times[:1]), None
    kept = Kept(family.mask(mask), clean, noise)
    if strength == 1.0:
        return times, family.first(scheduler, noise), kept
    return times, family.mixed(scheduler, clean, noise, times[:1]), kept
