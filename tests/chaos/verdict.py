"""What is looked at after every fault, and in the end, of a bot that runs."""

from __future__ import annotations

import asyncio
import contextlib
import re

import psutil

from tests.chaos import checker
from tests.chaos.once import drawn_twice
from tests.chaos.silence import unanswered
from tests.chaos.stage import LIMITS, Stage, moment, now

CALM_S = 240.0
"""So long everything may take to come to rest in the end."""
UNFINISHED = "SELECT 1 FROM jobs WHERE state IN ('waiting', 'running') LIMIT 1"
OWED = "SELECT 1 FROM deliveries WHERE message_id = 0 AND given_up IS NULL LIMIT 1"
ORPHANS = re.compile(r"found +([\d,]+) files? belongs? to nothing known")
GIVEN_UP = "SELECT COUNT(*) FROM deliveries WHERE given_up IS NOT NULL"


async def after_a_fault(stage: Stage) -> list[str]:
    """What does not hold now."""
    found = checker.seen(stage.witness)
    if not stage.bot.alive:
        found.append("the bot ended by itself")
    return found + await asyncio.to_thread(_rows_and_lines, stage)


def _rows_and_lines(stage: Stage) -> list[str]:
    with checker.opened(stage.bot.data) as rows:
        found = checker.at_any_time(rows, LIMITS)
    return [*found, *elsewhere(stage)]


def elsewhere(stage: Stage) -> list[str]:
    """Connections of the bot and its workers that leave this machine."""
    found: list[str] = []
    if not stage.bot.alive:
        return found
    for one in [psutil.Process(stage.bot.pid), *stage.bot.children()]:
        with contextlib.suppress(psutil.Error):
            for each in one.net_connections("inet"):
                if each.raddr and not is_here(each.raddr.ip):
                    found.append(f"leaves loopback: {one.name()} speaks with {each.raddr}")
    return found


def is_here(address: str) -> bool:
    """Loopback, or this machine's own address, by which parts of Ray speak with each other."""
    own = {each.address for found in psutil.net_if_addrs().values() for each in found}
    plain = address.removeprefix("::ffff:")
    return plain in own or plain.startswith("127.")


async def calm(stage: Stage) -> None:
    """Return when nothing is left to be done, as far as rows and channels tell; what is left after
    a long while the last check names."""
    end = now() + CALM_S
    while now() < end and await asyncio.to_thread(_left, stage):
        await moment(0.2)


def _left(stage: Stage) -> bool:
    if stage.witness.unfinished:
        return True
    with checker.opened(stage.bot.data) as rows:
        return any(rows.execute(query).fetchone() for query in (UNFINISHED, OWED))


async def in_the_end(stage: Stage) -> tuple[list[str], dict[str, int], dict[str, int]]:
    """What does not hold, also by the commands that an operator has; how many jobs ended how; and
    what else is worth telling. The bot has ended after this."""
    with checker.opened(stage.bot.data) as rows:
        found = checker.in_the_end(rows, stage.witness, LIMITS)
        found += drawn_twice(rows, stage.sandbox.interactions.all)
        counted = rows.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state")
        states = {row[0]: row[1] for row in counted}
        notes = {"deliveries given up": rows.execute(GIVEN_UP).fetchone()[0]}
    notes["posted again, as the first was deleted"] = checker.again(stage.witness)
    found += [*unanswered(stage), *elsewhere(stage)]
    if (status := await stage.bot.end()) != 0:
        found.append(f"SIGTERM ended the bot with status {status}")
    notes["files that a kill left"] = await _mended(stage)
    for words in (("ledger", "verify"), ("doctor",)):
        status, said = await stage.bot.command(*words)
        if status:
            found.append(f"easel {' '.join(words)}: {said}")
    return found, states, notes


async def _mended(stage: Stage) -> int:
    """How many files the doctor took away that belong to nothing, where the bot was killed: it may
    have been between a file and its row, and looks for what is that young when it starts again."""
    if not stage.bot.kills:
        return 0
    _, said = await stage.bot.command("doctor")
    if found := ORPHANS.search(said):
        await stage.bot.command("doctor", "--mend")
        return int(found[1].replace(",", ""))
    return 0
