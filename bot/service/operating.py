"""What the operator of the bot does: servers, what everybody is told, making ready for an update.

Every method raises NotAllowed for who is no operator; what changes something is in the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.errors import NotAllowed, UserError
from bot.domain.language import _
from bot.domain.overview import ServerUse, Span
from bot.domain.people import Asker
from bot.domain.quota import Caps
from bot.service.levers import Levers
from bot.service.rules import DIRECT, Rules
from bot.service.stopping import Stopping
from bot.storage.overview import OverviewRepository
from bot.storage.switches import EVERYWHERE, Deed

USE_DAYS = 30
NOTICE_MAX = 200
"""Characters of what everybody is told."""


@dataclass(frozen=True)
class Served:
    """A server that the bot is on, or that is blocked."""

    use: ServerUse
    name: str
    blocked: bool


@dataclass(frozen=True)
class Standstill:
    """So many jobs are still being drawn, and so many wait for what comes after an update."""

    running: int
    waiting: int


class Operating:
    """The operator's use cases. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        levers: Levers,
        overviews: OverviewRepository,
        dispatcher: Dispatcher,
        stopping: Stopping,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._levers = levers
        self._overviews = overviews
        self._dispatcher = dispatcher
        self._stopping = stopping
        self._rules = rules
        self._clock = clock
        self._owners: frozenset[int] = frozenset()

    def know_owners(self, owners: Collection[int]) -> None:
        """Whose application the bot is: these are operators where the settings name none."""
        self._owners = frozenset(owners)

    def require_operator(self, asker: Asker) -> None:
        """Raises NotAllowed for everybody else."""
        if asker.user not in (self._rules.operators or self._owners):
            raise NotAllowed(_("Only who operates this bot can do this."))

    async def servers(self, asker: Asker, names: Mapping[int, str]) -> list[Served]:
        """These servers that the bot is on, and what is blocked, by what they had drawn lately."""
        self.require_operator(asker)
        guilds = sorted(self._levers.blocked | names.keys())
        span = Span.until(self._clock(), USE_DAYS)
        used = await self._overviews.servers(guilds, span)
        blocked = self._levers.blocked
        return [Served(use, names.get(use.guild, ""), use.guild in blocked) for use in used]

    async def block(self, asker: Asker, guild: int) -> int:
        """Serve a server no more; what it waits for is cancelled, free of charge. Returns how many
        jobs that were."""
        self.require_operator(asker)
        _require_server(guild)
        deed = Deed(asker.user, EVERYWHERE, "operator block", {"guild": guild})
        if not await self._levers.block(guild, True, deed, self._clock()):
            raise UserError(
                _("This server is blocked already; `/operator unblock` lets it in again.")
            )
        return await self._stopping.of_server(guild, "its server is served no more")

    async def unblock(self, asker: Asker, guild: int) -> None:
        """Serve it again."""
        self.require_operator(asker)
        _require_server(guild)
        deed = Deed(asker.user, EVERYWHERE, "operator unblock", {"guild": guild})
        if not await self._levers.block(guild, False, deed, self._clock()):
            raise UserError(
                _("This server is not blocked; `/operator servers` marks those that are.")
            )

    async def announce(self, asker: Asker, words: str) -> str:
        """Tell everybody something beside each answer; no words end that. Returns what is told."""
        self.require_operator(asker)
        said = " ".join(words.split())
        if len(said) > NOTICE_MAX:
            raise UserError(
                _(
                    "A notice has at most {most} characters and this has {count}; shorten it.",
                    most=NOTICE_MAX,
                    count=len(said),
                )
            )
        deed = Deed(asker.user, EVERYWHERE, "operator notice", {"reason": said})
        await self._levers.announce(said, deed, self._clock())
        return said

    async def drain(self, asker: Asker, draining: bool) -> Standstill:
        """Begin nothing new and let what is drawn come to its end, or go on."""
        self.require_operator(asker)
        name = "operator drain" if draining else "operator undrain"
        deed = Deed(asker.user, EVERYWHERE, name)
        await self._levers.drain(draining, deed, self._clock())
        return self._standstill()

    async def drained(self, asker: Asker) -> Standstill | None:
        """Return when nothing is being drawn any more; None where drawing goes on again."""
        self.require_operator(asker)
        await self._dispatcher.drained()
        return self._standstill() if self._levers.draining else None

    def caps(self, asker: Asker) -> Caps:
        """What the settings allow at most."""
        self.require_operator(asker)
        return self._rules.caps

    def _standstill(self) -> Standstill:
        return Standstill(self._dispatcher.running, self._dispatcher.waiting)


def _require_server(guild: int) -> None:
    if guild == DIRECT:
        raise UserError(_("Give the id of a server, as `/operator servers` shows it."))
