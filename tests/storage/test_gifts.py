"""Gift codes and offers in the database: once each, within their dates, slowed for who guesses."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import NotFound, UserError
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.storage import gifts as module
from bot.storage.audit import AuditRepository
from bot.storage.database import Database
from bot.storage.gifts import GUESSES, HOUR_S, UNKNOWN, Code, GiftRepository, Terms
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job

DAY_S = 86_400
ACCOUNT = Account(GUILD, ANNA)
ONE, TWO = "11" * 32, "22" * 32


@pytest.fixture
def gifts(database: Database) -> GiftRepository:
    return GiftRepository(database)


async def has(database: Database, account: Account = ACCOUNT) -> list[tuple[int, float | None]]:
    """(credits, end) of the account's buckets."""
    rows = await database.read(
        lambda c: c.execute(
            "SELECT balance, expires_at FROM buckets WHERE guild_id = ? AND user_id = ?"
            " ORDER BY id",
            (account.guild, account.user),
        ).fetchall()
    )
    return [tuple(row) for row in rows]


async def test_a_code_gives_what_it_says(database: Database, gifts: GiftRepository) -> None:
    terms = Terms(4, uses=2, ends_at=MORNING + DAY_S, days=3, note="fair")
    assert await gifts.add(GUILD, ONE, terms, 99, MORNING) == 1
    used = await gifts.redeem(ACCOUNT, ONE, MORNING + 5)
    assert used == Code(1, terms, 1)
    assert await has(database) == [(4, MORNING + 5 + 3 * DAY_S)]
    assert await gifts.codes(GUILD, MORNING) == [Code(1, terms, 1)]
    entry = await database.read(
        lambda c: c.execute("SELECT kind, actor_id, reason FROM ledger").fetchone()
    )
    assert tuple(entry) == ("grant", 99, "fair")


async def test_a_used_up_code_is_as_unknown_as_any_other(
    database: Database, gifts: GiftRepository
) -> None:
    await gifts.add(GUILD, ONE, Terms(4), 99, MORNING)
    assert isinstance(await gifts.redeem(ACCOUNT, ONE, MORNING), Code)
    assert await gifts.redeem(Account(GUILD, BERT), ONE, MORNING) == UNKNOWN
    assert await gifts.codes(GUILD, MORNING) == []


@pytest.mark.parametrize(
    ("account", "digest", "now"),
    [
        (Account(GUILD + 1, ANNA), ONE, MORNING),  # another server's
        (ACCOUNT, TWO, MORNING),
        (ACCOUNT, ONE, MORNING + DAY_S),  # past its date
        (ACCOUNT, ONE[:-1], MORNING),
        (ACCOUNT, "", MORNING),
    ],
)
async def test_what_is_no_code_here_and_now(
    database: Database, gifts: GiftRepository, account: Account, digest: str, now: float
) -> None:
    await gifts.add(GUILD, ONE, Terms(4, ends_at=MORNING + DAY_S), 99, MORNING)
    assert await gifts.redeem(account, digest, now) == UNKNOWN
    assert await has(database, account) == []


async def test_guesses_are_forgotten_after_an_hour(
    database: Database, gifts: GiftRepository
) -> None:
    await gifts.add(GUILD, ONE, Terms(4, uses=9), 99, MORNING)
    for guess in range(GUESSES):
        assert await gifts.redeem(ACCOUNT, TWO, MORNING + guess) == UNKNOWN
    slowed = await gifts.redeem(ACCOUNT, ONE, MORNING + HOUR_S - 1)
    assert isinstance(slowed, str)
    assert f"<t:{MORNING + HOUR_S:.0f}:R>" in slowed
    # Other servers do not help who guesses.
    assert "too many wrong codes" in str(
        await gifts.redeem(Account(GUILD + 1, ANNA), ONE, MORNING + 9)
    )
    assert isinstance(await gifts.redeem(ACCOUNT, ONE, MORNING + HOUR_S), Code)
    left = await database.read(lambda c: c.execute("SELECT COUNT(*) FROM code_tries").fetchone()[0])
    assert left == GUESSES - 1


async def test_many_guesses_at_once_are_counted_all(gifts: GiftRepository) -> None:
    told = await asyncio.gather(*(gifts.redeem(ACCOUNT, TWO, MORNING) for _ in range(40)))
    assert sum(each == UNKNOWN for each in told) == GUESSES


async def test_each_code_is_compared_in_constant_time(
    gifts: GiftRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(module.hmac, "compare_digest", compare)
    for digest in (ONE, TWO):
        await gifts.add(GUILD, digest, Terms(1), 99, MORNING)
    await gifts.redeem(ACCOUNT, "33" * 32, MORNING)
    assert compared == [(ONE, "33" * 32), (TWO, "33" * 32)]


async def test_codes_end_and_are_never_too_many(
    gifts: GiftRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CODES_MAX", 2)
    await gifts.add(GUILD, ONE, Terms(1), 99, MORNING)
    await gifts.add(GUILD, TWO, Terms(1), 99, MORNING)
    with pytest.raises(UserError, match="at most 2 gift codes"):
        await gifts.add(GUILD, "33" * 32, Terms(1), 99, MORNING)
    await gifts.end(GUILD, 99, MORNING, code=1)
    await gifts.add(GUILD, "33" * 32, Terms(1), 99, MORNING)
    assert [code.id for code in await gifts.codes(GUILD, MORNING)] == [2, 3]
    for guild, id in ((GUILD, 1), (GUILD, 77), (GUILD + 1, 2)):
        with pytest.raises(NotFound):
            await gifts.end(guild, 99, MORNING, code=id)


async def test_offers_are_listed_with_who_took_them(
    database: Database, gifts: GiftRepository
) -> None:
    await gifts.offer(GUILD, 500, 3, MORNING + 60, 99, "patrons", MORNING)
    await gifts.offer(GUILD, 501, 1, None, 99, "others", MORNING)
    first, second = await gifts.offers(GUILD, MORNING)
    assert (first.id, first.role, first.amount, first.reason, first.taken) == (
        1, 500, 3, "patrons", 0,
    )  # fmt: skip
    assert second.expires_at is None
    assert [offer.id for offer in await gifts.offers(GUILD, MORNING + 60)] == [2]
    with pytest.raises(NotFound):
        await gifts.end(GUILD + 1, 99, MORNING, offer=2)
    await gifts.end(GUILD, 99, MORNING, offer=2)
    assert [offer.id for offer in await gifts.offers(GUILD, MORNING)] == [1]


async def test_a_number_is_not_given_twice(database: Database, gifts: GiftRepository) -> None:
    """Else who took the first would have the second, too."""
    ledger, roles = LedgerRepository(database), frozenset({500})
    jobs = JobRepository(database)
    for amount in (3, 5):
        await gifts.offer(GUILD, 500, amount, None, 99, "patrons", MORNING)
        balance = await ledger.balance(ACCOUNT, Quota(1), MORNING, roles)
        await jobs.submit([a_job(cost=0)], Claim(Quota(1), roles), 100)
        assert balance == await ledger.balance(ACCOUNT, Quota(1), MORNING, roles)
        [offer] = await gifts.offers(GUILD, MORNING)
        await gifts.end(GUILD, 99, MORNING, offer=offer.id)
    assert await has(database) == [(3, None), (5, None)]


async def test_what_was_given_is_in_the_audit_trail(
    database: Database, gifts: GiftRepository
) -> None:
    await gifts.offer(GUILD, 500, 3, MORNING + 60, 99, "patrons", MORNING)
    await gifts.add(GUILD, ONE, Terms(4, 2, note="fair"), 99, MORNING)
    await gifts.end(GUILD, 98, MORNING, code=1)
    await gifts.end(GUILD, 98, MORNING, offer=1)
    trail = await AuditRepository(database).newest(GUILD)
    assert [(each.actor, each.deed, each.detail) for each in reversed(trail)] == [
        (99, "quota offer",
         {"role": 500, "amount": 3, "reason": "patrons", "until": MORNING + 60}),
        (99, "quota code", {"code": 1, "amount": 4, "uses": 2, "reason": "fair"}),
        (98, "quota code end", {"code": 1}),
        (98, "quota offer end", {"offer": 1}),
    ]  # fmt: skip
    assert ONE not in str(trail)
