"""The books against a plain oracle, over random lives of an account: whatever happens in whatever
order, and to whatever clock, balances are equal and every credit is accounted for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.errors import OutOfCredits
from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.quota import Claim, Quota
from bot.storage import entries, statements
from bot.storage.database import Database
from bot.storage.gifts import GiftRepository, Terms
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from tests.kit import blank
from tests.kit.values import GUILD, MORNING, a_job
from tests.storage.oracle import Offer, Oracle, Source
from tests.storage.test_ledger import ACCOUNT, ADMIN, succeed

ROLE = 500
POOL = Account(GUILD, 0)
HOUR_S = 3600.0

QUOTAS = st.builds(
    Quota,
    credits=st.integers(0, 6),
    period=st.sampled_from(Period),
    running=st.just(1000),
    waiting=st.just(1000),
    most=st.none() | st.integers(0, 12),
    welcome=st.integers(0, 3),
    lapse=st.booleans(),
    rollover=st.booleans(),
    pool=st.booleans(),
)
AHEAD = st.none() | st.integers(1, 1500)
"""Hours until something ends."""


class Books(RuleBasedStateMachine):
    """Each step says under which plan the account is just then (None: as before), and whether it
    has the role."""

    def __init__(self) -> None:
        super().__init__()
        # Where the run has its files: in memory, where that is possible.
        self.folder = TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
        self.loop = asyncio.new_event_loop()
        self.oracle = Oracle()
        self.now = MORNING
        self.codes = 0
        self.last = Quota()
        self._open()

    def _open(self) -> None:
        path = blank.put(Path(self.folder.name) / "easel.sqlite3")
        self.database = self.wait(Database.open(path))
        self.jobs = JobRepository(self.database)
        self.ledger = LedgerRepository(self.database)
        self.gifts = GiftRepository(self.database)

    def wait(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.wait(self.database.close())
        self.loop.close()
        self.folder.cleanup()

    def _ahead(self, hours: int | None) -> float | None:
        return None if hours is None else self.now + hours * HOUR_S

    @rule(hours=st.integers(-40, 40) | st.integers(-800, 2000))
    def the_clock_goes_or_jumps(self, hours: int) -> None:
        self.now += hours * HOUR_S

    @rule()
    def crash(self) -> None:
        self.wait(self.database.close())
        self._open()

    @rule(quota=QUOTAS | st.none(), cost=st.integers(0, 4), role=st.booleans())
    def submit(self, quota: Quota | None, cost: int, role: bool) -> None:
        quota = self.last = quota or self.last
        job, accepted = a_job(now=self.now, cost=cost), True
        claim = Claim(quota, frozenset({ROLE} if role else ()))
        offers = self.oracle.offers
        self.oracle.offers = offers if role else []
        try:
            self.wait(self.jobs.submit([job], claim, 10**6))
        except OutOfCredits:
            accepted = False
        assert accepted == self.oracle.pay(job.id, cost, quota, self.now)
        self.oracle.offers = offers

    @precondition(lambda self: any(hold.open for hold in self.oracle.holds.values()))
    @rule(data=st.data(), spent=st.booleans(), again=st.booleans())
    def finish_or_fail(self, data: Any, spent: bool, again: bool) -> None:
        job = data.draw(st.sampled_from([j for j, h in self.oracle.holds.items() if h.open]))
        end = succeed(self.database, job) if spent else self.jobs.cancel(job, self.now)
        self.wait(end)
        if again:
            for close in (entries.capture, entries.release):
                self.wait(self.database.transaction(lambda c, f=close: f(c, job, self.now)))
        self.oracle.end(job, spent=spent)

    @rule(amount=st.integers(1, 5), hours=AHEAD, pool=st.booleans())
    def grant(self, amount: int, hours: int | None, pool: bool) -> None:
        account, until = POOL if pool else ACCOUNT, self._ahead(hours)
        self.wait(self.ledger.grant(account, amount, ADMIN, "test", self.now, expires_at=until))
        self.oracle.sources.append(Source(amount, until, pool=pool))

    @rule(amount=st.integers(1, 7), quota=QUOTAS)
    def take_back(self, amount: int, quota: Quota) -> None:
        claim = Claim(quota, frozenset({ROLE}))
        change = self.wait(
            self.ledger.grant(ACCOUNT, -amount, ADMIN, "test", self.now, claim=claim)
        )
        self.oracle.settle(quota, self.now)
        assert -change == self.oracle.take_back(amount, self.now)

    @rule(amount=st.integers(1, 7))
    def take_out_of_the_pool(self, amount: int) -> None:
        change = self.wait(self.ledger.grant(POOL, -amount, ADMIN, "test", self.now))
        assert -change == self.oracle.take_back(amount, self.now, pool=True)

    @rule(amount=st.integers(1, 5), hours=AHEAD)
    def offer_to_the_role(self, amount: int, hours: int | None) -> None:
        until = self._ahead(hours)
        self.wait(self.gifts.offer(GUILD, ROLE, amount, until, ADMIN, "test", self.now))
        key = f"offer:{len(self.oracle.offers) + 1}"
        self.oracle.offers.append(Offer(key, amount, until))

    @rule(amount=st.integers(1, 5), days=st.none() | st.integers(1, 40))
    def redeem_a_code_twice(self, amount: int, days: int | None) -> None:
        self.codes += 1
        digest = f"{self.codes:064x}"
        terms = Terms(amount, uses=2, days=days)
        self.wait(self.gifts.add(GUILD, digest, terms, ADMIN, self.now))
        self.wait(self.gifts.redeem(ACCOUNT, digest, self.now))
        again = self.wait(self.gifts.redeem(ACCOUNT, digest, self.now))
        assert "used this code before" in again
        until = None if days is None else self.now + days * 24 * HOUR_S
        self.oracle.sources.append(Source(amount, until, f"code:{self.codes}"))

    @rule(quota=QUOTAS)
    def refill(self, quota: Quota) -> None:
        balance = self.wait(self.ledger.forgive(ACCOUNT, quota, ADMIN, self.now))
        self.oracle.forgive()
        offers, self.oracle.offers = self.oracle.offers, []
        assert balance == self.oracle.balance(quota, self.now)
        self.oracle.offers = offers
        assert balance.allowance_left == quota.credits

    @rule(quota=QUOTAS | st.none())
    def look(self, quota: Quota | None) -> None:
        quota = quota or self.last
        balance = self.wait(self.ledger.balance(ACCOUNT, quota, self.now, {ROLE}))
        assert balance == self.oracle.balance(quota, self.now)
        assert min(balance.allowance_left, balance.lasting, balance.pooled) >= 0

    @rule()
    def sweep(self) -> None:
        self.wait(self.ledger.sweep(self.now))
        self.oracle.expire(self.now)

    @invariant()
    def every_credit_is_spent_ended_held_or_there(self) -> None:
        faults, totals = self.wait(self.database.read(lambda c: (statements.faults(c), _totals(c))))
        assert faults == []
        sources, holds = self.oracle.sources, self.oracle.holds.values()
        lasting = sum(len(hold.lasting) for hold in holds if not hold.released)
        assert totals["there"] == sum(source.left for source in sources)
        assert totals["ended"] == sum(source.ended for source in sources)
        assert totals["given"] == sum(source.given for source in sources) - self.oracle.taken_back
        assert totals["given"] == totals["there"] + totals["ended"] + lasting
        assert totals["queued"] == totals["waiting"]


def _totals(connection: Any) -> dict[str, int]:
    row = connection.execute(
        "SELECT (SELECT COALESCE(SUM(balance), 0) FROM buckets WHERE kind = 'lasting') AS there,"
        " (SELECT COALESCE(-SUM(amount), 0) FROM ledger WHERE kind = 'expire') AS ended,"
        " (SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE kind = 'grant') AS given,"
        " (SELECT jobs FROM queued) AS queued,"
        " (SELECT COUNT(*) FROM jobs WHERE state = 'waiting') AS waiting"
    ).fetchone()
    return dict(row)


class TestBooks(Books.TestCase):
    settings = settings(max_examples=72, stateful_step_count=50, deadline=None)


@pytest.mark.slow
@pytest.mark.timeout(1800)
class TestLongBooks(Books.TestCase):
    settings = settings(max_examples=600, stateful_step_count=100, deadline=None)
