"""What a person has and may do: credits, limits, jobs, lifetime use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.job import Job, JobStatus
from bot.domain.people import Account, Asker
from bot.domain.quota import Balance, Quota
from bot.engine.seam import Executor, Worker
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.rules import Rules
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from bot.storage.profiles import Profile, ProfileRepository
from bot.storage.quotas import QuotaRepository


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


class Accounts:
    """Reads of accounts. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        jobs: JobRepository,
        ledger: LedgerRepository,
        quotas: QuotaRepository,
        profiles: ProfileRepository,
        executor: Executor,
        catalogue: Catalogue,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._quotas = quotas
        self._profiles = profiles
        self._executor = executor
        self._catalogue = catalogue
        self._rules = rules
        self._clock = clock

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
            model=self._catalogue.default,
            workers=self._executor.workers(),
        )

    async def quota_of(self, guild: int, user: int, roles: frozenset[int]) -> Quota:
        """The quota that holds for a user with these roles. Raises NotAllowed where nobody is
        served."""
        self._rules.require_served(guild)
        return await self._quotas.quota(Account(guild, user), self._rules.claim(guild, roles))

    def require_served(self, guild: int) -> None:
        """Raises NotAllowed for a server that the operator did not name."""
        self._rules.require_served(guild)
