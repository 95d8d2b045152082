"""Plans of a server in the database, and what holds by them."""

from __future__ import annotations

import json
import sqlite3

import pytest

from bot.domain.action import Action
from bot.domain.errors import NotFound, UserError
from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import Caps, Claim, Level, Quota, QuotaSetting
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.storage import quotas
from bot.storage.audit import AuditRepository
from bot.storage.database import Database
from bot.storage.quotas import PLANS_MAX, QuotaRepository
from tests.kit.values import ANNA, BERT, GUILD, MORNING

ADMIN, ROLE, OTHER = 99, 500, 501
ACCOUNT = Account(GUILD, ANNA)


@pytest.fixture
def plans(database: Database) -> QuotaRepository:
    return QuotaRepository(database)


async def save(plans: QuotaRepository, name: str, gives: QuotaSetting) -> QuotaSetting:
    return await plans.save_plan(GUILD, name, gives, ADMIN, MORNING)


async def holds(
    plans: QuotaRepository, roles: frozenset[int] = frozenset(), account: Account = ACCOUNT
) -> Quota:
    return await plans.quota(account, Claim(Quota(), roles), MORNING)


async def test_a_plan_is_begun_and_changed_by_name_in_any_case(plans: QuotaRepository) -> None:
    await save(plans, "Patron", QuotaSetting(15, Period.MONTH, running=2))
    merged = await save(plans, "PATRON", QuotaSetting(running=5, side=512))
    assert merged == QuotaSetting(15, Period.MONTH, running=5, side=512)
    assert (await plans.book(GUILD)).plans == {"Patron": merged}
    assert (await plans.book(GUILD + 1)).plans == {}


async def test_a_preset_holds_where_a_plan_of_its_name_is_spelled_otherwise(
    database: Database, plans: QuotaRepository
) -> None:
    await save(plans, "nobody", QuotaSetting(3))
    await plans.adopt(GUILD, "closed", PRESETS["closed"].plans, ADMIN, MORNING)
    book = await plans.book(GUILD)
    assert list(book.plans) == ["nobody", "Tester"]
    assert book.assigned == {("server", GUILD): "nobody"}
    assert await holds(plans) == Quota(0, running=1, waiting=1, pool=False)
    # As it was written until now.
    await database.transaction(lambda c: c.execute("UPDATE quota_settings SET plan = 'Nobody'"))
    assert await holds(plans) == Quota(0, running=1, waiting=1, pool=False)
    assert (await plans.book(GUILD)).assigned == {("server", GUILD): "nobody"}
    assert await plans.remove_plan(GUILD, "NOBODY", ADMIN, MORNING) == "nobody"
    assert (await plans.book(GUILD)).assigned == {}


async def test_other_letters_than_those_of_english_have_a_case_too(plans: QuotaRepository) -> None:
    await save(plans, "Élite", QuotaSetting(15))
    assert await plans.assign(GUILD, "server", GUILD, "élite", ADMIN, MORNING) == "Élite"
    assert (await holds(plans)).credits == 15
    assert await plans.remove_plan(GUILD, "ÉLITE", ADMIN, MORNING) == "Élite"
    assert await holds(plans) == Quota()


async def test_plans_come_in_the_order_in_which_they_were_made(database: Database) -> None:
    plans = QuotaRepository(database)
    for number, name in enumerate(("Zoo", "Ape", "Man")):
        await plans.save_plan(GUILD, name, QuotaSetting(1), ADMIN, MORNING + number)
    assert list((await plans.book(GUILD)).plans) == ["Zoo", "Ape", "Man"]


async def test_a_server_has_as_many_as_fit_into_a_menu(plans: QuotaRepository) -> None:
    for number in range(PLANS_MAX):
        await save(plans, f"P{number}", QuotaSetting(1))
    with pytest.raises(UserError, match="at most 25"):
        await save(plans, "One more", QuotaSetting(1))
    with pytest.raises(UserError, match="at most 25"):
        await plans.adopt(GUILD, "open", PRESETS["open"].plans, ADMIN, MORNING)
    assert len((await plans.book(GUILD)).plans) == PLANS_MAX


async def test_who_has_what(plans: QuotaRepository) -> None:
    await save(plans, "All", QuotaSetting(5, Period.DAY, waiting=3))
    await save(plans, "Patron", QuotaSetting(50, Period.DAY, speeds=frozenset({Speed.FAST})))
    assert await plans.assign(GUILD, "server", GUILD, "all", ADMIN, MORNING) == "All"
    await plans.assign(GUILD, "role", ROLE, "Patron", ADMIN, MORNING)
    assert (await holds(plans)).credits == 5
    patron = await holds(plans, frozenset({ROLE}))
    assert (patron.credits, patron.waiting, patron.speeds) == (50, 3, {Speed.FAST})
    await plans.assign(GUILD, "user", ANNA, "All", ADMIN, MORNING)
    own = await holds(plans, frozenset({ROLE}))
    assert (own.credits, own.speeds) == (5, {Speed.FAST})  # what it does not say, others do
    assert (await holds(plans, frozenset({ROLE}), Account(GUILD, BERT))).credits == 50
    assert (await holds(plans, frozenset({ROLE}), Account(GUILD + 1, ANNA))) == Quota()
    assert (await plans.book(GUILD)).assigned == {
        ("server", GUILD): "All", ("role", ROLE): "Patron", ("user", ANNA): "All",
    }  # fmt: skip


async def test_a_setting_and_a_plan_of_one_target(plans: QuotaRepository) -> None:
    await save(plans, "Patron", QuotaSetting(50, Period.DAY, running=9))
    await plans.assign(GUILD, "role", ROLE, "Patron", ADMIN, MORNING)
    await plans.set_quota(GUILD, "role", ROLE, QuotaSetting(running=2), ADMIN, MORNING)
    quota = await holds(plans, frozenset({ROLE}))
    assert (quota.credits, quota.running) == (50, 2)
    assert await plans.clear_quota(GUILD, "role", ROLE, ADMIN, MORNING)
    assert (await holds(plans, frozenset({ROLE}))).running == 9  # the plan stays
    assert not await plans.clear_quota(GUILD, "role", ROLE, ADMIN, MORNING)
    assert await plans.assign(GUILD, "role", ROLE, "", ADMIN, MORNING) == ""
    assert await holds(plans, frozenset({ROLE})) == Quota()
    assert (await plans.book(GUILD)).assigned == {}


async def test_who_decided_is_told(database: Database, plans: QuotaRepository) -> None:
    await save(plans, "Patron", QuotaSetting(50, Period.DAY))
    await plans.assign(GUILD, "role", ROLE, "Patron", ADMIN, MORNING)
    await plans.set_quota(GUILD, "server", GUILD, QuotaSetting(waiting=4), ADMIN, MORNING)
    claim = Claim(Quota(), frozenset({ROLE, OTHER}), Caps(credits=40))
    decision = await database.read(lambda c: quotas.decided(c, ACCOUNT, claim, MORNING))
    assert decision.by == {
        "credits": Level(QuotaSetting(50, Period.DAY), "role", ROLE, "Patron"),
        "waiting": Level(QuotaSetting(waiting=4), "server", GUILD),
    }
    assert (decision.quota.credits, decision.capped) == (40, {"credits"})


async def test_a_plan_that_is_removed_is_nobodys(plans: QuotaRepository) -> None:
    await save(plans, "Patron", QuotaSetting(50, Period.DAY))
    await plans.assign(GUILD, "role", ROLE, "Patron", ADMIN, MORNING)
    await plans.set_quota(GUILD, "role", ROLE, QuotaSetting(running=2), ADMIN, MORNING)
    assert await plans.remove_plan(GUILD, "patron", ADMIN, MORNING) == "Patron"
    quota = await holds(plans, frozenset({ROLE}))
    assert (quota.credits, quota.running) == (25, 2)
    for name in ("Patron", "", "nix"):
        with pytest.raises(NotFound):
            await plans.remove_plan(GUILD, name, ADMIN, MORNING)
    with pytest.raises(NotFound):
        await plans.assign(GUILD, "role", ROLE, "Patron", ADMIN, MORNING)


async def test_a_preset_takes_the_place_of_what_everybody_had(plans: QuotaRepository) -> None:
    await plans.set_quota(GUILD, "server", GUILD, QuotaSetting(7, Period.DAY), ADMIN, MORNING)
    await plans.set_quota(GUILD, "user", ANNA, QuotaSetting(running=1), ADMIN, MORNING)
    await save(plans, "Mine", QuotaSetting(3, Period.DAY))
    await plans.adopt(GUILD, "midjourney", PRESETS["midjourney"].plans, ADMIN, MORNING)
    book = await plans.book(GUILD)
    assert [*book.plans] == ["Mine", "Trial", "Basic", "Standard", "Pro"]
    assert book.assigned == {("server", GUILD): "Trial"}
    quota = await holds(plans)
    assert (quota.credits, quota.welcome, quota.running) == (0, 25, 1)


async def test_what_makes_no_sense_is_not_stored(
    database: Database, plans: QuotaRepository
) -> None:
    for gives in (
        QuotaSetting(-1, Period.DAY), QuotaSetting(running=0), QuotaSetting(waiting=0),
        QuotaSetting(welcome=-1), QuotaSetting(batch=0), QuotaSetting(side=-1),
    ):  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError):
            await save(plans, "Bad", gives)
    with pytest.raises(sqlite3.IntegrityError):
        await save(plans, "", QuotaSetting(1))
    assert (await plans.book(GUILD)).plans == {}
    assert await AuditRepository(database).newest(GUILD) == []


async def test_what_a_later_version_wrote_is_read_as_far_as_it_is_known(
    database: Database, plans: QuotaRepository
) -> None:
    said = {"credits": 9, "period": "week", "moonlight": True, "speeds": ["fast", "warp"]}
    await database.transaction(
        lambda c: c.execute("INSERT INTO plans VALUES (?, 'New', ?, 0)", (GUILD, json.dumps(said)))
    )
    [gives] = (await plans.book(GUILD)).plans.values()
    assert gives == QuotaSetting(9, Period.WEEK, speeds=frozenset({Speed.FAST}))


async def test_prices_are_kept_by_server(plans: QuotaRepository) -> None:
    assert await plans.tariff(GUILD) == Tariff()
    tariff = Tariff({Action.IMAGINE: 3}, {Speed.TURBO: 1.5}, {"sdxl": 2.0}, steps=True)
    await plans.set_tariff(GUILD, tariff, ADMIN, MORNING)
    assert await plans.tariff(GUILD) == tariff
    assert await plans.tariff(GUILD + 1) == Tariff()
    await plans.set_tariff(GUILD, Tariff(), ADMIN, MORNING)
    assert await plans.tariff(GUILD) == Tariff()


async def test_every_decision_is_in_the_audit_trail(
    database: Database, plans: QuotaRepository
) -> None:
    await save(plans, "Patron", QuotaSetting(5, Period.DAY))
    await plans.assign(GUILD, "role", ROLE, "Patron", ADMIN, MORNING)
    await plans.remove_plan(GUILD, "Patron", ADMIN, MORNING)
    await plans.adopt(GUILD, "open", PRESETS["open"].plans, ADMIN, MORNING)
    await plans.set_tariff(GUILD, Tariff(size=False), ADMIN, MORNING)
    trail = await AuditRepository(database).newest(GUILD)
    assert [(each.deed, each.detail) for each in reversed(trail)] == [
        ("plan set", {"plan": "Patron", "credits": 5, "period": "day"}),
        ("plan give", {"scope": "role", "target": ROLE, "plan": "Patron"}),
        ("plan remove", {"plan": "Patron"}),
        ("plan preset", {"preset": "open"}),
        ("tariff", {"size": False}),
    ]
