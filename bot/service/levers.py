"""What is switched off, known at once: servers that are not served, servers whose drawings wait,
and whether anything is begun at all. Knows no rights: who may pull a lever asks elsewhere.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.errors import Draining, NotAllowed, StoreUnavailable
from bot.domain.language import N_, _
from bot.storage.switches import Deed, Drain, Name, Switches, SwitchRepository

log = logging.getLogger(__name__)

BLOCKED = N_("My operator has blocked this server, so I do nothing here.")
DRAINING = N_(
    "I am about to be updated and begin nothing new just now; nothing was charged. Please ask again"
    " in a few minutes."
)
STILL = N_("Nothing new is begun until I am updated; this keeps its place.")


class Levers:
    """One for a bot of a `version`. `load` before anything is begun, `rest` at the end."""

    def __init__(
        self, switches: SwitchRepository, dispatcher: Dispatcher, version: str = ""
    ) -> None:
        self._switches = switches
        self._dispatcher = dispatcher
        self._version = version
        self._now = Switches()
        self.draining = False
        self.full = False
        """Whether there is too little room on the disk for anything new."""
        self.kept: Drain | None = None
        """What goes on since an earlier process, as long as who began it does not know that."""

    async def load(self) -> None:
        """What was switched before this start. Draining goes on after a crash, and is over with the
        update that it was for."""
        self._now = await self._switches.read()
        for guild in self._now.paused:
            self._dispatcher.aside.pause(guild)
        drain = await self._switches.drain()
        if drain is not None and drain.version != self._version:
            await self._switches.end_drain(None, 0.0)
            log.info("updated from %s to %s: drawing goes on", drain.version, self._version)
        elif drain is not None:
            self.kept = drain
            self._stand_still(True)
            log.warning("nothing new is begun until an update; /operator undrain goes on")

    async def rest(self) -> None:
        """This process was told to end: where nothing was left to be drawn, that is the update, or
        whatever it was drained for."""
        if not self.draining or self._dispatcher.running:
            return
        try:
            await self._switches.end_drain(None, 0.0)
        except StoreUnavailable as error:
            log.warning("the next start will not begin anything new: %s", error)

    @property
    def notice(self) -> str:
        """What everybody is told until it is cleared; else empty."""
        return self._now.notice

    @property
    def blocked(self) -> frozenset[int]:
        """Servers that are not served."""
        return self._now.blocked

    def paused(self, guild: int) -> bool:
        """Whether a server's drawings wait."""
        return guild in self._now.paused

    def require_served(self, guild: int) -> None:
        """Raises NotAllowed for a server that is blocked."""
        if guild in self._now.blocked:
            raise NotAllowed(_(BLOCKED))

    def require_open(self, guild: int) -> None:
        """Whether something may be asked for there. Raises NotAllowed and Draining, and
        StoreUnavailable while there is too little room for it."""
        self.require_served(guild)
        if self.full:
            raise StoreUnavailable("full", "there is less room than DISK_FLOOR_GB")
        if self.draining:
            raise Draining(_(DRAINING))

    async def block(self, guild: int, on: bool, deed: Deed, now: float) -> bool:
        """Serve a server no more, or again; False where it is so."""
        changed = await self._switch("blocked", guild, on, deed, now)
        self._now = replace(self._now, blocked=_with(self._now.blocked, guild, on))
        return changed

    async def pause(self, guild: int, on: bool, deed: Deed, now: float) -> bool:
        """Let a server's drawings wait, or go on; False where it is so."""
        changed = await self._switch("paused", guild, on, deed, now)
        # A server that was forgotten meanwhile is paused here alone.
        changed = changed or self.paused(guild) is not on
        self._now = replace(self._now, paused=_with(self._now.paused, guild, on))
        if changed:
            aside = self._dispatcher.aside
            (aside.pause if on else aside.resume)(guild)
        return changed

    async def announce(self, words: str, deed: Deed, now: float) -> bool:
        """Tell everybody, or with no words nothing more; False where that is so."""
        if words:
            changed = await self._switches.set("notice", deed.guild, words, deed, now)
        else:
            changed = await self._switches.clear("notice", deed.guild, deed, now)
        self._now = replace(self._now, notice=words)
        return changed

    async def drain(self, draining: bool, deed: Deed, now: float) -> None:
        """Begin nothing any more, or go on."""
        if draining:
            await self._switches.begin_drain(self._version, deed, now)
        else:
            await self._switches.end_drain(deed, now)
        self.kept = None
        self._stand_still(draining)

    def _stand_still(self, draining: bool) -> None:
        self.draining = draining
        self._dispatcher.drain(draining, STILL)

    async def _switch(self, name: Name, guild: int, on: bool, deed: Deed, now: float) -> bool:
        if on:
            return await self._switches.set(name, guild, "", deed, now)
        return await self._switches.clear(name, guild, deed, now)


def _with(servers: frozenset[int], guild: int, on: bool) -> frozenset[int]:
    return servers | {guild} if on else servers - {guild}
