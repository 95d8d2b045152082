"""The first hour of a server: where a hello is due, and what its admins choose to begin with.

Methods that take an asker raise NotAllowed for who is no admin; what they change is in the audit
trail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.domain.moderation import PlaceKind
from bot.domain.people import Asker
from bot.domain.presets import PRESETS
from bot.service.moderation import Moderation
from bot.service.plans import Plans
from bot.service.rulebook import Rulebook
from bot.service.rules import require_admin
from bot.storage.greetings import Greeting, GreetingRepository
from bot.storage.quotas import Book, QuotaRepository


@dataclass(frozen=True)
class Choices:
    """What holds on a server: the key of the preset that everybody's plan is of, empty for none;
    the names of all plans; the channels that drawing is kept to, none for all."""

    preset: str
    plans: tuple[str, ...]
    channels: frozenset[int]


class FirstHour:
    """`clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        greetings: GreetingRepository,
        quotas: QuotaRepository,
        plans: Plans,
        moderation: Moderation,
        rulebook: Rulebook,
        clock: Callable[[], float],
    ) -> None:
        self._greetings = greetings
        self._quotas = quotas
        self._plans = plans
        self._moderation = moderation
        self._rulebook = rulebook
        self._clock = clock
        self._looked = False

    # Where a hello is due

    async def came(self, guild: int) -> None:
        """The bot was added to a server."""
        await self._greetings.came(guild, self._clock())

    async def there(self, guild: int) -> bool:
        """A server can be reached, perhaps one that the bot was added to meanwhile. False before
        the first look at all of them, which will tell."""
        if self._looked:
            await self._greetings.came(guild, self._clock())
        return self._looked

    async def left(self, guild: int) -> None:
        """The bot was removed from it."""
        await self._greetings.left(guild)

    async def reconcile(self, present: Collection[int]) -> None:
        """The bot is on these servers, reachable or not: what happened while it was away."""
        await self._greetings.reconcile(present, self._clock())
        self._looked = True

    async def due(self) -> list[Greeting]:
        """Where nothing was said so far."""
        return await self._greetings.due()

    async def said(self, greeting: Greeting) -> None:
        """It was, or cannot be."""
        await self._greetings.said(greeting)

    # What is chosen

    async def choices(self, guild: int) -> Choices:
        """What holds there, for a message that all may see."""
        book = await self._quotas.book(guild)
        rules = (await self._rulebook.of(guild)).rules
        return Choices(_preset(book, guild), tuple(book.plans), rules.channels)

    async def show(self, asker: Asker, guild: int) -> Choices:
        """The same for an admin alone."""
        require_admin(asker, guild)
        return await self.choices(guild)

    async def choose_preset(self, asker: Asker, guild: int, key: str) -> Choices:
        """Take over the plans of a preset. Raises NotFound for one that there is not."""
        await self._plans.adopt(asker, guild, key)
        return await self.choices(guild)

    async def choose_channels(
        self, asker: Asker, guild: int, added: Collection[int], dropped: Collection[int]
    ) -> Choices:  # fmt: skip
        """Keep drawing to these, and no more to those."""
        await self._moderation.choose(asker, guild, PlaceKind.CHANNEL, added, dropped)
        return await self.choices(guild)


def _preset(book: Book, guild: int) -> str:
    """The preset whose plans are there as they were, the first of them everybody's."""
    everybodys = book.assigned.get(("server", guild))
    for key, preset in PRESETS.items():
        unchanged = all(book.plans.get(name) == gives for name, gives in preset.plans.items())
        if unchanged and everybodys == next(iter(preset.plans)):
            return key
    return ""
