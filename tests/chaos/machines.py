"""Faults of a cluster: actors, machines and its head, killed, stopped, and there again."""

from __future__ import annotations

import contextlib
import random

import psutil

from tests.chaos.faults import fault
from tests.chaos.processes import pause
from tests.chaos.stage import Stage, moment

RAY = ("ray",)


@fault(weight=4, where=RAY)
async def actor_killed(stage: Stage, dice: random.Random) -> None:
    if one := _actor(stage, dice):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


@fault(weight=2, where=RAY)
async def actor_stopped(stage: Stage, dice: random.Random) -> None:
    if one := _actor(stage, dice):
        await pause(one, dice.uniform(0.5, 9.0))


@fault(weight=2, where=RAY)
async def node_killed(stage: Stage, dice: random.Random) -> None:
    """A machine without power, which joins again."""
    name = dice.choice(sorted(stage.machines))
    await stage.machines[name].kill()
    await moment(dice.uniform(0.0, 2.0))
    assert stage.town
    stage.machines[name] = await stage.town.join(name, cards=2)


@fault(weight=2, where=RAY)
async def node_stopped(stage: Stage, dice: random.Random) -> None:
    """A machine that hangs, for less or more than the cluster is patient."""
    frozen = stage.machines[dice.choice(sorted(stage.machines))].freeze()
    await moment(dice.choice([1.0, 4.0, 8.0]))
    for one in frozen:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.resume()


@fault(weight=1, where=RAY)
async def head_killed(stage: Stage, dice: random.Random) -> None:
    """The head dies with all that the cluster knew, and comes back at the same address."""
    assert stage.town
    await stage.town.head.kill()
    await moment(dice.uniform(0.0, 2.0))
    stage.town.head = await stage.town.up()


def _actor(stage: Stage, dice: random.Random) -> psutil.Process | None:
    found = [one for machine in stage.machines.values() for one in machine.actors]
    return dice.choice(sorted(found, key=lambda each: each.pid)) if found else None
