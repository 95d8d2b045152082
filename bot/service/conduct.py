"""Who may not draw on a server, and until when: banned, or timed out for refused prompts.

Every plan asks, so who was asked for is remembered in memory; all changes are made here.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.moderation import Ban, TimeoutRule
from bot.domain.people import Account
from bot.storage.bans import BanRepository, Standing

REMEMBERED = 10_000
"""People on servers of whom it is known without a look at the database."""


class Conduct:
    """`clock` returns UTC seconds since the epoch."""

    def __init__(self, bans: BanRepository, clock: Callable[[], float]) -> None:
        self._bans = bans
        self._clock = clock
        self._known: dict[Account, Standing] = {}
        self._changes = 0

    async def of(self, account: Account) -> Standing:
        """What holds of somebody on a server now."""
        while account not in self._known:
            changes = self._changes
            found = await self._bans.standing(account)
            if changes == self._changes:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[account] = found
        return self._known[account].at(self._clock())

    async def banned(self, guild: int) -> list[Ban]:
        """Whose bans hold on a server, the newest first."""
        return await self._bans.banned(guild, self._clock())

    async def ban(self, guild: int, ban: Ban) -> None:
        """Keep a ban instead of an earlier one. Raises UserError for too many on a server."""
        await self._bans.ban(guild, ban)
        self._changed(Account(guild, ban.user))

    async def unban(self, account: Account, actor: int) -> bool:
        """End a ban and a time-out; False where there was neither."""
        held = await self._bans.unban(account, actor, self._clock())
        self._changed(account)
        return held

    async def refused(self, account: Account, rule: TimeoutRule) -> float:
        """Count a refused prompt; when the time-out ends that it led to, 0 for none."""
        ends = await self._bans.refused(account, rule, self._clock())
        self._changed(account)
        return ends

    def forgotten(self) -> None:
        """Something was deleted by others."""
        self._changes += 1
        self._known.clear()

    def _changed(self, account: Account) -> None:
        self._changes += 1
        self._known.pop(account, None)
