"""Faults of places and of what stands in them: deleted, closed to the bot, without it."""

from __future__ import annotations

import contextlib
import random

from bot.sandbox import Refused
from tests.chaos.faults import fault
from tests.chaos.stage import CHANNELS, DISPOSABLE, Stage, moment

RIGHTS = ("SEND_MESSAGES", "ATTACH_FILES", "VIEW_CHANNEL", "READ_MESSAGE_HISTORY")


@fault(weight=2)
async def messages_deleted(stage: Stage, dice: random.Random) -> None:
    """A moderator clears away results and progress."""
    world = stage.sandbox.world
    for _ in range(dice.randint(3, 12)):
        where = world.find_channel(dice.choice(CHANNELS))
        there = list(world.messages[where.id].values())[-20:]
        if there:
            with contextlib.suppress(Refused):
                await stage.ada.delete(dice.choice(there).id)
        await moment(0.05)


@fault(weight=2)
async def channel_deleted(stage: Stage, dice: random.Random) -> None:
    """With everything in it, while jobs of it are under way; another of its name follows."""
    world = stage.sandbox.world
    world.remove_channel(DISPOSABLE)
    await moment(dice.uniform(0.2, 2.0))
    world.add_channel(DISPOSABLE)


@fault(weight=2)
async def rights_lost(stage: Stage, dice: random.Random) -> None:
    where, right = dice.choice(CHANNELS), dice.choice(RIGHTS)
    stage.sandbox.world.deny_bot(where, right)
    await moment(dice.uniform(0.5, 4.0))
    stage.sandbox.world.allow_bot(where, right)


@fault(weight=2, silent=True)
async def kicked(stage: Stage, dice: random.Random) -> None:
    """From one of two servers, and added again."""
    world = stage.sandbox.world
    annex = next(each for each in world.guilds.values() if each.name == "Annex")
    world.remove_bot(annex)
    await moment(dice.uniform(0.5, 3.0))
    world.return_bot(annex)


@fault(weight=1, silent=True)
async def server_unavailable(stage: Stage, dice: random.Random) -> None:
    world = stage.sandbox.world
    annex = next(each for each in world.guilds.values() if each.name == "Annex")
    world.lose(annex)
    await moment(dice.uniform(0.5, 3.0))
    world.found(annex)


@fault(weight=1)
async def letters_refused(stage: Stage, dice: random.Random) -> None:
    """Nobody takes direct messages."""
    for person in stage.people:
        person.close_dms()
    await moment(dice.uniform(1.0, 3.0))
    for person in stage.people:
        person.open_dms()
