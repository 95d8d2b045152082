"""Channels, threads and direct messages.

Plain state and its JSON shape; who sees a channel is in `rights`, what may be done in a thread in
`threads`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.world.guild import User
from bot.sandbox.world.snowflake import iso, seconds

TEXT, DIRECT, THREAD, PRIVATE_THREAD = 0, 1, 11, 12
THREADS = (THREAD, PRIVATE_THREAD)


@dataclass
class Overwrite:
    """What a role or a member is given or denied in one channel."""

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
    """A text channel, a thread or a direct message with the bot, by `type`."""

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
    members: set[str] = field(default_factory=set)
    """Who joined a thread, by id; only they and moderators see a private one."""
    archived: bool = False
    locked: bool = False
    nsfw: bool = False
    """Whether a text channel has an age limit; threads have that of theirs."""

    @property
    def is_thread(self) -> bool:
        return self.type in THREADS

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
        return shape | (self._thread() if self.is_thread else self._text())

    def _text(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "position": self.position,
            "nsfw": self.nsfw,
            "permission_overwrites": [each.json() for each in self.overwrites.values()],
        }

    def _thread(self) -> dict[str, Any]:
        made = iso(seconds(self.id))
        metadata: dict[str, Any] = {
            "archived": self.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": made,
            "create_timestamp": made,
            "locked": self.locked,
        }
        if self.type == PRIVATE_THREAD:
            metadata["invitable"] = True
        return {
            "owner_id": self.owner_id,
            "message_count": 0,
            "member_count": len(self.members),
            "total_message_sent": 0,
            "thread_metadata": metadata,
        }
