"""The message that shows a job's progress, and the two ways to reach it.

While the interaction token lives (15 minutes) edits go through it: it has its own rate bucket,
outside the bot's 50 requests a second. Afterwards, and after a restart, the bot's own token does;
also when Discord says that the interaction's is dead, since clocks disagree.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.chat import wording
from bot.chat.buttons import cancel_view
from bot.chat.trouble import TROUBLE, token_is_dead
from bot.domain.job import Job, JobUpdate

log = logging.getLogger(__name__)

# Seconds before the token's death at which it is no longer relied on.
_MARGIN_S = 60.0
_SLOW_S = 30.0


class Notice:
    """One progress message. `webhook` is the interaction's, None after a restart."""

    def __init__(
        self,
        message: discord.PartialMessage,
        webhook: discord.Webhook | None = None,
        expires_at: float = 0.0,
    ) -> None:
        self.id = message.id
        self._message = message
        self._webhook = webhook
        self._expires_at = expires_at
        self._said: tuple[str, bytes | None] | None = None

    @classmethod
    def of(cls, interaction: discord.Interaction, message_id: int) -> Notice:
        """The message that answered an interaction."""
        channel = interaction.client.get_partial_messageable(
            interaction.channel_id or 0, guild_id=interaction.guild_id
        )
        return cls(
            channel.get_partial_message(message_id),
            interaction.followup,
            interaction.expires_at.timestamp(),
        )

    @property
    def least_pause(self) -> float:
        """Seconds between edits that are polite on the road in use."""
        return 0.0 if self._token_lives else _SLOW_S

    @property
    def _token_lives(self) -> bool:
        return self._webhook is not None and time.time() < self._expires_at - _MARGIN_S

    async def show(self, update: JobUpdate) -> bool:
        """Bring the message up to date; False when it is gone. Other failures are only logged:
        the next edit says more than this one. What it says already is not said again."""
        final = update.job.status.finished
        said = wording.progress(update), None if final else update.preview
        if said == self._said:
            return True
        try:
            await self._edit(*said, None if final else update.job)
        except discord.NotFound:
            return False
        except TROUBLE as error:
            log.warning("job %s: progress not shown: %s", update.job.id, error)
        else:
            self._said = said
        return True

    async def say(self, job: Job, text: str) -> None:
        """Replace the message by the job's headline and a sentence."""
        try:
            await self._edit(f"{wording.headline(job)}\n⚠️ {text}", None, None)
        except TROUBLE as error:
            log.warning("job %s: not said: %s", job.id, error)

    async def remove(self) -> bool:
        """Delete the message; True when it is gone."""
        try:
            await self._by_either_token(
                lambda webhook: webhook.delete_message(self.id), self._message.delete
            )
        except discord.NotFound:
            return True
        except TROUBLE as error:
            log.warning("message %d not removed: %s", self.id, error)
            return False
        return True

    async def _edit(self, content: str, preview: bytes | None, cancellable: Job | None) -> None:
        def parts() -> dict[str, Any]:
            # Neither a file nor a view is used twice.
            files = [discord.File(io.BytesIO(preview), "preview.jpg")] if preview else []
            return {
                "content": content,
                "attachments": files,
                "view": cancel_view(cancellable) if cancellable else None,
                "allowed_mentions": discord.AllowedMentions.none(),
            }

        await self._by_either_token(
            lambda webhook: webhook.edit_message(self.id, **parts()),
            lambda: self._message.edit(**parts()),
        )

    async def _by_either_token(
        self,
        by_interaction: Callable[[discord.Webhook], Awaitable[object]],
        by_bot: Callable[[], Awaitable[object]],
    ) -> None:
        if self._token_lives and self._webhook is not None:
            try:
                await by_interaction(self._webhook)
            except discord.HTTPException as error:
                if not token_is_dead(error):
                    raise
                self._webhook = None
            else:
                return
        await by_bot()
