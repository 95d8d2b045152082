"""People who use the bot at a steady pace: they ask, press, cancel, look and turn pages.

Knows what people do and how often; measures nothing but whether they were answered.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any

from bot.bench.stage import Stage
from bot.sandbox import Invocation, NotResponding, Person, Refused, StoredMessage

_WORDS = "red", "blue", "old", "small", "fox", "boat", "tower", "forest", "snow", "storm", "night"
_KEPT = 300
_PATIENCE_S = 30.0
# How many of a hundred do what.
HABITS = {
    "ask": 45, "vary": 15, "enlarge": 8, "cancel": 7, "history": 10, "gallery": 5, "like": 4,
    "more": 3, "quota": 2, "help": 1,
}  # fmt: skip


class Regulars:
    """`done` counts what they did, `unanswered` what the bot left them waiting with; `slips` are
    what their client would not let them do, for a button had gone meanwhile."""

    def __init__(self, place: Stage, people: int, channels: int, seed: int = 7) -> None:
        self.done: Counter[str] = Counter()
        self.unanswered = 0
        self.slips = 0
        self._random = random.Random(seed)
        self._people = place.people(people)
        self._channels = place.channels(channels)
        self._results: deque[StoredMessage] = deque(maxlen=_KEPT)
        self._at_it: set[asyncio.Task[None]] = set()
        place.on_result = self._results.append

    async def keep_on(self, each_s: float) -> None:
        """One of them does something every `each_s` seconds, until cancelled."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in itertools.count(1):
            habit = self._random.choices(list(HABITS), list(HABITS.values()))[0]
            task = asyncio.create_task(self._do(habit, self._random.choice(self._people)))
            self._at_it.add(task)
            task.add_done_callback(self._at_it.discard)
            await asyncio.sleep(began + number * each_s - loop.time())

    async def rush(self) -> None:
        """All of them do the same at once, one thing after another. None of it is counted."""
        for habit in HABITS:
            await asyncio.gather(*(self._do(habit, person) for person in self._people))
        self.done.clear()
        self.unanswered = self.slips = 0

    async def rest(self) -> None:
        """Return when everybody has what they asked for, or has given up."""
        await asyncio.gather(*self._at_it)

    async def _do(self, habit: str, person: Person) -> None:
        act: Callable[[Person], Awaitable[object]] = getattr(self, f"_{habit}")
        try:
            await act(person)
        except Refused:
            self.slips += 1
        except (NotResponding, TimeoutError):
            self.unanswered += 1
        else:
            self.done[habit] += 1

    async def _ask(self, person: Person) -> Invocation:
        words = " ".join(self._random.sample(_WORDS, self._random.randint(2, 8)))
        return await self._said(person, "imagine", prompt=words)

    async def _said(self, person: Person, command: str, **options: Any) -> Invocation:
        channel = self._random.choice(self._channels)
        asked = await person.slash(command, channel=channel, **options)
        await asked.ack(_PATIENCE_S)
        return asked

    async def _press(self, person: Person, *buttons: str) -> None:
        if not self._results:
            raise Refused("there is no result yet")
        message = self._random.choice(self._results)
        asked = await person.click(message.id, self._random.choice(buttons))
        await asked.ack(_PATIENCE_S)

    async def _vary(self, person: Person) -> None:
        await self._press(person, "V1", "V2", "V3", "V4", "🔄")

    async def _enlarge(self, person: Person) -> None:
        await self._press(person, "U1", "U2", "U3", "U4")

    async def _like(self, person: Person) -> None:
        await self._press(person, "❤️")

    async def _more(self, person: Person) -> None:
        await self._press(person, "⋯")

    async def _cancel(self, person: Person) -> None:
        asked = await self._ask(person)
        if asked.original is not None:
            await (await person.click(asked.original, "Cancel")).ack(_PATIENCE_S)

    async def _history(self, person: Person) -> None:
        await self._turned(person, await self._said(person, "history"))

    async def _gallery(self, person: Person) -> None:
        await self._turned(person, await self._said(person, "gallery"))

    async def _turned(self, person: Person, looked: Invocation) -> None:
        if looked.original is not None:
            await (await person.click(looked.original, "More")).ack(_PATIENCE_S)

    async def _quota(self, person: Person) -> None:
        await self._said(person, "quota")

    async def _help(self, person: Person) -> None:
        await self._said(person, "help")
