"""A person in the shop: buying, cancelling, giving back; and what they, or the owner, see of it.

Knows the page's protocol and what an owner sees; the rules are in `world.shop`.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.rules.errors import Refused
from bot.sandbox.world.goods import CONSUMABLE, GROUP, Entitlement
from bot.sandbox.world.snowflake import iso, seconds
from bot.sandbox.world.world import World

Payload = dict[str, Any]


class Customer:
    """Somebody who may buy. Raises Refused where Discord's client would."""

    def __init__(self, world: World, user_id: str) -> None:
        self._world = world
        self._shop = world.shop
        self._user_id = user_id

    def buy(self, sku: str, guild: str | None = None, *, test_mode: bool = False) -> Entitlement:
        """Pay for a SKU, given by its id or name; what is for a server goes to `guild`, the first
        unless another is given."""
        where = guild or self._world.guild.id
        return self._shop.buy(self._user_id, self._sku(sku), where, test_mode=test_mode)

    def own(self, sku: str) -> Entitlement:
        """The newest that this person bought of a SKU."""
        wanted = self._sku(sku)
        for each in reversed(self._mine()):
            if each.sku.id == wanted:
                return each
        raise Refused("you never bought that")

    def do(self, deed: str, subject: str) -> None:
        """What a button of the page says: "buy" a SKU; or "cancel", "resume", "end" or "refund"
        an own entitlement; each by its id."""
        if deed == "buy":
            self.buy(subject)
            return
        deeds = {"cancel": self._shop.cancel, "resume": self._shop.resume}
        deeds |= {"end": self._shop.end, "refund": self._shop.refund}
        entitlement = self._shop.entitlements.get(subject)
        if entitlement is None or entitlement not in self._mine():
            raise Refused("that is not yours")
        deeds[deed](entitlement)

    def seen(self) -> Payload:
        """What is sold, and what this person bought, newest first; to the application's owner what
        everybody did (null for others)."""
        owner = self._user_id == self._world.guild.owner_id
        return {
            "skus": [
                {"id": sku.id, "type": sku.type, "name": sku.name, "price": sku.price}
                | {"available": sku.available, "guild": sku.of_guild}
                for sku in self._shop.skus.values()
                if sku.type != GROUP
            ],
            "owned": [self._bought(each) for each in reversed(self._mine())],
            "sales": [self._bought(each) for each in reversed(self._shop.all())] if owner else None,
        }

    def _sku(self, wanted: str) -> str:
        named = (sku for sku in self._shop.skus.values() if sku.type != GROUP)
        return next((sku.id for sku in named if sku.name == wanted), wanted)

    def _mine(self) -> list[Entitlement]:
        return [each for each in self._shop.all() if each.user_id == self._user_id]

    def _bought(self, it: Entitlement) -> Payload:
        ends = it.renews_at if it.ends_at is None else it.ends_at
        return {
            "id": it.id,
            "sku_id": it.sku.id,
            "user_id": it.user_id,
            "at": iso(seconds(it.id)),
            "ends_at": None if ends is None else iso(ends),
            "state": self._state(it),
        }

    def _state(self, it: Entitlement) -> str:
        if it.deleted:
            return "refunded"
        if it.ended(self._world.clock()):
            return "ended"
        if it.sku.type == CONSUMABLE:
            return "consumed" if it.consumed else "waiting"
        if it.renews_at is None:
            return "owned"
        return "ending" if it.cancelled else "renewing"
