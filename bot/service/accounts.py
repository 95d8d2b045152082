"""What a person has and may do: credits, limits, jobs, lifetime use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.credits import Balance
from bot.domain.job import Job, JobStatus
from bot.domain.people import Account, Asker
from bot.domain.quota import Quota
from bot.engine.seam import Executor, Worker
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.levers import Levers
from bot.service.rules import Rules
from bot.storage.jobs import JobRepository
from bot.storage.ledger import Holdings, LedgerRepository
from bot.storage.profiles import Profile, ProfileRepository
from bot.storage.quotas import QuotaRepository
from bot.storage.statements import Entry, StatementRepository


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
        statements: StatementRepository,
        quotas: QuotaRepository,
        profiles: ProfileRepository,
        executor: Executor,
        catalogue: Catalogue,
        rules: Rules,
        levers: Levers,
        clock: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._statements = statements
        self._quotas = quotas
        self._profiles = profiles
        self._executor = executor
        self._catalogue = catalogue
        self._rules = rules
        self._levers = levers
        self._clock = clock

    async def account(self, asker: Asker, guild: int) -> AccountView:
        """Balance, limits, jobs and lifetime use of the asker on a guild (0: direct messages)."""
        holdings = await self.holdings(guild, asker.user, asker.roles)
        account = Account(guild, asker.user)
        jobs = await self._jobs.of_account(account)
        return AccountView(
            balance=holdings.balance,
            quota=holdings.decision.quota,
            waiting=[job for job in jobs if job.status is JobStatus.WAITING],
            running=[job for job in jobs if job.status is JobStatus.RUNNING],
            profile=await self._profiles.get(asker.user),
            model=self._catalogue.default,
            workers=self._executor.workers(),
        )

    async def holdings(self, guild: int, user: int, roles: frozenset[int]) -> Holdings:
        """What a user with these roles has there, and why. Raises NotAllowed where nobody is
        served."""
        self._rules.require_served(guild)
        claim = self._rules.claim(guild, roles)
        return await self._ledger.holdings(Account(guild, user), claim, self._clock())

    async def statement(self, asker: Asker, guild: int, limit: int = 25) -> list[Entry]:
        """What changed of the asker's credits there, newest first."""
        return await self._statements.of(Account(guild, asker.user), limit)

    async def quota_of(self, guild: int, user: int, roles: frozenset[int]) -> Quota:
        """The quota that holds for a user with these roles. Raises NotAllowed where nobody is
        served."""
        self._rules.require_served(guild)
        return await self._quotas.quota(
            Account(guild, user), self._rules.claim(guild, roles), self._clock()
        )

    def require_served(self, guild: int) -> None:
        """Raises NotAllowed for a server that the operator did not name, or has blocked."""
        self._rules.require_served(guild)
        self._levers.require_served(guild)
