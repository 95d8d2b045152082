"""The things of the world: users, roles, channels, guilds, files and messages.

Plain state and its JSON shape; knows no network and no rule about who may do what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.rules.flags import LOADING
from bot.sandbox.world.snowflake import iso, seconds

MIB = 1024 * 1024
TEXT, DIRECT, THREAD = 0, 1, 11
UPLOAD_BY_TIER = (10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB)


@dataclass
class User:
    id: str
    username: str
    global_name: str
    bot: bool = False
    color: str = "#5865f2"
    dms_open: bool = True
    upload_limit: int = 10 * MIB
    """Bytes a file of this person may have (more with Nitro)."""

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
class Overwrite:
    id: str
    type: int
    """0 for a role, 1 for a member."""
    allow: int = 0
    deny: int = 0

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "allow": str(self.allow),
            "deny": str(self.deny),
        }


@dataclass
class Channel:
    id: str
    type: int
    name: str
    guild_id: str | None = None
    topic: str | None = None
    position: int = 0
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    recipient: User | None = None
    """The other side of a direct message."""
    parent_id: str | None = None
    owner_id: str | None = None
    last_message_id: str | None = None

    def json(self) -> dict[str, Any]:
        if self.recipient is not None:
            return {
                "id": self.id,
                "type": DIRECT,
                "flags": 0,
                "last_message_id": self.last_message_id,
                "recipients": [self.recipient.json()],
            }
        shape: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "guild_id": self.guild_id,
            "name": self.name,
            "parent_id": self.parent_id,
            "last_message_id": self.last_message_id,
            "rate_limit_per_user": 0,
            "flags": 0,
        }
        if self.type == THREAD:
            return shape | self._thread()
        return shape | {
            "topic": self.topic,
            "position": self.position,
            "nsfw": False,
            "permission_overwrites": [each.json() for each in self.overwrites.values()],
        }

    def _thread(self) -> dict[str, Any]:
        made = iso(seconds(self.id))
        return {
            "owner_id": self.owner_id,
            "message_count": 0,
            "member_count": 1,
            "total_message_sent": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": made,
                "create_timestamp": made,
                "locked": False,
            },
        }


@dataclass
class Member:
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
    id: str
    name: str
    owner_id: str
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    premium_tier: int = 0
    upload_limit: int | None = None
    """Bytes per file that the server really takes; None: what the boost tier promises."""

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
            "id": self.id,
            "name": self.name,
            "owner_id": self.owner_id,
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "description": None,
            "banner": None,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "roles": [role.json() for role in self.roles.values()],
            "emojis": [],
            "stickers": [],
            "features": [],
            "mfa_level": 0,
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "vanity_url_code": None,
            "premium_tier": self.premium_tier,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "preferred_locale": "en-US",
            "nsfw_level": 0,
            "nsfw": False,
            "widget_enabled": False,
            "max_members": 500_000,
        }


@dataclass(frozen=True)
class Upload:
    """A file as it came in a request."""

    filename: str
    content_type: str | None
    data: bytes


@dataclass
class File:
    """A stored file: an attachment of a message, or an upload that may become one."""

    id: str
    place: str
    """The path between /cdn/ and the id: "attachments/<channel>"."""
    filename: str
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None
    description: str | None = None
    spoiler: bool = False
    ephemeral: bool = False


@dataclass
class StoredMessage:
    """A message before it is rendered for somebody: links unsigned, people as ids."""

    id: str
    channel_id: str
    guild_id: str | None
    author: User
    type: int
    timestamp: str
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    flags: int = 0
    tts: bool = False
    edited_timestamp: str | None = None
    mentions: list[str] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mention_everyone: bool = False
    allowed_mentions: dict[str, Any] | None = None
    reference: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    audience: str | None = None
    """The only person who sees it (ephemeral messages), or None for everybody."""
    webhook_id: str | None = None
    nonce: str | int | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)
