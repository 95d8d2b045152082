"""What admins decided, and the trail of who decided it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.quota import Caps, Claim, Quota, QuotaSetting
from bot.storage.audit import AuditRepository
from bot.storage.database import Database
from bot.storage.quotas import QuotaRepository
from tests.kit.values import ANNA, BERT, GUILD, MORNING

ADMIN, ROLE = 99, 500
TEN = QuotaSetting(10, Period.DAY)


@pytest.fixture
def guilds(database: Database) -> QuotaRepository:
    return QuotaRepository(database)


@pytest.fixture
def audit(database: Database) -> AuditRepository:
    return AuditRepository(database)


async def test_a_quota_is_made_of_what_concerns_the_user(guilds: QuotaRepository) -> None:
    await guilds.set_quota(GUILD, "server", GUILD, TEN, ADMIN, MORNING)
    await guilds.set_quota(GUILD, "role", ROLE, QuotaSetting(running=5), ADMIN, MORNING)
    await guilds.set_quota(GUILD, "role", ROLE + 1, QuotaSetting(running=9), ADMIN, MORNING)
    await guilds.set_quota(GUILD, "user", ANNA, QuotaSetting(waiting=2), ADMIN, MORNING)
    await guilds.set_quota(GUILD + 1, "user", ANNA, QuotaSetting(waiting=7), ADMIN, MORNING)
    anna, bert = Account(GUILD, ANNA), Account(GUILD, BERT)
    claim = Claim(Quota(25, running=3, waiting=8), frozenset({ROLE, 777}))
    assert await guilds.quota(anna, claim, MORNING) == Quota(10, running=5, waiting=2)
    assert await guilds.quota(anna, replace(claim, roles=frozenset()), MORNING) == Quota(
        10, waiting=2
    )
    assert await guilds.quota(bert, replace(claim, caps=Caps(4, waiting=6)), MORNING) == Quota(
        4, running=5, waiting=6, most=4
    )


async def test_a_setting_is_laid_over_the_older_one(guilds: QuotaRepository) -> None:
    await guilds.set_quota(GUILD, "user", ANNA, TEN, ADMIN, MORNING)
    merged = await guilds.set_quota(GUILD, "user", ANNA, QuotaSetting(running=1), ADMIN, MORNING)
    assert merged == QuotaSetting(10, Period.DAY, 1)
    merged = await guilds.set_quota(
        GUILD, "user", ANNA, QuotaSetting(0, Period.MONTH), ADMIN, MORNING
    )
    assert merged == QuotaSetting(0, Period.MONTH, 1)
    assert (await guilds.book(GUILD)).settings == {("user", ANNA): merged}


async def test_clear(guilds: QuotaRepository) -> None:
    await guilds.set_quota(GUILD, "user", ANNA, TEN, ADMIN, MORNING)
    assert not await guilds.clear_quota(GUILD + 1, "user", ANNA, ADMIN, MORNING)
    assert await guilds.clear_quota(GUILD, "user", ANNA, ADMIN, MORNING)
    assert not await guilds.clear_quota(GUILD, "user", ANNA, ADMIN, MORNING)
    assert (await guilds.book(GUILD)).settings == {}


async def test_every_change_is_in_the_trail_newest_first(
    guilds: QuotaRepository, audit: AuditRepository
) -> None:
    await guilds.set_quota(GUILD, "role", ROLE, TEN, ADMIN, MORNING)
    await guilds.clear_quota(GUILD, "role", ROLE, ADMIN + 1, MORNING + 1)
    await audit.write(GUILD, ADMIN, "quota show", {}, MORNING + 2)
    await audit.write(GUILD + 1, ADMIN, "quota show", {}, MORNING + 3)
    trail = await audit.newest(GUILD)
    assert [(one.actor, one.deed, one.at - MORNING) for one in trail] == [
        (ADMIN, "quota show", 2.0),
        (ADMIN + 1, "quota reset limits", 1.0),
        (ADMIN, "quota set", 0.0),
    ]
    assert trail[2].detail == {"scope": "role", "target": ROLE, "credits": 10, "period": "day"}
    assert len(await audit.newest(GUILD, limit=1)) == 1


async def test_a_refused_change_leaves_no_trail(
    guilds: QuotaRepository, audit: AuditRepository
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await guilds.set_quota(GUILD, "user", ANNA, QuotaSetting(running=0), ADMIN, MORNING)
    assert await audit.newest(GUILD) == []
    assert (await guilds.book(GUILD)).settings == {}
