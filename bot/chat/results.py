"""What a finished job looks like in a channel: its pictures, headline and buttons.

Knows files and messages; whether and when something is posted is the pump's business.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import discord

from bot.chat import files, wording
from bot.chat.buttons import looks_under, way_view
from bot.chat.posting import Poster, guild_of
from bot.chat.trouble import Verdict, judge
from bot.domain import action
from bot.domain.browsing import Result
from bot.domain.delivery import ENVELOPE, MIB, UPLOAD_LIMIT, Delivery, Kind
from bot.domain.job import Job
from bot.service import Service

log = logging.getLogger(__name__)

Said = dict[str, Any]
"""Parts of a message."""
_REQUEST_LIMIT = 25 * MIB - ENVELOPE


class Results:
    """Posts results for one client. Who waited longer than `ping_after_s` is called back; a file
    that is refused as too large is made smaller down to `smallest` bytes."""

    def __init__(
        self,
        client: discord.Client,
        service: Service,
        poster: Poster,
        *,
        ping_after_s: float = 60.0,
        smallest: int = 256 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._service = service
        self._poster = poster
        self._ping_after_s = ping_after_s
        self._smallest = smallest
        self._clock = clock
        self._looks = Counter[str]()
        self._covered: dict[str, bool] = {}

    async def post(self, delivery: Delivery, job: Job, *, call: bool = False) -> int:
        """Post the result in its channel unless it is there; returns the message's id. `call` says
        that its owner has seen nothing of it so far.

        Raises NotFound when its pictures are gone, and what Discord does.
        """

        async def send(channel: discord.PartialMessageable, nonce: str) -> discord.Message:
            more = {"nonce": nonce, "reference": _reference(job, delivery.channel)}
            more |= {"mention_author": False, "suppress_embeds": True}
            more["allowed_mentions"] = self._mentions(job, call or await self._late(job))
            dress = await self._dressed(job, delivery.tries > 0)
            covered = self._covered[job.id] = await self._service.owned.covered(job)
            return await self._fitting(
                job, lambda said: channel.send(**said, **more), dress, spoiler=covered
            )

        try:
            return await self._poster.once(delivery, job, _holding(job), send)
        except BaseException:
            self._covered.pop(job.id, None)
            raise

    async def arrived(self, job: Job) -> None:
        """It is known where its message is: what its owner wanted of the picture while it was on
        its way is done now."""
        was, now = self._covered.pop(job.id, None), await self._service.owned.covered(job)
        if was not in (None, now):
            await self.cover(job, now)

    async def copy(self, delivery: Delivery, job: Job) -> int:
        """The same in its owner's direct messages, with the way to where it was posted instead of
        buttons: theirs would pay, and be answered, elsewhere."""
        way = await self._way(job)

        async def send(channel: discord.PartialMessageable, nonce: str) -> discord.Message:
            more: dict[str, Any] = {"nonce": nonce, "suppress_embeds": True}
            more["allowed_mentions"] = discord.AllowedMentions.none()
            return await self._fitting(job, lambda said: channel.send(**said, **more), way, Kind.DM)

        return await self._poster.once(delivery, job, _holding(job), send)

    async def _way(self, job: Job) -> Callable[[], Said]:
        """What a copy has beside its picture."""
        result = await self._service.outbox.of_job(job.id)
        there = result.message if result else 0
        address = wording.link(job.origin.guild, job.origin.channel, there) if there else ""
        return lambda: {"view": way_view(address)} if address else {}

    async def renew(self, job: Job, message: discord.PartialMessage, kind: Kind) -> None:
        """Show a result, or a copy of it, as it is now in the place of what a message has, file and
        buttons included.

        Raises NotFound when its pictures are gone, and what Discord does.
        """
        none = discord.AllowedMentions.none()

        async def edit(said: Said) -> None:
            file = said.pop("file")
            await message.edit(**said, attachments=[file], allowed_mentions=none)

        await self._service.pictures.forget_upload(job)
        try:
            dress = await (self._way(job) if kind is Kind.DM else self._dressed(job))
            await self._fitting(job, edit, dress, kind)
        finally:
            await self._service.pictures.forget_upload(job)

    async def strip(self, job: Job, message: discord.PartialMessage) -> None:
        """The same of one whose pictures are gone."""
        none = discord.AllowedMentions.none()
        await message.edit(content=wording.headline(job), attachments=[], allowed_mentions=none)

    async def hand_over(
        self, job: Job, webhook: discord.Webhook, *, ephemeral: bool = False
    ) -> int:  # fmt: skip
        """The same by the token of an interaction, where the bot itself may not post."""
        late = await self._late(job)
        message = await self._fitting(
            job,
            lambda said: webhook.send(
                **said, wait=True, ephemeral=ephemeral, allowed_mentions=self._mentions(job, late)
            ),
            await self._dressed(job),
        )
        return message.id

    async def bring(self, job: Job, webhook: discord.Webhook, elsewhere: str | None) -> None:
        """The same for one person's eyes, who asked for it later. Where its buttons work only
        `elsewhere`, it has the way there instead, if there is an address."""
        none = discord.AllowedMentions.none()

        def way() -> Said:
            return {"view": way_view(elsewhere)} if elsewhere else {}

        async with self._look(job):
            await self._fitting(
                job,
                lambda said: webhook.send(**said, wait=True, ephemeral=True, allowed_mentions=none),
                await self._dressed(job) if elsewhere is None else way,
            )

    @contextlib.asynccontextmanager
    async def _look(self, job: Job) -> AsyncIterator[None]:
        """What is made for a look is not kept once nobody looks any more."""
        self._looks[job.id] += 1
        try:
            yield
        finally:
            self._looks[job.id] -= 1
            if not self._looks[job.id]:
                del self._looks[job.id]
                await self._service.pictures.forget_posted(job)

    async def cover(self, job: Job, spoiler: bool) -> None:
        """Put the picture behind a spoiler where it was posted, or take that away: Discord lets no
        file be renamed, so it is sent anew. Raises what Discord does but for a message that is not
        there any more."""
        delivery = await self._service.outbox.of_job(job.id)
        if delivery is None or not delivery.message:
            return
        message = await self._message(job, delivery)
        none = discord.AllowedMentions.none()

        async def change(said: Said) -> None:
            await message.edit(attachments=[said["file"]], allowed_mentions=none)

        with contextlib.suppress(discord.NotFound):
            async with self._look(job):
                await self._fitting(job, change, dict, spoiler=spoiler)

    async def _message(self, job: Job, delivery: Delivery) -> discord.PartialMessage:
        place, guild = await self._poster.place(job, delivery), guild_of(job, delivery.kind)
        channel = self._client.get_partial_messageable(place, guild_id=guild or None)
        return channel.get_partial_message(delivery.message)

    async def show(
        self, job: Job, webhook: discord.Webhook, content: str, view: discord.ui.View
    ) -> None:
        """A result for one person's eyes, with other words and buttons. Raises as `renew` does."""
        none = discord.AllowedMentions.none()

        async def send(said: Said) -> None:
            said |= {"content": content, "view": view, "allowed_mentions": none}
            await webhook.send(**said, ephemeral=True)

        async with self._look(job):
            await self._fitting(job, send, dict)

    async def there(self, result: Result) -> bool:
        """Whether the message of a result is where it was posted, as far as Discord tells."""
        delivery = await self._service.outbox.of_job(result.job.id)
        return delivery is not None and bool(await self.still_there(result.job, delivery))

    async def still_there(self, job: Job, delivery: Delivery) -> str:
        """The address of a result that was posted; empty if it was deleted since."""
        place, guild = delivery.channel, guild_of(job)
        try:
            place = await self._poster.place(job, delivery)
            channel = self._client.get_partial_messageable(place, guild_id=guild or None)
            await channel.fetch_message(delivery.message)
        except discord.NotFound:
            return ""
        except discord.HTTPException:
            pass
        return wording.link(guild, place, delivery.message)

    def upload_limit(self, guild: int) -> int:
        """Bytes that the bot may send in one file there; 0 is direct messages."""
        known = self._client.get_guild(guild) if guild else None
        return min(known.filesize_limit - ENVELOPE, _REQUEST_LIMIT) if known else UPLOAD_LIMIT

    async def _dressed(self, job: Job, pressed: bool = True) -> Callable[[], Said]:
        """What a result has beside its picture, made anew for each try. `pressed` says that its
        buttons may have been used before."""
        look = await looks_under(self._service, job, pressed)
        return lambda: {"view": look()}

    async def _fitting(
        self, job: Job, send: Callable[[Said], Any], dress: Callable[[], Said],
        kind: Kind = Kind.RESULT, spoiler: bool | None = None,
    ) -> Any:  # fmt: skip
        """Send, and again with ever smaller files while Discord finds them too large; None as a
        `spoiler`: as its owner wants it."""
        limit = self.upload_limit(guild_of(job, kind))
        covered = await self._service.owned.covered(job) if spoiler is None else spoiler
        while True:
            picture = await self._service.pictures.picture(job, limit)
            file = files.opened(picture, covered)
            said = {"content": wording.headline(job), "file": file, **dress()}
            try:
                return await send(said)
            except discord.HTTPException as error:
                limit = min(limit, picture.bytes) // 2
                if judge(error) is not Verdict.TOO_LARGE or limit < self._smallest:
                    raise
            finally:
                files.close(file)
            log.info("job %s: %d bytes refused, trying %d", job.id, picture.bytes, limit)

    async def _late(self, job: Job) -> bool:
        """Whether it took a while; of several that were asked for together only the last can."""
        took_long = self._clock() - job.created_at >= self._ping_after_s
        return took_long and await self._service.batches.last(job)

    def _mentions(self, job: Job, call: bool) -> discord.AllowedMentions:
        """Only who asked, and only if they are to be called; a picture that was only taken out
        calls nobody."""
        if job.request.kind is not action.Kind.DRAW or not call:
            return discord.AllowedMentions.none()
        return discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(job.user)]
        )


def _holding(job: Job) -> Callable[[discord.Message], bool]:
    """Whether a message has the job's picture."""
    return lambda message: any(job.id in each.filename for each in message.attachments)


def _reference(job: Job, channel: int) -> discord.MessageReference | None:
    if not job.origin.parent_message or job.hidden:
        return None
    return discord.MessageReference(
        message_id=job.origin.parent_message,
        channel_id=channel,
        guild_id=job.origin.guild or None,
        fail_if_not_exists=False,
    )
