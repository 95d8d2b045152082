"""Faults of Discord's REST: refusals, errors, lost and late answers, and times when it is away."""

from __future__ import annotations

import random

from tests.chaos.faults import fault
from tests.chaos.stage import Stage, moment

ANY, POST = r"", r"^/channels/\d+/messages$"
ROADS = (ANY, POST, r"^/webhooks/", r"^/interactions/")


@fault(weight=2, silent=True)
async def rest_429(stage: Stage, dice: random.Random) -> None:
    scope = dice.choice(["user", "shared"])
    stage.sandbox.faults.slow_down("*", dice.choice(ROADS), dice.uniform(0.1, 1.0), scope, 6)
    await _passed(stage)


@fault(weight=2, silent=True)
async def rest_429_global(stage: Stage, dice: random.Random) -> None:
    stage.sandbox.faults.slow_down("*", ANY, dice.uniform(0.1, 1.0), "global", 3)
    await _passed(stage)


@fault(weight=2, silent=True)
async def rest_429_of_the_proxy(stage: Stage, dice: random.Random) -> None:
    """Without JSON and without a scope."""
    stage.sandbox.faults.answer("*", dice.choice(ROADS), 429, times=4)
    await _passed(stage)


@fault(weight=2, silent=True)
async def rest_500(stage: Stage, dice: random.Random) -> None:
    await _failing(stage, dice, 500)


@fault(weight=2, silent=True)
async def rest_502(stage: Stage, dice: random.Random) -> None:
    await _failing(stage, dice, 502)


@fault(weight=2, silent=True)
async def rest_403_without_a_code(stage: Stage, dice: random.Random) -> None:
    stage.sandbox.faults.answer("*", dice.choice(ROADS), 403, times=dice.randint(1, 12))
    await _passed(stage)


@fault(weight=3, silent=True)
async def rest_answers_lost(stage: Stage, dice: random.Random) -> None:
    """What was asked for is done, and the connection is cut before the answer."""
    road = dice.choice(ROADS)
    stage.sandbox.faults.fail("*", road, 0, times=dice.randint(2, 12), after_effect=True)
    await _passed(stage)


@fault(weight=2, silent=True)
async def rest_hangs(stage: Stage, dice: random.Random) -> None:
    """Requests wait, and are cut off in the end, some of them when they were done already."""
    held = stage.sandbox.faults.hold("POST", dice.choice(ROADS), after_effect=dice.random() < 0.5)
    await moment(dice.uniform(1.0, 5.0))
    held.drop()
    stage.sandbox.faults.clear()


@fault(weight=2, silent=True)
async def rest_slow(stage: Stage, dice: random.Random) -> None:
    stage.sandbox.faults.latency("*", ANY, dice.uniform(0.2, 1.5))
    await moment(dice.uniform(1.0, 4.0))
    stage.sandbox.faults.clear()


@fault(weight=3, silent=True)
async def discord_away(stage: Stage, dice: random.Random) -> None:
    how = dice.choice([500, 502, 503, "refused", "cut", "hanging"])
    async with stage.sandbox.outage(how, gateway=dice.random() < 0.6):  # type: ignore[arg-type]
        await moment(dice.uniform(0.5, 4.0))


async def _failing(stage: Stage, dice: random.Random, status: int) -> None:
    late = dice.random() < 0.4
    times = dice.randint(1, 12)
    stage.sandbox.faults.fail("*", dice.choice(ROADS), status, times=times, after_effect=late)
    await _passed(stage)


async def _passed(stage: Stage) -> None:
    """What was not met within a moment is met by nobody."""
    await moment(1.5)
    stage.sandbox.faults.clear()
