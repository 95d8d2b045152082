"""Users, roles, memberships and guilds.

Plain state and its JSON shape; knows no network and no rule about who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

MIB = 1024 * 1024
UPLOAD_BY_TIER = (10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB)

_NOTHING = (
    *("icon", "splash", "discovery_splash", "description", "banner", "afk_channel_id"),
    *("application_id", "rules_channel_id", "public_updates_channel_id"),
    *("safety_alerts_channel_id", "vanity_url_code"),
)
_SAME_FOR_ALL: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(_NOTHING)
    | {
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "system_channel_flags": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "nsfw_level": 0,
        "nsfw": False,
        "widget_enabled": False,
        "max_members": 500_000,
    }
)
"""What every guild of the sandbox has alike."""


@dataclass
class User:
    """A person, or the bot, independent of any guild."""

    id: str
    username: str
    global_name: str
    bot: bool = False
    color: str = "#5865f2"
    dms_open: bool = True
    upload_limit: int = 10 * MIB
    """Bytes a file of this person may have (more with Nitro)."""
    locale: str = "en-US"
    """The language of this person's client, of which only interactions tell."""

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "username": self.username,
            "global_name": self.global_name,
            "discriminator": "0000" if self.bot else "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }


@dataclass
class Role:
    """A named set of permissions in one guild."""

    id: str
    name: str
    permissions: int
    position: int
    color: int = 0
    managed: bool = False

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "permissions": str(self.permissions),
            "position": self.position,
            "color": self.color,
            "colors": {
                "primary_color": self.color,
                "secondary_color": None,
                "tertiary_color": None,
            },
            "hoist": False,
            "managed": self.managed,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass
class Member:
    """A user in a guild, with the roles held there (by id)."""

    user: User
    roles: list[str]
    joined_at: str

    def json(self) -> dict[str, Any]:
        return {
            "user": self.user.json(),
            "roles": list(self.roles),
            "joined_at": self.joined_at,
            "nick": None,
            "avatar": None,
            "banner": None,
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }


@dataclass
class Guild:
    """A server: its roles, its members and how much it lets them upload."""

    id: str
    name: str
    owner_id: str
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    premium_tier: int = 0
    upload_limit: int | None = None
    """Bytes per file that the server really takes; None: what the boost tier promises."""
    reachable: bool = True
    """Whether Discord itself can reach it just now."""
    locale: str = "en-US"
    """The language that it is kept in."""
    system_channel: str | None = None
    """The id of the channel where Discord itself welcomes members."""

    @property
    def promised_limit(self) -> int:
        """Bytes per file at this boost tier."""
        return UPLOAD_BY_TIER[self.premium_tier]

    @property
    def file_limit(self) -> int:
        """Bytes per file the bot may send here."""
        return self.promised_limit if self.upload_limit is None else self.upload_limit

    def json(self) -> dict[str, Any]:
        return {
            **_SAME_FOR_ALL,
            "id": self.id,
            "name": self.name,
            "owner_id": self.owner_id,
            "roles": [role.json() for role in self.roles.values()],
            "premium_tier": self.premium_tier,
            "preferred_locale": self.locale,
            "system_channel_id": self.system_channel,
            "emojis": [],
            "stickers": [],
            "features": [],
        }
