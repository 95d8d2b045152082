"""The message that shows the progress of a job or a batch, and the two ways to reach it.

While the interaction token lives (15 minutes) edits go through it: it has its own rate bucket,
outside the bot's 50 requests a second. Afterwards, and after a restart, the bot's own token does;
also when Discord says that the interaction's is dead, since clocks disagree.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord

from bot.chat import batches, files
from bot.chat.buttons import cancel_view
from bot.chat.speech import of_job, of_person, of_place
from bot.chat.trouble import TOO_OLD_TO_EDIT, TROUBLE, has_code, token_is_dead
from bot.domain.batch import Progress
from bot.domain.job import Job
from bot.domain.language import ENGLISH, Language, speaking

log = logging.getLogger(__name__)
T = TypeVar("T")

# Seconds before the token's death at which it is no longer relied on.
_MARGIN_S = 60.0
_SLOW_S = 30.0


class Notice:
    """One progress message, and the way to the person who asked while their token lives.

    `id` is 0 while or where no message is shown. `webhook` is the interaction's, None after a
    restart; `expires_at` in UTC seconds; `language` is that of whoever sees it.
    """

    def __init__(
        self,
        channel: discord.PartialMessageable,
        id: int = 0,
        webhook: discord.Webhook | None = None,
        expires_at: float = 0.0,
        language: Language = ENGLISH,
    ) -> None:
        self.id = id
        self.language = language
        self.settled = asyncio.Event()
        """Set when it is known, here and in the database, whether there is a message."""
        self.lost = False
        """Whether there may be one more of which nothing is known, as the reply to it was lost."""
        self.announced: Callable[[], str] = str
        self._channel = channel
        self._webhook = webhook
        self._expires_at = expires_at
        self._said: tuple[str, bytes | None] | None = None
        self._over = False
        self._editing = asyncio.Lock()

    @classmethod
    def of(cls, interaction: discord.Interaction, *, hidden: bool = False) -> Notice:
        """What will answer an interaction, to the person alone if it is `hidden`; its message is
        not shown yet."""
        channel = interaction.client.get_partial_messageable(
            interaction.channel_id or 0, guild_id=interaction.guild_id
        )
        language = of_person(interaction) if hidden else of_place(interaction)
        return cls(channel, 0, interaction.followup, interaction.expires_at.timestamp(), language)

    @classmethod
    def at(cls, client: discord.Client, job: Job) -> Notice:
        """The remembered message of a job, reached by the bot's token."""
        channel = client.get_partial_messageable(
            job.origin.channel, guild_id=job.origin.guild or None
        )
        return cls(channel, job.notice, language=of_job(client, job))

    @property
    def token(self) -> discord.Webhook | None:
        """The interaction's, while it can be relied on."""
        return self._webhook if time.time() < self._expires_at - _MARGIN_S else None

    @property
    def least_pause(self) -> float:
        """Seconds between edits that are polite on the road in use."""
        return _SLOW_S if self.token is None else 0.0

    async def show(self, update: Progress) -> bool:
        """Bring the message up to date; False when there is no use in trying again. Other failures
        are only logged: the next edit says more. What it says already is not said again."""
        with speaking(self.language):
            said = batches.progress(update, self.announced()), update.preview
            view = cancel_view(update.job)
        if said == self._said:
            return True
        try:
            async with self._editing:
                if self._over or not self.id:
                    return False
                await self._edit(*said, view)
        except TROUBLE as error:
            gone = isinstance(error, discord.NotFound) or has_code(error, TOO_OLD_TO_EDIT)
            log.log(
                logging.INFO if gone else logging.WARNING,
                "job %s: progress not shown%s: %s", update.job.id, " any more" * gone, error,
            )  # fmt: skip
            return not gone
        self._said = said
        return True

    async def end(self, text: str, view: discord.ui.View | None = None) -> None:
        """Say how the job ended; no progress is shown after that. Raises what Discord does."""
        self._over = True
        async with self._editing:
            if (text, None) != self._said:
                await self._edit(text, None, view)
                self._said = text, None

    async def remove(self) -> None:
        """Delete the message, unless it is gone. Raises what Discord does."""
        self._over = True
        async with self._editing:
            message = self._channel.get_partial_message(self.id)
            try:
                await self._by_either_token(
                    lambda webhook: webhook.delete_message(self.id), message.delete
                )
            except discord.NotFound:
                return

    async def tell(self, text: str) -> bool:
        """Say something to the asking person alone, where no message is theirs to edit; whether
        that could be said."""
        if (webhook := self.token) is None:
            return False
        with contextlib.suppress(*TROUBLE):
            await webhook.send(text, ephemeral=True)
            return True
        return False

    async def _edit(
        self, content: str, preview: bytes | None, view: discord.ui.View | None
    ) -> None:
        async def edit(road: Callable[..., Awaitable[object]]) -> None:
            # Neither a file nor a view is used twice.
            shown = [discord.File(io.BytesIO(preview), "preview.jpg")] if preview else []
            try:
                await road(
                    content=content, attachments=shown, view=view,
                    allowed_mentions=discord.AllowedMentions.none(),
                )  # fmt: skip
            finally:
                for file in shown:
                    files.close(file)

        message = self._channel.get_partial_message(self.id)
        await self._by_either_token(
            lambda webhook: edit(functools.partial(webhook.edit_message, self.id)),
            lambda: edit(message.edit),
        )

    async def _by_either_token(
        self,
        by_interaction: Callable[[discord.Webhook], Awaitable[object]],
        by_bot: Callable[[], Awaitable[object]],
    ) -> None:
        if (webhook := self.token) is not None:
            try:
                await by_interaction(webhook)
            except discord.HTTPException as error:
                if not token_is_dead(error):
                    raise
                self._webhook = None
            else:
                return
        await by_bot()


class Notices:
    """Those of unfinished jobs, and of jobs whose end is still to be shown, by job id; that of a
    batch by its first job's. Each shows what is `announced` to all."""

    def __init__(self, announced: Callable[[], str] = str) -> None:
        self.announced = announced
        self._known: dict[str, Notice] = {}

    def __len__(self) -> int:
        return len(self._known)

    def add(self, job_id: str, notice: Notice) -> Notice:
        """Remember it until `drop`; a newer one takes the place of an older."""
        notice.announced = self.announced
        self._known[job_id] = notice
        return notice

    def get(self, job_id: str) -> Notice | None:
        return self._known.get(job_id)

    async def unseen(self, job_id: str, answer_s: float) -> bool:
        """Whether who asked was shown nothing: Discord told them that the bot did not answer. An
        answer under way is waited for so many seconds."""
        notice = self.get(job_id)
        if notice is None:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(answer_s):
                await notice.settled.wait()
        return not notice.id

    def drop(self, job_id: str) -> None:
        """Nothing is to be shown there any more."""
        self._known.pop(job_id, None)
