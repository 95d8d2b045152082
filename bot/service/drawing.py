"""What a user or an admin can ask for: the use cases, in terms of the domain.

The cogs call this one object; it calls storage, the dispatcher and `bot.imaging`. Knows nothing
about Discord's objects or about torch. Every refusal is a `UserError` whose text is for the user.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from bot import imaging
from bot.dispatch.dispatcher import Dispatcher
from bot.domain.action import Action, Tile
from bot.domain.delivery import Delivery
from bot.domain.errors import NotAllowed, NotFound, OutOfCredits
from bot.domain.job import Job, JobStatus, JobUpdate
from bot.domain.people import Account, Asker, Origin
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.quota import Balance, Period, Quota, QuotaSetting, Scope, effective
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.engine.seam import Executor, Worker
from bot.models.cards import ModelCard
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository, StoredImage
from bot.storage.ledger import LedgerRepository, Usage
from bot.storage.outbox import new_nonce
from bot.storage.profiles import Profile, ProfileRepository
from bot.storage.quotas import AuditEntry, GuildRepository

log = logging.getLogger(__name__)

DIRECT = 0
MEGABYTE = 1 << 20
# Discord remembers nonces for a few minutes; past this the channel is searched instead.
NONCE_LIVES_S = 120.0
EVICTED_AT_ONCE = 500
GONE = "This picture was cleared away to save space; 🔄 draws the prompt again."


@dataclass(frozen=True)
class Rules:
    """What the operator's settings say about users and disk."""

    quota: Quota = Quota()
    dm_quota: Quota = Quota()
    queue_limit: int = 1000
    images_max_bytes: int = 20 << 30
    images_max_age_s: float = 0.0


@dataclass(frozen=True)
class Picture:
    """An encoded picture ready to upload. `description` is its alternative text."""

    data: bytes
    filename: str
    description: str
    lossless: bool


@dataclass(frozen=True)
class AccountView:
    """Everything that `/info` shows."""

    balance: Balance
    quota: Quota
    waiting: Sequence[Job]
    running: Sequence[Job]
    profile: Profile
    model: ModelCard
    workers: Sequence[Worker]


@dataclass(frozen=True)
class QuotaView:
    """Everything that `/quota show` shows of a guild."""

    fallback: Quota
    settings: Mapping[tuple[Scope, int], QuotaSetting]


class GenerationService:
    """The use cases. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        jobs: JobRepository,
        ledger: LedgerRepository,
        guilds: GuildRepository,
        profiles: ProfileRepository,
        images: ImageStore,
        dispatcher: Dispatcher,
        executor: Executor,
        card: ModelCard,
        rules: Rules,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._guilds = guilds
        self._profiles = profiles
        self._images = images
        self._dispatcher = dispatcher
        self._executor = executor
        self._rules = rules
        self._clock = clock
        self.card = card
        self._ideas = card.ideas()
        self.vocabulary = card.vocabulary()
        # One at a time, for a grid of 2048² takes 130 MiB while it is encoded; and always the same
        # thread, for each thread's allocator keeps what it once had.
        self._encoder = ThreadPoolExecutor(1, "encoder")

    # Asking for pictures

    async def imagine(self, asker: Asker, origin: Origin, text: str) -> Job:
        """Queue a new grid. Raises InvalidPrompt, OutOfCredits, QueueFull."""
        prompt = Prompt.parse(text)
        request = GenerationRequest(
            action=Action.IMAGINE,
            prompt=prompt,
            model=self.card.id,
            size=self._size(prompt),
            seed=_new_seed() if prompt.seed is None else prompt.seed,
            steps=self.card.steps_for(prompt.quality),
            guidance=self.card.guidance,
            sampler=self.card.sampler,
        )
        return await self._submit(asker, origin, request, parent=None)

    async def act(self, asker: Asker, origin: Origin, action: Action, tile: Tile) -> Job:
        """Press a button under job `tile.job`; `tile.index` is 0 for 🔄.

        Upscale returns a finished job, the same one each time. Raises NotFound, OutOfCredits,
        QueueFull.
        """
        parent = await self._visible(origin, tile.job)
        if parent.status is not JobStatus.SUCCEEDED:
            raise NotFound("This job has no pictures yet; wait until it is done.")
        if action is Action.REROLL:
            request = self._current(parent.request).reroll(_new_seed())
            if request.source is not None and await self._stored(request.source) is None:
                request = request.afresh()
            return await self._submit(asker, origin, request, parent)
        if not 1 <= tile.index <= parent.request.count:
            raise NotFound(f"This job has no picture {tile.index}.")
        if action is Action.UPSCALE:
            earlier = await self._jobs.upscale_of(tile)
            if earlier is None:
                return await self._extract(asker, origin, parent, tile)
            await self._jobs.take_up(earlier.id, new_nonce())
            return earlier
        await self._kept(tile)
        request = self._current(parent.request).vary(tile, _new_seed(), self.card.strength)
        return await self._submit(asker, origin, request, parent)

    async def cancel(self, asker: Asker, origin: Origin, job_id: str) -> Job:
        """Stop a waiting or running job and give its credits back.

        Raises NotAllowed for somebody else's job without Manage Messages, NotFound when it is
        over.
        """
        job = await self._visible(origin, job_id)
        if asker.user != job.user and not asker.moderator:
            raise NotAllowed(
                "Only the person who asked for this, or a member with Manage Messages, can cancel"
                " it."
            )
        cancelled = await self._jobs.cancel(job_id, self._clock())
        if cancelled is None:
            raise NotFound("This job is over already, so there is nothing to cancel.")
        log.info("job %s: cancelled by %d", job_id, asker.user)
        await self._dispatcher.cancel(cancelled)
        return cancelled

    async def job(self, job_id: str) -> Job | None:
        return await self._jobs.get(job_id)

    async def job_of_message(self, message: int) -> Job | None:
        """The job whose progress or result this message shows."""
        return await self._jobs.of_message(message)

    async def watch(self, job_id: str) -> AsyncIterator[JobUpdate]:
        """Newest states of a job; the last one is final and always arrives."""
        last: JobUpdate | None = None
        async for update in self._dispatcher.watch(job_id):
            last = update
            yield update
        if last is None or not last.job.status.finished:
            job = await self._jobs.get(job_id)
            if job is not None:
                yield JobUpdate(job, fraction=float(job.status.finished))

    def newest(self, job: Job) -> JobUpdate | None:
        """The newest state of an unfinished job without waiting."""
        cell = self._dispatcher.newest(job.id)
        return cell.value if cell else None

    def ideas(self, typed: str, limit: int = 10) -> list[str]:
        """Prompts that the model draws well, those with the typed words first to last."""
        words = typed.lower().split()
        return [idea for idea in self._ideas if all(word in idea.lower() for word in words)][:limit]

    async def hint(self, job: Job) -> list[str]:
        """Words of the job's prompt that a small model passes over, once for each user.

        Empty for a model that has an idea of any word, and for who was told before.
        """
        if self.vocabulary is None:
            return []
        unknown = self.vocabulary.unknown(job.request.prompt.text)
        if unknown and await self._profiles.note_hint(job.user, self._clock()):
            return unknown
        return []

    async def resume(self) -> int:
        """Once after a start: unfinished jobs wait again, in order; returns how many."""
        await self._jobs.requeue_running()
        unfinished = await self._jobs.unfinished()
        self._dispatcher.restore(unfinished)
        return len(unfinished)

    async def unfinished(self) -> list[Job]:
        """Waiting and running jobs, oldest first."""
        return await self._jobs.unfinished()

    async def stale_notices(self) -> list[Job]:
        """Ended jobs whose progress message still has to be brought to its end."""
        return await self._jobs.stale_notices()

    # Pictures

    async def picture(self, job: Job, limit: int) -> Picture:
        """The job's grid, or its single picture, encoded to at most `limit` bytes.

        Raises NotFound when the files were cleared away or are damaged.
        """
        rows = await self._jobs.images(job.id)
        tiles = [await self._images.read(job.tile(index)) for index in sorted(rows)]
        if not tiles or any(data is None for data in tiles):
            raise NotFound("The pictures of this job were cleared away to save space.")
        recipe = job.request.recipe() | {"job": job.id}
        try:
            encoded = await asyncio.get_running_loop().run_in_executor(
                self._encoder, _encode, [d for d in tiles if d], limit, recipe
            )
        except imaging.PictureError as error:
            raise NotFound(str(error)) from error
        words = re.sub(r"[^a-z0-9]+", "-", job.request.prompt.text.lower())[:48].strip("-")
        return Picture(
            encoded.data,
            f"easel_{words or 'picture'}_{job.id}.{encoded.extension}",
            job.request.prompt.text[:1000],
            encoded.lossless,
        )

    async def used(self, job_id: str) -> set[tuple[Action, int]]:
        """Buttons under the job that were pressed with success: (action, tile; 0 for 🔄)."""
        return await self._jobs.used(job_id)

    async def housekeeping(self) -> int:
        """Clear away pictures that are too old or too many; returns how many."""
        count = 0
        while evicted := await self._to_evict():
            # Rows first: a crash in between leaves a file too many, never a promise too many.
            await self._jobs.mark_evicted(evicted, self._clock())
            await self._images.delete(evicted)
            count += len(evicted)
        if count:
            log.info("cleared away %d pictures", count)
        return count

    async def _to_evict(self) -> list[Tile]:
        """The next few pictures that are too old, or oldest while there are too many."""
        now = self._clock()
        excess = await self._jobs.kept_bytes() - self._rules.images_max_bytes
        chosen: list[Tile] = []
        for tile, size, created_at in await self._jobs.evictable(EVICTED_AT_ONCE):
            old = 0 < self._rules.images_max_age_s < now - created_at
            if not old and excess <= 0:
                break
            chosen.append(tile)
            excess -= size
        return chosen

    # Delivery

    async def set_notice(self, job_id: str, message: int) -> None:
        """Remember the message that shows the job's progress; 0 when it needs no more care."""
        await self._jobs.set_notice(job_id, message)

    async def undelivered(self) -> list[Delivery]:
        return await self._jobs.undelivered()

    async def delivery(self, job_id: str) -> Delivery | None:
        return await self._jobs.delivery(job_id)

    async def begin_delivery(self, job_id: str) -> tuple[Delivery, bool] | None:
        """Say that a POST begins. None when there is nothing to post.

        The flag says that an earlier POST may have arrived and its nonce may be forgotten, so the
        channel is to be searched first; call `renew_delivery` if nothing is found there.
        """
        now = self._clock()
        delivery = await self._jobs.begin_sending(job_id, now)
        if delivery is None:
            return None
        begun = delivery.sent_before
        return delivery, begun is not None and now - begun > NONCE_LIVES_S

    async def renew_delivery(self, job_id: str) -> Delivery | None:
        """A fresh nonce for a POST of which no trace was found."""
        await self._jobs.renew_nonce(job_id, new_nonce(), self._clock())
        return await self._jobs.delivery(job_id)

    async def delivered(self, job_id: str, message: int) -> None:
        await self._jobs.delivered(job_id, message)

    async def deliver_again(self, job_id: str, gone: int) -> None:
        """The result's message `gone` was deleted; it may be posted once more."""
        await self._jobs.deliver_again(job_id, gone, new_nonce())

    async def give_up_delivery(self, job_id: str, why: str) -> None:
        log.warning("job %s: result not posted: %s", job_id, why)
        await self._jobs.give_up(job_id, why)

    # Accounts

    async def account(self, asker: Asker, guild: int) -> AccountView:
        """Balance, limits, jobs and lifetime use of the asker on a guild (0: direct messages)."""
        quota = await self.quota_of(guild, asker.user, asker.roles)
        account = Account(guild, asker.user)
        jobs = await self._jobs.of_account(account)
        return AccountView(
            balance=await self._ledger.balance(account, quota, self._clock()),
            quota=quota,
            waiting=[job for job in jobs if job.status is JobStatus.WAITING],
            running=[job for job in jobs if job.status is JobStatus.RUNNING],
            profile=await self._profiles.get(asker.user),
            model=self.card,
            workers=self._executor.workers(),
        )

    async def quota_of(self, guild: int, user: int, roles: frozenset[int]) -> Quota:
        """The quota that holds for a user with these roles."""
        if guild == DIRECT:
            return self._rules.dm_quota
        policy = await self._guilds.policy(guild, user, roles)
        return effective(self._rules.quota, policy.default, policy.roles.values(), policy.own)

    # What admins do

    async def set_quota(
        self, asker: Asker, guild: int, scope: Scope, target: int, setting: QuotaSetting
    ) -> QuotaSetting:
        """Set limits for the server, a role or a user. Raises NotAllowed."""
        _require_admin(asker, guild)
        if setting.credits is not None and setting.period is None:
            setting = replace(setting, period=Period.DAY)
        if scope == "server":
            target = guild
        return await self._guilds.set_quota(
            guild, scope, target, setting, asker.user, self._clock()
        )

    async def clear_quota(self, asker: Asker, guild: int, scope: Scope, target: int) -> bool:
        """Forget own limits; False when there were none. Raises NotAllowed."""
        _require_admin(asker, guild)
        return await self._guilds.clear_quota(guild, scope, target, asker.user, self._clock())

    async def grant(self, asker: Asker, guild: int, user: int, amount: int, reason: str) -> int:
        """Give (or with a negative amount take back) lasting credits; returns the change."""
        _require_admin(asker, guild)
        return await self._ledger.grant(
            Account(guild, user), amount, asker.user, reason or "grant", self._clock()
        )

    async def refill(self, asker: Asker, guild: int, user: int, roles: frozenset[int]) -> Balance:
        """Bring a user's credits of this period back to the full allowance."""
        _require_admin(asker, guild)
        quota = await self.quota_of(guild, user, roles)
        return await self._ledger.refill(Account(guild, user), quota, asker.user, self._clock())

    async def quota_settings(self, asker: Asker, guild: int) -> QuotaView:
        """Every limit an admin set on this server."""
        _require_admin(asker, guild)
        await self._guilds.audit(guild, asker.user, "quota show", {}, self._clock())
        return QuotaView(self._rules.quota, await self._guilds.settings(guild))

    async def balance_of(
        self, asker: Asker, guild: int, user: int, roles: frozenset[int]
    ) -> tuple[Balance, Quota]:
        """Another member's balance and limits, for admins."""
        _require_admin(asker, guild)
        now = self._clock()
        await self._guilds.audit(guild, asker.user, "quota show", {"user": user}, now)
        quota = await self.quota_of(guild, user, roles)
        return await self._ledger.balance(Account(guild, user), quota, now), quota

    async def usage(self, asker: Asker, guild: int, days: int) -> list[Usage]:
        """Who drew most grids in the last `days` days."""
        _require_admin(asker, guild)
        now = self._clock()
        await self._guilds.audit(guild, asker.user, "quota usage", {"days": days}, now)
        return await self._ledger.usage(guild, now - days * 86_400)

    async def audit_trail(self, asker: Asker, guild: int) -> list[AuditEntry]:
        """The newest deeds of admins on this server."""
        _require_admin(asker, guild)
        return await self._guilds.audit_trail(guild)

    # Inside

    async def _submit(
        self, asker: Asker, origin: Origin, request: GenerationRequest, parent: Job | None
    ) -> Job:
        quota = await self.quota_of(origin.guild, asker.user, asker.roles)
        if origin.guild == DIRECT and quota.credits == 0:
            raise OutOfCredits("Drawing in direct messages is switched off; ask on a server.")
        job = Job(
            id=uuid.uuid4().hex,
            origin=origin,
            user=asker.user,
            request=request,
            status=JobStatus.WAITING,
            created_at=self._clock(),
            parent=parent.id if parent else None,
            running_limit=quota.running,
        )
        await self._jobs.submit(job, quota, self._rules.queue_limit)
        log.info("job %s: %s by %d", job.id, request.action.value, asker.user)
        self._dispatcher.add(job)
        return job

    async def _extract(self, asker: Asker, origin: Origin, parent: Job, tile: Tile) -> Job:
        image = await self._kept(tile)
        now = self._clock()
        job = Job(
            id=uuid.uuid4().hex,
            origin=origin,
            user=asker.user,
            request=parent.request.upscale(tile),
            status=JobStatus.SUCCEEDED,
            created_at=now,
            finished_at=now,
            parent=parent.id,
        )
        try:
            await self._images.link(tile, job.tile(1))
        except FileNotFoundError:
            raise NotFound(GONE) from None
        extracted = await self._jobs.extract(job, new_nonce(), replace(image, index=1))
        if extracted.id != job.id:
            await self._images.delete([job.tile(1)])
        return extracted

    async def _visible(self, origin: Origin, job_id: str) -> Job:
        """The job if it belongs where the asker is; another server's job does not exist here."""
        job = await self._jobs.get(job_id)
        same = job is not None and job.origin.guild == origin.guild
        if same and origin.guild == DIRECT:
            same = job.origin.channel == origin.channel  # type: ignore[union-attr]
        if job is None or not same:
            raise NotFound("I do not know this job here; its message may be from another server.")
        return job

    async def _kept(self, tile: Tile) -> StoredImage:
        image = await self._stored(tile)
        if image is None:
            raise NotFound(GONE)
        return image

    async def _stored(self, tile: Tile) -> StoredImage | None:
        image = (await self._jobs.images(tile.job)).get(tile.index)
        return None if image is None or image.evicted else image

    def _current(self, request: GenerationRequest) -> GenerationRequest:
        """The request for the model of today, where the operator changed it since."""
        if request.model == self.card.id:
            return request
        return replace(
            request,
            model=self.card.id,
            size=self._size(request.prompt),
            steps=self.card.steps_for(request.prompt.quality),
            guidance=self.card.guidance,
            sampler=self.card.sampler,
        )

    def _size(self, prompt: Prompt) -> Size:
        return Size.fit(prompt.aspect, self.card.native, self.card.multiple)


def _require_admin(asker: Asker, guild: int) -> None:
    if guild == DIRECT:
        raise NotAllowed("Quotas belong to a server; use this command there.")
    if not asker.admin:
        raise NotAllowed("Only members with the Manage Server permission can do this.")


def _new_seed() -> int:
    return secrets.randbelow(SEED_MAX + 1)


def _encode(tiles: list[bytes], limit: int, recipe: dict[str, Any]) -> imaging.Encoded:
    # No name keeps the pictures in memory beside the grid made of them.
    whole = imaging.compose([imaging.decode(data) for data in tiles])
    return imaging.encode(whole, limit, recipe)
