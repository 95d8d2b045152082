"""One interaction: what was asked, and what has been answered so far.

Plain state; deadlines and tokens are minded in `interactions`, messages are written in `answers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.world.channel import Channel
from bot.sandbox.world.message import StoredMessage
from bot.sandbox.world.world import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9

Payload = dict[str, Any]


@dataclass
class Interaction:
    """One thing a person did that the application must answer."""

    id: str
    token: str
    type: int
    user_id: str
    channel: Channel
    data: Payload
    created_at: float
    message: StoredMessage | None = None
    """The message whose component was used, also for a modal opened from there."""
    parent: Interaction | None = None
    """For a modal submit: the interaction that was answered with the modal."""
    name: str = ""
    callback: Payload | None = None
    failed: str | None = None
    original: StoredMessage | None = None
    replies: list[StoredMessage] = field(default_factory=list)

    @property
    def modal(self) -> Payload | None:
        """The modal the application answered with, if it did."""
        if self.callback is None or self.callback["type"] != MODAL:
            return None
        return self.callback["data"]

    def metadata(self) -> Payload:
        """interaction_metadata for messages that come of this, users as ids."""
        guild_id = self.channel.guild_id
        shape: Payload = {
            "id": self.id,
            "type": self.type,
            "user": self.user_id,
            "authorizing_integration_owners": {"0": guild_id or "0"},
        }
        if self.type == COMMAND:
            shape |= {"name": self.name, "command_type": self.data.get("type", 1)}
            if self.data.get("type") == 3:
                shape["target_message_id"] = self.data["target_id"]
        elif self.type == COMPONENT and self.message is not None:
            shape["interacted_message_id"] = self.message.id
        elif self.parent is not None:
            shape["triggering_interaction_metadata"] = self.parent.metadata()
        return shape


def file_limit(world: World, it: Interaction, *, announced: bool = True) -> int:
    """Bytes a file may have; `announced` is what the interaction claims."""
    guild = world.guild_of(it.channel)
    own = world.users[it.user_id].upload_limit
    if guild is None:
        return own
    if guild.upload_limit is not None and not announced:
        return guild.upload_limit
    return max(own, guild.promised_limit)
