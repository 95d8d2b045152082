"""The shop of the application: buying, cancelling, refunds, test entitlements.

Knows when something can be bought, and what becomes of it; takes no money. A month is 30 days.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.sandbox.rules.errors import ApiError, Refused
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.first import SKUS
from bot.sandbox.world.goods import (
    APPLICATION_SUBSCRIPTION,
    AVAILABLE,
    CONSUMABLE,
    DURABLE,
    GROUP,
    OF_GUILD,
    OF_USER,
    PURCHASE,
    SUBSCRIPTION,
    TEST_MODE,
    Entitlement,
    Sku,
)
from bot.sandbox.world.snowflake import Clock, Snowflakes

GUILD_OWNER, USER_OWNER = 1, 2
MONTH_S = 30 * 24 * 3600.0


class Shop:
    """One for a world. Raises Refused for what Discord's client would not let people do, ApiError
    for what the application may not do."""

    def __init__(self, clock: Clock, ids: Snowflakes, bus: Bus) -> None:
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self.skus: dict[str, Sku] = {row[0]: Sku(*row) for row in SKUS}
        self.entitlements: dict[str, Entitlement] = {}

    # What the application's owner does on the developer portal

    def add(
        self, name: str, kind: int = CONSUMABLE, price: str = "$4.99", *, of_guild: bool = False
    ) -> Sku:
        """A new SKU that can be bought; a subscription comes with a group that has no use."""
        flags = AVAILABLE
        if kind == SUBSCRIPTION:
            flags |= OF_GUILD if of_guild else OF_USER
            group = Sku(self._ids.next(), GROUP, name, price, flags)
            self.skus[group.id] = group
        made = Sku(self._ids.next(), kind, name, price, flags)
        self.skus[made.id] = made
        self._changed()
        return made

    def withdraw(self, sku: Sku) -> None:
        """Nobody can buy it any more; who has it keeps it."""
        sku.flags &= ~AVAILABLE
        self._changed()

    # What people do

    def buy(
        self, user_id: str, sku_id: str, guild_id: str | None = None, *, test_mode: bool = False
    ) -> Entitlement:
        """Pay. What a whole server has needs one; in test mode a pack may be bought again before
        it is consumed."""
        sku = self.skus.get(sku_id)
        if sku is None or not sku.available:
            raise Refused("that is not for sale")
        if sku.of_guild and guild_id is None:
            raise Refused("that is for a server: buy it there")
        owner = (None, guild_id) if sku.of_guild else (user_id, None)
        if not test_mode and any(self._held(sku, *owner)):
            raise Refused(_AGAIN[sku.type])
        now = self._clock()
        made = Entitlement(
            self._ids.next(), sku, TEST_MODE if test_mode else PURCHASE, user_id,
            guild_id if sku.of_guild else None,
        )  # fmt: skip
        if sku.type == SUBSCRIPTION:
            made.starts_at, made.renews_at = now, now + MONTH_S
        return self._created(made)

    def cancel(self, entitlement: Entitlement) -> None:
        """A subscription ends when its month is over; the application hears of it then."""
        self._need_subscription(entitlement).cancelled = True
        self._changed()

    def resume(self, entitlement: Entitlement) -> None:
        """Take back that it was cancelled."""
        self._need_subscription(entitlement).cancelled = False
        self._changed()

    def end(self, entitlement: Entitlement) -> None:
        """The month of a subscription is over now, and it is not renewed."""
        self._need_subscription(entitlement)
        self._end(entitlement, self._clock())

    def refund(self, entitlement: Entitlement) -> None:
        """Discord gives the money back."""
        if entitlement.deleted:
            raise Refused("that was given back already")
        entitlement.deleted = True
        self._tell("ENTITLEMENT_DELETE", entitlement)

    def turn(self) -> None:
        """Renew or end the subscriptions whose month is over by the clock."""
        now = self._clock()
        for each in list(self.entitlements.values()):
            while not each.deleted and each.renews_at is not None and each.renews_at <= now:
                if each.cancelled:
                    self._end(each, each.renews_at)
                else:
                    each.renews_at += MONTH_S

    # What the application does

    def consume(self, entitlement_id: str) -> None:
        """A pack was taken in, so that another can be bought; once more changes nothing."""
        entitlement = self.find(entitlement_id)
        if entitlement.deleted:
            raise ApiError(10029)
        if entitlement.sku.type != CONSUMABLE:
            raise ApiError(50057)
        entitlement.consumed = True
        self._changed()

    def grant_test(self, sku_id: str, owner_id: str, owner_type: int) -> Entitlement:
        """A test entitlement, which no one-time purchase can have."""
        sku = self.skus.get(sku_id)
        if sku is None:
            raise ApiError(10027)
        if sku.type != SUBSCRIPTION or sku.of_guild != (owner_type == GUILD_OWNER):
            raise ApiError(50057)
        user_id = owner_id if owner_type == USER_OWNER else None
        guild_id = owner_id if owner_type == GUILD_OWNER else None
        if any(self._held(sku, user_id, guild_id)):
            raise ApiError(40074)
        kind = APPLICATION_SUBSCRIPTION
        made = Entitlement(self._ids.next(), sku, kind, user_id, guild_id, made_by_api=True)
        return self._created(made)

    def delete_test(self, entitlement_id: str) -> None:
        """What somebody bought the application cannot take away."""
        entitlement = self.find(entitlement_id)
        if not entitlement.made_by_api:
            raise ApiError(40019)
        if entitlement.deleted:
            raise ApiError(10029)
        entitlement.deleted = True
        self._tell("ENTITLEMENT_DELETE", entitlement)

    # Looking

    def find(self, entitlement_id: str) -> Entitlement:
        """Raises ApiError 10029."""
        self.turn()
        if entitlement_id not in self.entitlements:
            raise ApiError(10029)
        return self.entitlements[entitlement_id]

    def all(self) -> list[Entitlement]:
        """Oldest first."""
        self.turn()
        return sorted(self.entitlements.values(), key=lambda each: int(each.id))

    def active(self, user_id: str, guild_id: str | None) -> list[Entitlement]:
        """What an interaction of this person there tells of."""
        now = self._clock()
        return [
            each
            for each in self.all()
            if each.active(now)
            and (each.guild_id == guild_id if each.guild_id else each.user_id == user_id)
        ]

    def _held(self, sku: Sku, user_id: str | None, guild_id: str | None) -> Iterator[Entitlement]:
        now = self._clock()
        for each in self.all():
            owner = (None, each.guild_id) if each.guild_id else (each.user_id, None)
            if each.sku is sku and owner == (user_id, guild_id) and each.active(now):
                yield each

    def _need_subscription(self, entitlement: Entitlement) -> Entitlement:
        self.turn()
        if entitlement.renews_at is None or entitlement.deleted:
            raise Refused("that is no subscription that runs")
        return entitlement

    def _created(self, made: Entitlement) -> Entitlement:
        self.entitlements[made.id] = made
        self._tell("ENTITLEMENT_CREATE", made)
        return made

    def _end(self, entitlement: Entitlement, at: float) -> None:
        entitlement.ends_at, entitlement.renews_at = at, None
        self._tell("ENTITLEMENT_UPDATE", entitlement)

    def _tell(self, name: str, entitlement: Entitlement) -> None:
        # Without a guild even where there is one: Discord tells the first shard of all of them.
        self._bus.publish(News(name, entitlement.json()))

    def _changed(self) -> None:
        self._bus.publish(News("SANDBOX_SHOP", None))


_AGAIN = {
    DURABLE: "you own that already",
    CONSUMABLE: "your last one waits to be taken in; then you can buy another",
    SUBSCRIPTION: "you are subscribed to that already",
}
