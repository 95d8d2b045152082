"""Faults of the bot's time of day, which its machine keeps; Discord's clock is right."""

from __future__ import annotations

import random

from tests.chaos.faults import fault
from tests.chaos.stage import Stage, moment

MINUTE, HOUR = 60, 3600


@fault(weight=2)
async def clock_forward(stage: Stage, dice: random.Random) -> None:
    await _off(stage, dice, dice.choice([30, 10 * MINUTE, HOUR, 26 * HOUR]))


@fault(weight=2)
async def clock_back(stage: Stage, dice: random.Random) -> None:
    await _off(stage, dice, -dice.choice([30, 10 * MINUTE, HOUR, 26 * HOUR]))


async def _off(stage: Stage, dice: random.Random, seconds: float) -> None:
    """It jumps, and after a while jumps back: both ways are forwards and backwards."""
    stage.bot.order(clock_s=seconds)
    await moment(dice.uniform(1.0, 4.0))
    stage.bot.order(clock_s=0.0)
