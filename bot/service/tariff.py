"""What requests cost. Pure."""

from __future__ import annotations

import math

from bot.domain import upscaling
from bot.domain.action import ACTIONS
from bot.domain.request import GenerationRequest
from bot.domain.speed import Speed
from bot.service.effects import HD


def price(request: GenerationRequest) -> int:
    """Whole credits: what its action costs, for a draft half of it, for larger pictures as much
    more as they are larger, and what its speed adds."""
    base, larger = ACTIONS[request.action].price, upscaling.of(request)
    share = 0.5 if request.meant.get("draft") else 1.0
    share *= HD**2 if request.meant.get("hd") else 1.0
    share *= larger.price if larger else 1
    return math.ceil(base * share) * Speed.of(request.extra).price
