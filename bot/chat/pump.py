"""The pump: does what the outbox says is to be done in channels, until Discord has taken it.

The table is the queue; what is under way here is only what is being tried just now. While Discord
cannot be reached one row is tried at a time, and nothing is encoded or held in memory before its
turn. Knows rows, order and what refusals mean; not what messages look like.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import discord

from bot.chat import wording
from bot.chat.endings import Endings
from bot.chat.insistence import insist
from bot.chat.notice import Notices
from bot.chat.pace import Breaker, Pace, Pauses
from bot.chat.posting import Poster
from bot.chat.results import Results
from bot.chat.speech import of_job
from bot.chat.trouble import CLOSED, TROUBLE, Verdict, has_code, judge
from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.errors import NotFound, StoreUnavailable, new_reference
from bot.domain.job import Job
from bot.domain.language import speak, speaking
from bot.domain.news import Abandoned, Posted, Posting, Postponed, Tell, nobody
from bot.service import Service

log = logging.getLogger(__name__)

_CLOSE_S = 2.0
_WHY = {Verdict.FINAL: GivenUp.REFUSED, Verdict.TOO_LARGE: GivenUp.TOO_LARGE}


class Pump:
    """`at_once` rows are tried at the same time, one in each channel; the table is read when
    somebody says `wake`, and now and then. A first answer that is still under way is waited for
    `answer_s`, as long as Discord does: who gets none is called when their result is posted."""

    def __init__(
        self,
        client: discord.Client,
        service: Service,
        notices: Notices,
        *,
        at_once: int = 32,
        pauses: Pauses | None = None,
        breaker: Breaker | None = None,
        answer_s: float = 3.0,
        tell: Tell = nobody,
    ) -> None:
        self._client = client
        self._service = service
        self._notices = notices
        self._at_once = at_once
        self._answer_s = answer_s
        self._pauses = pauses or Pauses()
        self._breaker = breaker or Breaker(self._pauses.away)
        self._tell = tell
        self.pace = Pace()
        poster = Poster(client, service, self.pace)
        self.results = Results(client, service, poster)
        self._endings = Endings(client, service, notices, poster)
        self._deeds = {Kind.END: self._end, Kind.DM: self._copy}
        self._running: dict[int, asyncio.Future[None]] = {}
        self._woken = asyncio.Event()

    @property
    def at_work(self) -> int:
        """How many rows are being tried."""
        return len(self._running)

    def wake(self) -> None:
        """There is something new to be done."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; then what is being sent is given a moment to arrive."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self._begin_due()
                except StoreUnavailable as error:
                    log.warning("the outbox cannot be read: %s", error)
                    self._wake_in(self._pauses.rest)
                await self._until_woken()
        finally:
            await self._finish()

    async def _begin_due(self) -> None:
        room = self._breaker.room(len(self._running), self._at_once)
        if room <= 0:
            return
        for delivery, job in await self._service.outbox.due(self._running.keys(), room):
            if delivery.channel in self._running:
                continue  # somebody took the channel while the table was read
            task = asyncio.create_task(self._try(delivery, job), name=f"deliver {job.id}")
            self._running[delivery.channel] = task
            task.add_done_callback(lambda _, channel=delivery.channel: self._ended(channel))

    def _ended(self, channel: int) -> None:
        del self._running[channel]
        self.wake()

    async def _until_woken(self) -> None:
        try:
            async with asyncio.timeout(self._pauses.poll):
                await self._woken.wait()
        except TimeoutError:
            return

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.wake)

    async def _finish(self) -> None:
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def alone(self, channel: int) -> AsyncIterator[None]:
        """Nothing that is due in a channel is tried meanwhile, here or by another such block; what
        is being tried just now ends first."""
        while running := self._running.get(channel):
            await asyncio.wait([running])
        self._running[channel] = over = asyncio.get_running_loop().create_future()
        over.add_done_callback(lambda _: self._ended(channel))
        try:
            yield
        finally:
            over.cancel()

    async def delivered(self, delivery: Delivery, job: Job, message: int) -> None:
        """A result is there, whoever brought it: what was kept for it may go.

        The progress message goes first, where that is quickly done: one transaction records both.
        """
        cleared = await self._endings.cleared(job)
        outbox, rest = self._service.outbox, self._pauses.rest
        end = await insist(lambda: outbox.delivered(delivery, message, cleared=cleared), rest)
        self._tell(Posted(job, delivery.kind, message, delivery.tries))
        await self._settled(job, end, None)

    # One row

    async def _try(self, delivery: Delivery, job: Job) -> None:
        """One try, in the language of who sees it; whatever comes of it is written to the row."""
        speak(of_job(self._client, job, delivery.kind))
        self._tell(Posting(job, delivery.kind))
        try:
            await self._deeds.get(delivery.kind, self._result)(delivery, job)
        except StoreUnavailable as error:
            log.warning("job %s: the outbox cannot be written: %s", delivery.job, error)
            await asyncio.sleep(self._pauses.rest)
        except TROUBLE as error:
            await self._later(delivery, job, error)
        except Exception:
            reference = new_reference()
            log.exception("reference %s: %s of job %s", reference, delivery.kind, delivery.job)
            await self._postpone(
                delivery, self._pauses.longest, f"unexpected, reference {reference}"
            )

    async def _result(self, delivery: Delivery, job: Job) -> None:
        try:
            message = await self.results.post(delivery, job, call=await self._is_called(job))
        except NotFound as gone:
            await self._give_up(delivery, job, GivenUp.GONE, gone.english)
        except discord.HTTPException as refused:
            verdict = judge(refused)
            if verdict not in (Verdict.FINAL, Verdict.TOO_LARGE):
                raise
            self._breaker.worked()
            await self._refused(delivery, job, verdict, refused)
        else:
            self._breaker.worked()
            if message:
                await self.delivered(delivery, job, message)
                try:
                    await self.results.arrived(job)
                except TROUBLE:
                    log.exception("job %s: its picture could not be covered anew", job.id)

    async def _is_called(self, job: Job) -> bool:
        unseen = await self._notices.unseen(job.shown_by, self._answer_s)
        return unseen or await self._service.preferences.pings(job.user)

    async def _refused(
        self, delivery: Delivery, job: Job, verdict: Verdict, refused: discord.HTTPException
    ) -> None:
        """The bot may not post it; perhaps the interaction that asked for it may."""
        notice = self._notices.get(job.shown_by)
        webhook = notice.token if notice else None
        if webhook is not None and verdict is Verdict.FINAL:
            try:
                message = await self.results.hand_over(job, webhook, ephemeral=job.hidden)
            except TROUBLE as error:
                log.warning("job %s: the interaction may not post it either: %s", job.id, error)
            else:
                await self.delivered(delivery, job, message)
                return
        await self._give_up(delivery, job, _WHY[verdict], str(refused))

    async def _give_up(self, delivery: Delivery, job: Job, why: GivenUp, detail: str) -> None:
        outbox = self._service.outbox
        end = await insist(lambda: outbox.give_up(delivery, why, detail), self._pauses.rest)
        self._tell(Abandoned(job, delivery.kind, why.value))
        notice = self._notices.get(job.shown_by)
        unseen = notice if end is None and notice is not None and not notice.id else None
        with speaking(of_job(self._client, job, Kind.DM)):
            text = wording.given_up(job, why)
        if unseen and await unseen.tell(text):
            await insist(lambda: outbox.told([delivery.id]), self._pauses.rest)
        await self._settled(job, end, why)

    async def _settled(self, job: Job, end: Delivery | None, given_up: GivenUp | None) -> None:
        """The progress message may go, and so may the file unless a copy of it is to be sent."""
        copy = await insist(lambda: self._service.outbox.of_job(job.id, Kind.DM), self._pauses.rest)
        if copy is None or copy.message or copy.given_up:
            await self._service.pictures.forget_upload(job)
        if end is None:
            if job.batch is None:  # else others are shown there, too
                self._notices.drop(job.id)
            return
        try:
            if job.batch is None:
                told = await self._endings.after_result(job, given_up)
            else:
                told = await self._endings.show(end, job)
            await self._ended_well(end, job, told)
        except TROUBLE as error:
            await self._later(end, job, error)

    async def _copy(self, delivery: Delivery, job: Job) -> None:
        """Once more, in direct messages; whatever comes of that, the result is where it is."""
        outbox = self._service.outbox
        try:
            message = await self.results.copy(delivery, job)
        except NotFound as gone:
            why = gone.english
            await insist(
                lambda: outbox.give_up_copy(delivery, GivenUp.GONE, why), self._pauses.rest
            )
        except discord.HTTPException as refused:
            verdict, why = judge(refused), str(refused)
            if verdict not in (Verdict.FINAL, Verdict.TOO_LARGE):
                raise
            if has_code(refused, *CLOSED):
                await insist(lambda: outbox.stop_copies(delivery, why), self._pauses.rest)
            else:
                await insist(
                    lambda: outbox.give_up_copy(delivery, _WHY[verdict], why), self._pauses.rest
                )
        else:
            if message:
                await insist(lambda: outbox.delivered(delivery, message), self._pauses.rest)
                self._tell(Posted(job, delivery.kind, message, delivery.tries))
        self._breaker.worked()
        await self._service.pictures.forget_upload(job)

    async def _end(self, delivery: Delivery, job: Job) -> None:
        await self._ended_well(delivery, job, await self._endings.show(delivery, job))

    async def _ended_well(self, delivery: Delivery, job: Job, told: bool) -> None:
        self._breaker.worked()
        outbox = self._service.outbox
        await insist(lambda: outbox.ended(delivery, told=told), self._pauses.rest)
        self._tell(Posted(job, delivery.kind, 0, delivery.tries))
        self._notices.drop(delivery.job)

    async def _later(self, delivery: Delivery, job: Job, error: Exception) -> None:
        log.warning("job %s: %s not shown yet: %s", delivery.job, delivery.kind, error)
        verdict = judge(error)
        self._tell(Postponed(job, delivery.kind, verdict.name.lower()))
        if verdict is Verdict.AWAY:
            pause = self._breaker.failed()
            self._wake_in(pause)
        else:
            self._breaker.worked()
            pause = self._pauses.after(delivery.tries)
            pause = max(pause, getattr(error, "retry_after", 0.0))
        await self._postpone(delivery, pause, str(error))

    async def _postpone(self, delivery: Delivery, seconds: float, why: str) -> None:
        try:
            await self._service.outbox.postpone(delivery, seconds, why)
        except StoreUnavailable as trouble:
            log.warning("the outbox cannot be written: %s", trouble)
            await asyncio.sleep(self._pauses.rest)
        self._wake_in(seconds)
