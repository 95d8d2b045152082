"""What people may ask of what is kept of them, in one object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from bot.dispatch.dispatcher import Dispatcher
from bot.service.conduct import Conduct
from bot.service.departures import Departures
from bot.service.erasing import Erasing
from bot.service.errand import Errands
from bot.service.exports import Exports
from bot.service.preferences import Habits
from bot.service.rulebook import Rulebook
from bot.service.rules import Rules
from bot.storage.letters import LetterRepository
from bot.storage.removals import Removal, RemovalRepository
from bot.storage.repositories import Repositories


class Removals:
    """Messages that are to go. `clock` returns UTC seconds since the epoch."""

    def __init__(self, removals: RemovalRepository, clock: Callable[[], float]) -> None:
        self._removals = removals
        self._clock = clock
        self.done = removals.done

    async def due(self) -> Removal | None:
        """The one that has been due for longest."""
        return await self._removals.due(self._clock())

    async def postpone(self, removal: Removal, seconds: float) -> None:
        """Not before so many seconds again."""
        await self._removals.postpone(removal, self._clock() + seconds)


@dataclass(frozen=True)
class Privacy:
    """Parts that know one another through their constructors only."""

    exports: Exports
    erasing: Erasing
    departures: Departures
    removals: Removals
    letters: LetterRepository

    @classmethod
    def of(
        cls, parts: Repositories, dispatcher: Dispatcher, habits: Habits, rulebook: Rulebook,
        conduct: Conduct, rules: Rules, clock: Callable[[], float], errands: Errands,
    ) -> Self:  # fmt: skip
        """Over these."""
        erasing = Erasing(
            erasures=parts.erasures, jobs=parts.jobs, files=parts.files, blobs=parts.blobs,
            dispatcher=dispatcher, habits=habits, rulebook=rulebook, conduct=conduct, clock=clock,
        )  # fmt: skip
        return cls(
            Exports(parts.database, parts.folder, errands),
            erasing,
            Departures(parts.departures, erasing, rules.left_age_s, clock),
            Removals(parts.removals, clock),
            parts.letters,
        )

    async def keep(self) -> None:
        """Do what is to be deleted, until cancelled."""
        await self.exports.sweep()
        await self.erasing.keep()
