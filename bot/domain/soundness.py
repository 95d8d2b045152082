"""Whether a request that came from outside asks for nothing but what a prompt could have asked for:
numbers within their bounds, names that are known, no more than a grid."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import astuple
from typing import Any

from bot.domain import loras, speed, style, upscaling
from bot.domain.action import Action, Kind
from bot.domain.errors import InvalidPrompt, InvalidRecipe
from bot.domain.inputs import IMAGE, MASK, SOURCE, STYLE, Input
from bot.domain.language import N_, _
from bot.domain.meanings import STYLIZE
from bot.domain.plain import Plain
from bot.domain.preferences import FILE, FileFormat
from bot.domain.prompt import MAX_LENGTH, Prompt
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.prompt.values import WEIGHT_MAX
from bot.domain.request import GRID, PALETTE, GenerationRequest
from bot.domain.samplers import DEFAULT, SAMPLERS
from bot.domain.sampling import Sampling
from bot.domain.speed import Speed
from bot.domain.upscaling import MOST, TIMES, Detail
from bot.domain.usual import HIDDEN

SIDE_MAX, STEPS_MAX, GUIDANCE_MAX = 1 << 14, 400, 50.0
"""Of any model; what one does not draw is for `bot.service.recipes` to say."""
LENGTH_MAX = 2 * MAX_LENGTH
"""Characters of a prompt: addresses of uploads, numbers of looks that were drawn by lot, and the
shape of a picture come to those that were typed."""
INPUTS_MAX, LOOKS_MAX = MAX_LENGTH // len("http://a "), MAX_LENGTH // len("7 ")
"""As many as a prompt can name."""
LOOK_MAX = 1e7
"""The weight of a look: six digits behind `::`, ten times as much by `--sw`."""
_ROLES = (SOURCE, IMAGE, STYLE, MASK)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_JOB = re.compile(r"[0-9a-f]{32}")
_PALETTE = 10
"""Numbers of a palette: the mean of three colours, their covariance, and the share of it."""


def require_sound(request: GenerationRequest) -> None:
    """Raises InvalidRecipe, naming what is wrong."""
    checks = {
        N_("what is drawn"): _draws(request),
        N_("its size"): all(1 <= side <= SIDE_MAX for side in request.size.sides),
        N_("its seed"): 0 <= request.seed <= SEED_MAX,
        N_("its sampling"): _sampling(request.sampling),
        N_("its pictures"): _inputs(request),
        N_("its frame"): _frame(request),
        N_("how it is upscaled"): _upscaled(request),
        N_("its prompt"): _prompt(request.prompt),
    }
    wrong = [_(what) for what, sound in checks.items() if not sound]
    for name, value in request.extra:
        known = _MEANINGS.get(name)
        if known is None or not known(value):
            wrong.append(_("its {name}", name=name[:24]))
    if wrong:
        raise InvalidRecipe(
            _(
                "This recipe asks for what no prompt can ask for: {what} makes no sense here.",
                what=wrong[0],
            )
        )


def _draws(request: GenerationRequest) -> bool:
    extracts = request.action is Action.UPSCALE
    return request.kind is Kind.DRAW and not extracts and 1 <= request.count <= GRID


def _sampling(sampling: Sampling) -> bool:
    return (
        1 <= sampling.steps <= STEPS_MAX
        and 0 <= sampling.guidance <= GUIDANCE_MAX
        and (sampling.sampler == DEFAULT or sampling.sampler in SAMPLERS)
        and (sampling.strength is None or 0 < sampling.strength <= 1)
        and 0.1 <= sampling.stop <= 1
        and 0 <= sampling.rescale <= 1
    )


def _inputs(request: GenerationRequest) -> bool:
    sources = [each for each in request.inputs if each.role == SOURCE]
    one = len(sources) <= 1 and bool(sources) is (request.sampling.strength is not None)
    return one and len(request.inputs) <= INPUTS_MAX and all(map(_input, request.inputs))


def _input(each: Input) -> bool:
    """By the hash of its file, at least: else nobody knows whether it is still the same."""
    tile = each.tile is None or (bool(_JOB.fullmatch(each.tile.job)) and 1 <= each.tile.index <= 64)
    named = each.digest is not None and bool(_DIGEST.fullmatch(each.digest))
    # One may have next to all the weight of several, and another too little to be written.
    return each.role in _ROLES and named and tile and 0 <= each.weight <= INPUTS_MAX


def _frame(request: GenerationRequest) -> bool:
    if request.frame is None:
        return True
    numbers = astuple(request.frame)
    whole = all(type(each) is int and abs(each) <= SIDE_MAX for each in numbers)
    seen = whole and request.frame.width > 0 and request.frame.height > 0
    if not seen or request.source is None:
        return False
    left, top, right, bottom = request.frame.within(*request.size.sides)
    return left < right and top < bottom


def _upscaled(request: GenerationRequest) -> bool:
    """One picture, of the whole of another."""
    whole = request.source is not None and request.frame is None and not request.partly
    return upscaling.of(request) is None or (request.count == 1 and whole)


def _prompt(prompt: Prompt) -> bool:
    """Parameters have their values as somebody types them."""
    said = str(prompt)
    try:
        same = Prompt.read_parameters(prompt.parameters) == prompt.options
    except InvalidPrompt:
        return False
    parts = (*prompt.parts, *prompt.images)
    weighed = all(abs(weight) <= WEIGHT_MAX for _, weight in parts)
    return same and weighed and max(len(said), len(prompt.text)) <= LENGTH_MAX


def _number(least: float, most: float) -> Callable[[Plain], bool]:
    def within(value: Plain) -> bool:
        plain = type(value) in (int, float)
        return plain and math.isfinite(value) and least <= value <= most

    return within


def _numbers(value: Plain) -> bool:
    return isinstance(value, tuple) and len(value) == _PALETTE and all(map(_number(-1, 1), value))


def _looks(value: Plain) -> bool:
    number, weight = _number(0, SEED_MAX), _number(-LOOK_MAX, LOOK_MAX)
    return (
        isinstance(value, tuple)
        and len(value) <= LOOKS_MAX
        and all(isinstance(one, tuple) and len(one) == 2 for one in value)
        and all(number(look) and type(look) is int and weight(much) for look, much in value)
    )


def _flag(value: Plain) -> bool:
    return value is True


def _one_of(names: list[str]) -> Callable[[Plain], bool]:
    return lambda value: isinstance(value, str) and value in names


def _larger(value: Any) -> bool:
    """How it was upscaled."""
    try:
        detail, times = value
        return Detail(detail) in Detail and times in (TIMES, MOST)
    except (TypeError, ValueError):
        return False


def _style(value: Any) -> bool:
    """That it is one was read already."""
    return all(len(text) <= style.TEXT_MAX for text in value[:4])


_SHARE = _number(0, 1)
_MEANINGS: Mapping[str, Callable[[Plain], bool]] = {
    "chaos": _SHARE,
    "weird": _SHARE,
    "exp": _SHARE,
    "stylize": _number(*STYLIZE),
    "looks": _looks,
    "tile": _flag,
    "draft": _flag,
    "hd": _flag,
    PALETTE: _numbers,
    loras.KEY: lambda value: True,  # read already
    style.KEY: _style,
    speed.NAME: _one_of([each.value for each in Speed]),
    HIDDEN: _flag,
    upscaling.NAME: _larger,
    FILE: _one_of([each.value for each in FileFormat]),
}
