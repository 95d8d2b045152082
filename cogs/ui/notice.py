"""The message that shows a job's progress, and the two ways to reach it.

While the interaction token lives (15 minutes) edits go through it: it has its own rate bucket,
outside the bot's 50 requests a second. Afterwards, and after a restart, the bot's own token does.
"""

from __future__ import annotations

import io
import logging
import time

import discord
from aiohttp import ClientError

from bot.domain.job import Job, JobUpdate
from cogs.ui import render
from cogs.ui.buttons import cancel_view

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
        the next edit says more than this one."""
        final = update.job.status.finished
        files = []
        if update.preview and not final:
            files.append(discord.File(io.BytesIO(update.preview), "preview.jpg"))
        view = None if final else cancel_view(update.job)
        try:
            await self._edit(render.progress(update), files, view)
        except discord.NotFound:
            return False
        except (discord.HTTPException, OSError, ClientError, TimeoutError) as error:
            log.warning("job %s: progress not shown: %s", update.job.id, error)
        return True

    async def say(self, job: Job, text: str) -> None:
        """Replace the message by the job's headline and a sentence."""
        try:
            await self._edit(f"{render.headline(job)}\n⚠️ {text}", [], None)
        except (discord.HTTPException, OSError, ClientError, TimeoutError) as error:
            log.warning("job %s: not said: %s", job.id, error)

    async def remove(self) -> bool:
        """Delete the message; True when it is gone."""
        try:
            if self._token_lives and self._webhook is not None:
                await self._webhook.delete_message(self.id)
            else:
                await self._message.delete()
        except discord.NotFound:
            return True
        except (discord.HTTPException, OSError, ClientError, TimeoutError) as error:
            log.warning("message %d not removed: %s", self.id, error)
            return False
        return True

    async def _edit(
        self, content: str, files: list[discord.File], view: discord.ui.View | None
    ) -> None:
        mentions = discord.AllowedMentions.none()
        if self._token_lives and self._webhook is not None:
            await self._webhook.edit_message(
                self.id, content=content, attachments=files, view=view, allowed_mentions=mentions
            )
        else:
            await self._message.edit(
                content=content, attachments=files, view=view, allowed_mentions=mentions
            )
