"""What requests cost. Pure.

Reckoned exactly, since what is a hair above a whole number is rounded up: 50 × 1.1 are 55.
"""

from __future__ import annotations

import math
from fractions import Fraction

from bot.domain import upscaling
from bot.domain.action import Action
from bot.domain.request import GenerationRequest
from bot.domain.speed import Speed
from bot.domain.tariff import USUAL, Tariff
from bot.models.cards import ModelCard
from bot.service import requests
from bot.service.effects import HD

_AS_LARGE = 1.3
"""Pixels over the model's own that a drawing from words may have at the usual price."""


def price(card: ModelCard, request: GenerationRequest, tariff: Tariff = USUAL) -> int:
    """Whole credits: what its action costs, for a draft half of it, for larger pictures as much
    more as they are larger, and what steps, model and speed make of it."""
    base, larger = tariff.base(request.action), upscaling.of(request)
    share = Fraction(1, 2) if request.meant.get("draft") else Fraction(1)
    if tariff.size:
        share *= Fraction(HD) ** 2 if _large(card, request) else 1
        share *= larger.price if larger else 1
    if tariff.steps:
        share *= max(1, Fraction(request.sampling.steps, card.steps_for(1.0)))
    hurried = math.ceil(base * share) * _exact(tariff.hurry(Speed.of(request.extra)))
    return math.ceil(hurried * _exact(tariff.models.get(request.model, 1.0)))


def grid(request: GenerationRequest, tariff: Tariff = USUAL) -> int:
    """Credits of a usual grid in the same hurry, which nobody needs to be told."""
    return math.ceil(tariff.base(Action.IMAGINE) * _exact(tariff.hurry(Speed.of(request.extra))))


def _exact(factor: float) -> Fraction:
    """As it is written, such as 1.1, which no float is."""
    return Fraction(str(factor))


def _large(card: ModelCard, request: GenerationRequest) -> bool:
    """Whether it is drawn larger than usual, as the prompt says or a recipe has it."""
    if request.meant.get("hd"):
        return True
    usual = max(_AS_LARGE * card.native**2, requests.size_of(card, request.prompt).pixels)
    plain = request.sampling.strength is None and upscaling.of(request) is None
    return plain and request.size.pixels > usual
