"""Faults of the gateway, and of the events that come over it."""

from __future__ import annotations

import random

from tests.chaos.faults import fault
from tests.chaos.stage import Stage, moment

HEARD_S = 12.0
"""Longer than the bot takes to notice that a gateway says nothing more."""


@fault(weight=3, silent=True)
async def gateway_dropped(stage: Stage, dice: random.Random) -> None:
    for _ in range(dice.choice([1, 1, 3])):
        stage.sandbox.faults.drop_gateway()
        await moment(dice.uniform(0.0, 1.0))


@fault(weight=2, silent=True)
async def reconnect_asked_for(stage: Stage, dice: random.Random) -> None:
    stage.sandbox.faults.reconnect()
    await moment(0.1)


@fault(weight=2, silent=True)
async def session_invalid(stage: Stage, dice: random.Random) -> None:
    stage.sandbox.faults.invalidate_session()
    await moment(0.1)


@fault(weight=2, silent=True)
async def session_to_be_resumed(stage: Stage, dice: random.Random) -> None:
    stage.sandbox.faults.invalidate_session(resumable=True)
    await moment(0.1)


@fault(weight=2, silent=True)
async def heartbeats_not_acknowledged(stage: Stage, dice: random.Random) -> None:
    """A line that is dead and not cut: the bot has to notice by itself."""
    gateway = stage.sandbox.gateway
    before = gateway.resumed + gateway.identified
    stage.sandbox.faults.mute_gateway()
    await stage.sandbox.wait_for(lambda: gateway.resumed + gateway.identified > before, 60)


@fault(weight=2, silent=True)
async def interactions_late(stage: Stage, dice: random.Random) -> None:
    """The time of some is over before the bot hears of them."""
    stage.sandbox.faults.late_interactions(dice.randint(1, 4))
    await moment(0.5)


@fault(weight=2, silent=True)
async def events_late(stage: Stage, dice: random.Random) -> None:
    held = stage.sandbox.faults.hold_events("INTERACTION_CREATE")
    await moment(dice.uniform(0.5, 5.0))
    held.release()


@fault(weight=2)
async def interactions_twice(stage: Stage, dice: random.Random) -> None:
    """Whatever people do reaches the bot twice."""
    stage.sandbox.faults.repeat_events("INTERACTION_CREATE")
    await moment(dice.uniform(1.0, 3.0))
    stage.sandbox.faults.repeat_events()
