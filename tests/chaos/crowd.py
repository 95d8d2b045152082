"""People who go on whatever happens: they ask, press, cancel, and are given credits."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import Invocation, NotResponding, Person, Refused
from tests.chaos.schedule import Deed
from tests.chaos.stage import ACK_S, Stage
from tests.kit.messages import Message, buttons, is_result

SEEN_S = 30.0
"""So long somebody looks at what becomes of it, before they do something else."""
REST_S = 0.3
"""Who gets no answer does not hammer on the button."""


@dataclass
class Crowd:
    """At most `busy` people do something at a time."""

    stage: Stage
    busy: int
    done: Counter[str] = field(default_factory=Counter)
    """What was done, and what came of it."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def accepted(self) -> int:
        """Jobs that people were told of."""
        return len(self.stage.witness.jobs)

    async def play(self, deeds: Iterator[Deed], jobs: int) -> int:
        """Until so many jobs were accepted; returns the number of the last deed."""
        number = 0
        for deed in deeds:
            if self.accepted() >= jobs:
                break
            await self._room()
            number = deed.number
            self.spawn(self._do(deed))
            await asyncio.sleep(0)
        return number

    async def _room(self) -> None:
        while len(self._tasks) >= self.busy:
            await asyncio.wait(set(self._tasks), return_when=asyncio.FIRST_COMPLETED)
        unfinished = self.stage.witness.unfinished
        with contextlib.suppress(TimeoutError):
            await self.stage.sandbox.wait_for(lambda: len(unfinished) < self.busy, 1.0)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def rest(self) -> None:
        """Everybody has seen what they wanted to see."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _do(self, deed: Deed) -> None:
        person = self.stage.people[deed.person]
        where = self.stage.channel(deed.place, person)
        if where is None:
            self.done["no such channel"] += 1
            return
        asked = None
        with contextlib.suppress(Refused, KeyError):
            asked = await getattr(self, f"_{deed.what}")(deed, person, where)
        self.done[deed.what if asked else f"{deed.what}: nothing to do it with"] += 1
        if asked is None:
            await asyncio.sleep(0.02)
        elif await answered(asked):
            await self._look(asked)
        else:
            self.done["not answered"] += 1
            await asyncio.sleep(REST_S)

    async def _look(self, asked: Invocation) -> None:
        """Return when it is over, as far as this person can see."""
        with contextlib.suppress(TimeoutError):
            await self.stage.sandbox.wait_for(lambda: over(self.stage, asked), SEEN_S)

    async def _imagine(self, deed: Deed, person: Person, where: str) -> Invocation:
        return await person.slash("imagine", channel=where, prompt=deed.words)

    async def _vary(self, deed: Deed, person: Person, where: str) -> Invocation | None:
        return await self._press(deed, person, where, f"V{1 + deed.amount % 4}")

    async def _reroll(self, deed: Deed, person: Person, where: str) -> Invocation | None:
        return await self._press(deed, person, where, "🔄")

    async def _upscale(self, deed: Deed, person: Person, where: str) -> Invocation | None:
        return await self._press(deed, person, where, f"U{1 + deed.number % 4}")

    async def _press(
        self, deed: Deed, person: Person, where: str, button: str
    ) -> Invocation | None:
        grids = [each for each in recent(self.stage, person, where) if button in buttons(each)]
        return await person.click(picked(grids, deed.pick), button) if grids else None

    async def _cancel(self, deed: Deed, person: Person, where: str) -> Invocation | None:
        mine = [
            message
            for message in list(self.stage.witness.unfinished)
            if (found := self.stage.sandbox.world.message(message))
            and (found.metadata or {}).get("user") == person.id
        ]
        return await person.click(picked(mine, deed.pick), "Cancel") if mine else None

    async def _grant(self, deed: Deed, person: Person, where: str) -> Invocation:
        return await self.stage.ada.slash("quota grant", user=person, amount=deed.amount)


def recent(stage: Stage, person: Person, where: str) -> list[Message]:
    """The last results of a channel, for nobody scrolls far."""
    stored = list(stage.sandbox.world.messages[where].values())[-40:]
    shown = [each for each in stored if each.files and each.audience is None]
    found = [person.message(each.id) for each in shown[-12:]]
    return [each for each in found if each and is_result(each)]


def picked(some: list[Any], share: float) -> Any:
    return some[int(share * len(some))]


async def answered(asked: Invocation) -> bool:
    """Whether the bot said anything in time."""
    try:
        await asked.ack(ACK_S + 5)
    except (NotResponding, TimeoutError):
        return False
    return True


def over(stage: Stage, asked: Invocation) -> bool:
    """Whether nothing of this is under way: no answer is still thinking or offers to stop."""
    it = asked.interaction
    said = [each for each in [it.original, *it.replies] if each is not None]
    there = [each for each in said if stage.sandbox.world.message(each.id) is not None]
    return not any(each.loading or each.id in stage.witness.unfinished for each in there)
