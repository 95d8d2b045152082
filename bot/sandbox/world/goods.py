"""SKUs and entitlements: what the application sells, and who has it.

Plain state; who may buy what, and what becomes of it, is in `shop`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.snowflake import iso

DURABLE, CONSUMABLE, SUBSCRIPTION, GROUP = 2, 3, 5, 6
AVAILABLE, OF_GUILD, OF_USER = 1 << 2, 1 << 7, 1 << 8
PURCHASE, TEST_MODE, APPLICATION_SUBSCRIPTION = 1, 4, 8

Payload = dict[str, Any]


@dataclass
class Sku:
    """Something that is sold. `price` is for people's eyes."""

    id: str
    type: int
    name: str
    price: str
    flags: int = AVAILABLE

    @property
    def available(self) -> bool:
        """Whether it can be bought; what stands for a group of subscriptions never can."""
        return bool(self.flags & AVAILABLE) and self.type != GROUP

    @property
    def of_guild(self) -> bool:
        """Whether all of a server have what one person buys."""
        return bool(self.flags & OF_GUILD)

    def json(self) -> Payload:
        """Discord's SKU object, which says no price."""
        return {
            "id": self.id,
            "type": self.type,
            "dependent_sku_id": None,
            "application_id": BOT_ID,
            "manifest_labels": None,
            "access_type": 1,
            "name": self.name,
            "features": [],
            "release_date": None,
            "premium": False,
            "slug": self.name.lower().replace(" ", "-"),
            "flags": self.flags,
            "show_age_gate": False,
        }


@dataclass
class Entitlement:
    """Somebody's, or a server's, right to a SKU. Times are Unix seconds.

    `renews_at` is when a subscription renews, or ends where it is `cancelled`; None for what does
    neither.
    """

    id: str
    sku: Sku
    type: int
    user_id: str | None
    guild_id: str | None
    starts_at: float | None = None
    ends_at: float | None = None
    renews_at: float | None = None
    cancelled: bool = False
    consumed: bool = False
    deleted: bool = False
    made_by_api: bool = False

    def active(self, now: float) -> bool:
        """Whether it gives a right just now."""
        spent = self.deleted or (self.sku.type == CONSUMABLE and self.consumed)
        return not spent and not self.ended(now)

    def ended(self, now: float) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def json(self) -> Payload:
        """Discord's entitlement object; a test entitlement has no times at all."""
        shape: Payload = {
            "id": self.id,
            "sku_id": self.sku.id,
            "application_id": BOT_ID,
            "promotion_id": None,
            "type": self.type,
            "deleted": self.deleted,
            "gift_code_flags": 0,
            "consumed": self.consumed,
        }
        if self.user_id is not None:
            shape["user_id"] = self.user_id
        if self.guild_id is not None:
            shape["guild_id"] = self.guild_id
        if not self.made_by_api:
            shape["starts_at"] = None if self.starts_at is None else iso(self.starts_at)
            shape["ends_at"] = None if self.ends_at is None else iso(self.ends_at)
        return shape
