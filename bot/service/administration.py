"""What else admins see in their panel: what was done on their server, and how the models stand.

Every method raises NotAllowed for who is no admin. A look at what was done is no deed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.people import Asker
from bot.engine.seam import Executor, Failed, Loaded, Loading, Worker
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.rules import require_admin
from bot.storage.audit import LOOKS, AuditEntry, AuditRepository

LOGGED = 10
"""Deeds of a page."""


@dataclass(frozen=True)
class Deeds:
    """Some of what changed something, newest first, from the one numbered `first` (from 0); `more`
    says that there are older ones."""

    entries: Sequence[AuditEntry]
    first: int
    more: bool


@dataclass(frozen=True)
class Standing:
    """A model, the `key` by which a prompt asks for it, whether it is the default or `kept` loaded
    ahead of need; in how many workers it is `loaded`, whether one is `loading` it, and why one
    could not, in a sentence."""

    card: ModelCard
    key: str
    default: bool
    kept: bool
    loaded: int
    loading: bool
    trouble: str


@dataclass(frozen=True)
class Models:
    """Every model, the default first, and every worker."""

    models: Sequence[Standing]
    workers: Sequence[Worker]


class Administration:
    """Reads of admins."""

    def __init__(self, audit: AuditRepository, executor: Executor, catalogue: Catalogue) -> None:
        self._audit = audit
        self._executor = executor
        self._catalogue = catalogue

    def require_right(self, asker: Asker, guild: int) -> None:
        """What every page of the panel asks for."""
        require_admin(asker, guild)

    async def deeds(self, asker: Asker, guild: int, first: int = 0) -> Deeds:
        """A page of what admins changed."""
        require_admin(asker, guild)
        found = await self._audit.newest(guild, LOGGED + 1, LOOKS, first)
        return Deeds(found[:LOGGED], first, len(found) > LOGGED)

    async def models(self, asker: Asker, guild: int) -> Models:
        """What can be asked for, and what draws it."""
        require_admin(asker, guild)
        workers = self._executor.workers()
        return Models([self._standing(card, workers) for card in self._catalogue.cards], workers)

    def _standing(self, card: ModelCard, workers: Sequence[Worker]) -> Standing:
        states = [each.models[card.id] for each in workers if card.id in each.models]
        return Standing(
            card,
            self._catalogue.key(card),
            default=card.id == self._catalogue.default.id,
            kept=card.id in self._catalogue.kept,
            loaded=sum(isinstance(each, Loaded) for each in states),
            loading=any(isinstance(each, Loading) for each in states),
            trouble=next((each.text for each in states if isinstance(each, Failed)), ""),
        )
