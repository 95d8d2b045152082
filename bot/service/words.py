"""Words: ideas to begin with, and what a small model does not know."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from bot.domain.errors import StoreUnavailable
from bot.domain.job import Job
from bot.models.cards import ModelCard
from bot.storage.profiles import ProfileRepository

REMEMBERED = 10_000
"""People of whom it is known without a look at the database that they were told."""


class Words:
    """What the model can be asked for. `vocabulary` is None for one that has an idea of any word;
    `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, card: ModelCard, profiles: ProfileRepository, clock: Callable[[], float]
    ) -> None:
        self._profiles = profiles
        self._clock = clock
        self._ideas = card.ideas()
        self._told: set[int] = set()
        self.vocabulary = card.vocabulary()

    def ideas(self, typed: str, limit: int = 10) -> list[str]:
        """Prompts that the model draws well, those with the typed words first to last."""
        words = typed.lower().split()
        return [idea for idea in self._ideas if all(word in idea.lower() for word in words)][:limit]

    async def hint(self, job: Job) -> list[str]:
        """Words of the job's prompt that a small model passes over, once for each user.

        Empty for a model that has an idea of any word, for a person who was told before, and while
        the database is in trouble: then they are told another time.
        """
        if self.vocabulary is None:
            return []
        unknown = self.vocabulary.unknown(job.request.prompt.text)
        if not unknown or job.user in self._told:
            return []
        with contextlib.suppress(StoreUnavailable):
            first = await self._profiles.note_hint(job.user, self._clock())
            self._remember(job.user)
            return unknown if first else []
        return []

    def _remember(self, user: int) -> None:
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(user)
