"""Messages and their files, as they are kept.

Plain state; how a message is shown to somebody is in `shapes`, how one is written in `messages`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.rules.flags import LOADING
from bot.sandbox.world.guild import User


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
        """Whether it still says that the application is thinking."""
        return bool(self.flags & LOADING)
