"""What people buy through Discord: hears of it, lists what was missed, says what was taken in.

Discord sells a pack again only when the last was consumed, which is said after its credits are in
the book; the table of entitlements is the queue. Everything is listed at a start and after each new
session, because nobody tells twice what was bought while nobody listened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import discord

from bot.chat.pace import Pace, Pauses
from bot.chat.trouble import TROUBLE, Verdict, has_code, judge
from bot.domain.backoff import Backoff
from bot.domain.errors import StoreUnavailable
from bot.domain.shop import Entitlement
from bot.service import Service
from bot.service.shop import Owed

log = logging.getLogger(__name__)

A_SECOND = 5.0
"""Requests."""
DAY_S = 86_400.0
"""Between two lists at the latest: an event may be lost."""
PAGE = 100
UNKNOWN_ENTITLEMENT = 10029


class Till:
    """One for a client. Does nothing before `run`, which is for a bot that sells something."""

    def __init__(self, client: discord.Client, service: Service, pauses: Pauses) -> None:
        self._client = client
        self._service = service
        self._pauses = pauses
        self._pace = Pace(A_SECOND, burst=5)
        self._resting = Backoff(pauses.rest, 60.0)
        self._news = asyncio.Event()
        self._stale = True
        self._listed_at = 0.0
        self._open = False
        self.skus: dict[int, discord.SKU] = {}
        """What Discord sells of this application, as it said last."""
        self._fit: list[int] = []

    async def run(self) -> None:
        """Work until cancelled."""
        self._open = self._stale = True
        while True:
            self._news.clear()
            rest = await self._round()
            # Not by `wait_for`, which before Python 3.12 may lose a cancel that comes with news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._news.wait()

    async def _round(self) -> float:
        """List and consume what is to be; seconds until the next look, unless there is news."""
        try:
            now = asyncio.get_running_loop().time()
            if self._stale or now - self._listed_at > DAY_S:
                self._stale, self._listed_at = False, now
                await self._list()
            while owed := await self._service.shop.due():
                await self._consume(owed)
        except (*TROUBLE, StoreUnavailable) as error:
            log.warning("what was bought cannot be looked through just now: %s", error)
            self._stale = True
            return self._resting.next()
        self._resting.reset()
        return self._pauses.poll

    # Hearing of it

    async def hear(self, entitlement: discord.Entitlement, *, deleted: bool = False) -> None:
        """Discord told of one. What the database refuses is listed again later."""
        if not self._open:
            return
        try:
            await self._take(_read(entitlement, deleted))
        except StoreUnavailable as error:
            log.warning("entitlement %d waits for the next list: %s", entitlement.id, error)
            self.look()
        else:
            self._client.dispatch("easel_sold", entitlement.user_id)

    def look(self) -> None:
        """Something may have been missed."""
        self._stale = True
        self._news.set()

    async def arrive(self, interaction: discord.Interaction) -> None:
        """Somebody uses a command or a button: what waited for that is theirs before it is
        answered. Never raises."""
        if not self._open or interaction.type is discord.InteractionType.autocomplete:
            return
        held = [_read(each) for each in interaction.entitlements]
        user, guild = interaction.user.id, interaction.guild_id or 0
        try:
            if await self._service.shop.arrive(user, guild, held):
                self._news.set()
        except StoreUnavailable as error:
            log.warning("what %d bought waits: %s", user, error)
            self.look()

    async def _take(self, entitlement: Entitlement, *, listed: bool = False) -> None:
        if await self._service.shop.take(entitlement, listed=listed):
            self._news.set()

    # Asking for it

    async def offers(self) -> dict[int, discord.SKU]:
        """What of ours can be bought just now, by id. Raises what TROUBLE says."""
        if not self.skus:
            await self._look_at_skus()
        return {sku: self.skus[sku] for sku in self._fit if self.skus[sku].flags.available}

    async def _look_at_skus(self) -> None:
        self.skus = {sku.id: sku for sku in await self._client.fetch_skus()}
        sold, kinds = self._service.shop.assortment, discord.SKUType
        self._fit = [sku for sku in sold.packs if self._fits("SHOP_PACKS", sku, kinds.consumable)]
        lasting = kinds.subscription, kinds.durable
        self._fit += [sku for sku in sold.plans if self._fits("SHOP_PLANS", sku, *lasting)]

    def _fits(self, setting: str, sku: int, *kinds: discord.SKUType) -> bool:
        """Whether Discord knows an SKU as what it is sold as; if not, that is logged."""
        found = self.skus.get(sku)
        if found is None:
            log.warning("%s: Discord knows no SKU %d of this application", setting, sku)
        elif found.type not in kinds:
            named = " or ".join(kind.name for kind in kinds)
            log.warning("%s: SKU %d is %s and should be %s", setting, sku, found.type.name, named)
        return found is not None and found.type in kinds

    async def _list(self) -> None:
        """Take everything that was ever bought of what is sold, also what was given back:
        `Client.entitlements` leaves that out of a list from the beginning."""
        await self._look_at_skus()
        after = 0
        skus: list[int | str] = [*self._service.shop.assortment.skus]
        while True:
            await self._pace.turn()
            page: list[Any] = await self._client.http.get_entitlements(
                self._application, sku_ids=skus, after=after, limit=PAGE,
                exclude_ended=False, exclude_deleted=False,
            )  # fmt: skip
            state = self._client._connection
            found = [_read(discord.Entitlement(state, each)) for each in page]
            await asyncio.gather(*(self._take(each, listed=True) for each in found))
            if len(page) < PAGE:
                return
            after = max(each.id for each in found)

    async def _consume(self, owed: Owed) -> None:
        """Tell Discord that a pack was taken in; raises what TROUBLE says while it is away."""
        await self._pace.turn()
        try:
            await self._client.http.consume_entitlement(self._application, owed.entitlement)
        except TROUBLE as error:
            if judge(error) is Verdict.AWAY:
                raise
            if not await self._is_over(owed, error):
                log.warning("entitlement %d is not consumed yet: %s", owed.entitlement, error)
                pause = self._pauses.after(owed.tries)
                await self._service.shop.postpone(owed, pause)
                return
        await self._service.shop.consumed(owed.entitlement)

    async def _is_over(self, owed: Owed, error: Exception) -> bool:
        """Whether a refusal says that there is nothing to be told (any more)."""
        if has_code(error, UNKNOWN_ENTITLEMENT):
            return True
        try:
            entitlement = _read(await self._client.fetch_entitlement(owed.entitlement))
        except TROUBLE as refused:
            if judge(refused) is Verdict.AWAY:
                raise
            return False  # nor can it be looked up: others are not to wait for it
        await self._take(entitlement)
        return entitlement.consumed or entitlement.deleted

    @property
    def _application(self) -> int:
        assert self._client.application_id is not None  # known since the login
        return self._client.application_id


def _read(it: discord.Entitlement, deleted: bool = False) -> Entitlement:
    """An event that says that it was deleted need not say so inside."""
    return Entitlement(
        it.id, it.sku_id, it.user_id or 0, it.guild_id or 0,
        it.starts_at.timestamp() if it.starts_at else None,
        it.ends_at.timestamp() if it.ends_at else None,
        it.deleted or deleted, it.consumed,
    )  # fmt: skip
