"""Words: what to type next, and what a small model does not know."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from bot.domain.errors import StoreUnavailable
from bot.domain.job import Job
from bot.domain.people import Account, Asker, Origin
from bot.domain.prompt import completing
from bot.domain.samplers import SAMPLERS
from bot.domain.style import RAW
from bot.models.catalogue import Catalogue
from bot.service import wearing
from bot.service.preferences import Habits
from bot.service.rules import may_use
from bot.service.styles import Styles, taught
from bot.storage.profiles import ProfileRepository
from bot.storage.recent import RecentPrompts

CHOICES = 25
"""Completions at once; Discord takes no more."""
REMEMBERED = 10_000
"""People of whom it is known without a look at the database that they were told."""


class Words:
    """What the models can be asked for. `vocabulary` is that of the default, None for one that has
    an idea of any word; `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        catalogue: Catalogue,
        profiles: ProfileRepository,
        recent: RecentPrompts,
        styles: Styles,
        habits: Habits,
        clock: Callable[[], float],
    ) -> None:
        card = catalogue.default
        self._catalogue = catalogue
        self._profiles = profiles
        self._recent = recent
        self._styles = styles
        self._habits = habits
        self._clock = clock
        self._ideas = card.ideas()
        self._told: set[int] = set()
        self.vocabulary = card.vocabulary()

    def ideas(self, typed: str, limit: int = 10) -> list[str]:
        """Prompts that the model draws well, those with the typed words first to last."""
        return _holding(typed, self._ideas)[:limit]

    async def completions(self, asker: Asker, origin: Origin, typed: str) -> list[str]:
        """What a typed text may become: with its last parameter or value completed, else prompts
        that hold the typed words, the asker's own before ideas. Each fits into a choice."""
        models = [
            self._catalogue.key(card)
            for card in self._catalogue.cards
            if may_use(asker, origin, card)
        ]
        values = {"model": models, "sampler": [*SAMPLERS], "lora": wearing.said(self._catalogue)}
        if "style" in typed:
            values["style"] = await self._looks(origin)
        offered = completing.completions(typed, values, await self._own_options(asker))
        if not offered:
            recent = await self._recent_ones(Account(origin.guild, asker.user))
            offered = [*_holding(typed, recent), *self.ideas(typed)]
        fitting = (each for each in offered if len(each) <= completing.LONGEST)
        return list(dict.fromkeys(fitting))[:CHOICES]

    async def _looks(self, origin: Origin) -> list[str]:
        with contextlib.suppress(StoreUnavailable):
            return [*await self._styles.offered(origin.guild), RAW]
        return [*taught(self._catalogue.default), RAW]

    async def _own_options(self, asker: Asker) -> list[str]:
        with contextlib.suppress(StoreUnavailable):
            return [name for name, _ in (await self._habits.own(asker)).options]
        return []

    async def _recent_ones(self, account: Account) -> list[str]:
        with contextlib.suppress(StoreUnavailable):
            return await self._recent.of(account)
        return []

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


def _holding(typed: str, prompts: Sequence[str]) -> list[str]:
    """Those with all the typed words."""
    words = typed.lower().split()
    return [prompt for prompt in prompts if all(word in prompt.lower() for word in words)]
