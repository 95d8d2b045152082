"""Grants, offers to roles, the pool and gift codes, as people meet them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chat import holdings
from bot.chat import plans as said
from bot.domain.erasure import Erasure
from bot.domain.errors import NotAllowed, NotFound, OutOfCredits, UserError
from bot.domain.people import Asker
from bot.domain.quota import QuotaSetting
from bot.service.gifts import Terms
from bot.service.quotas import Whom
from bot.storage import statements
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, HERE, House
from tests.kit.values import ANNA, BERT, GUILD

ROLE = 500
PATRON = Asker(ANNA, roles=frozenset({ROLE}))
DAY_S, HOUR_S = 86_400, 3600


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Where nobody has credits of their own."""
    async with House(tmp_path, automatic=True) as one:
        await one.service.quotas.set(ADMIN_ASKS, GUILD, Whom(), QuotaSetting(0))
        yield one
        assert await one.database.read(statements.faults) == []


async def test_credits_that_end_are_gone_and_written_off_once(house: House) -> None:
    gifts = house.service.gifts
    await gifts.grant(ADMIN_ASKS, GUILD, ANNA, 5, "prize", days=2)
    await gifts.grant(ADMIN_ASKS, GUILD, ANNA, 3, "")
    await house.draw()
    assert await house.credits() == (7, 0)
    house.clock.now += 2 * DAY_S
    assert await house.credits() == (3, 0)
    for _ in range(2):
        await house.service.gifts.housekeeping()
        house.clock.now -= DAY_S  # the clock is set back
        assert await house.credits() == (3, 0)
        await house.restart()
    written = await house.database.read(
        lambda c: c.execute("SELECT amount, actor_id FROM ledger WHERE kind = 'expire'").fetchall()
    )
    assert [tuple(row) for row in written] == [(-4, 0)]


async def test_an_offer_is_taken_once_by_everybody_with_the_role(house: House) -> None:
    gifts = house.service.gifts
    await gifts.offer(ADMIN_ASKS, GUILD, ROLE, 2, "patrons", days=30)
    assert await house.credits() == (0, 0)
    assert await house.credits(PATRON) == (2, 0)  # before anything is written
    await house.draw(asker=PATRON)
    await house.restart()
    assert await house.credits(PATRON) == (1, 0)
    assert await house.credits() == (1, 0)  # what was taken stays without the role
    with pytest.raises(OutOfCredits):
        await house.imagine(asker=BERT_ASKS)
    [offer], _, _ = await house.service.gifts.open(ADMIN_ASKS, GUILD)
    assert (offer.role, offer.amount, offer.taken) == (ROLE, 2, 1)
    assert "taken by 1" in said.gifts([offer], [], 0)
    await house.service.gifts.end(ADMIN_ASKS, GUILD, offer=offer.id)
    assert await house.credits(Asker(BERT, roles=frozenset({ROLE}))) == (0, 0)
    assert await house.credits(PATRON) == (1, 0)


async def test_an_offer_to_everybody_is_taken_by_everybody(house: House) -> None:
    gifts = house.service.gifts
    await gifts.offer(ADMIN_ASKS, GUILD, GUILD, 3, "")  # the id of @everyone
    await gifts.offer(ADMIN_ASKS, GUILD + 1, GUILD + 1, 9, "")
    assert (await gifts.open(ADMIN_ASKS, GUILD))[2] == 0  # nor is the pool anybody
    for asker in (ANNA_ASKS, PATRON):
        assert await house.credits(asker) == (3, 0)
    await house.draw()
    await house.draw(asker=BERT_ASKS)
    assert await house.credits() == (2, 0)
    assert await house.credits(BERT_ASKS) == (2, 0)
    offers, _, _ = await gifts.open(ADMIN_ASKS, GUILD)
    assert "Offer 1: 3 grids to everybody, taken by 2" in said.gifts(offers, [], 0)
    [change, *_] = await house.service.quotas.changes(ADMIN_ASKS, GUILD)
    assert said.deed(change.deed, change.detail) == "everybody: +3 for each"


@pytest.mark.parametrize("forgotten", [ANNA, ADMIN_ASKS.user])
async def test_the_reason_of_an_offer_goes_with_who_wrote_or_took_it(
    house: House, forgotten: int
) -> None:
    quotas, accounts = house.service.quotas, house.service.accounts
    await house.service.gifts.offer(ADMIN_ASKS, GUILD, ROLE, 2, "for Anna Smith")
    await house.draw(asker=PATRON)
    statement = holdings.statement(await accounts.statement(ANNA_ASKS, GUILD))
    assert "**+2** granted (for Anna Smith)" in statement
    assert b"for Anna Smith" in await quotas.export(ADMIN_ASKS, GUILD)
    await house.parts.erasures.begin(Erasure("user", forgotten, house.clock()))
    told = [
        holdings.explained(await accounts.holdings(GUILD, ANNA, PATRON.roles)),
        holdings.statement(await accounts.statement(ANNA_ASKS, GUILD)),
        (await quotas.export(ADMIN_ASKS, GUILD)).decode(),
    ]
    assert "Smith" not in str(told)
    assert "+1 granted." in told[0]
    assert told[1].endswith("**+2** granted")


async def test_words_of_an_offer_that_was_taken_in_an_earlier_version_go_too(house: House) -> None:
    await house.service.gifts.offer(ADMIN_ASKS, GUILD, ROLE, 2, "")
    await house.draw(asker=PATRON)
    bucket = "SELECT id FROM buckets WHERE kind = 'lasting'"
    said = f"INSERT INTO ledger SELECT 99, ({bucket}), 'grant', 1, NULL, {ANNA}, 'for Anna', 1"
    await house.database.transaction(lambda c: c.execute(said))
    await house.parts.erasures.begin(Erasure("user", ADMIN_ASKS.user, house.clock()))
    assert b"for Anna" not in await house.service.quotas.export(ADMIN_ASKS, GUILD)


async def test_an_offer_of_somebody_who_was_forgotten_has_a_word_still(house: House) -> None:
    await house.service.gifts.offer(ADMIN_ASKS, GUILD, ROLE, 2, "for Anna Smith")
    await house.parts.erasures.begin(Erasure("user", ADMIN_ASKS.user, house.clock()))
    due = await house.service.accounts.holdings(GUILD, ANNA, PATRON.roles)
    assert "+2 granted." in holdings.explained(due)
    await house.draw(asker=PATRON)
    statement = await house.service.accounts.statement(ANNA_ASKS, GUILD)
    assert holdings.statement(statement).endswith("**+2** granted")


async def test_what_is_due_can_be_taken_back(house: House) -> None:
    gifts, plans = house.service.gifts, house.service.plans
    await plans.save(ADMIN_ASKS, GUILD, "Trial", QuotaSetting(welcome=25))
    await plans.give(ADMIN_ASKS, GUILD, Whom(), "Trial")
    await gifts.offer(ADMIN_ASKS, GUILD, ROLE, 3, "")
    # Neither is the pool's, which nobody begins to use by that.
    assert await gifts.pool(ADMIN_ASKS, GUILD, -9, "") == (0, 0)
    back = await gifts.grant(ADMIN_ASKS, GUILD, ANNA, -30, "", roles=PATRON.roles)
    assert back == -28
    assert await house.credits(PATRON) == (0, 0)
    with pytest.raises(OutOfCredits):
        await house.imagine(asker=PATRON)
    assert await gifts.grant(ADMIN_ASKS, GUILD, BERT, -5, "") == -5
    assert await house.credits(BERT_ASKS) == (20, 0)


async def test_the_pool_pays_when_own_credits_are_out(house: House) -> None:
    gifts = house.service.gifts
    await gifts.grant(ADMIN_ASKS, GUILD, ANNA, 1, "")
    assert await gifts.pool(ADMIN_ASKS, GUILD, 2, "party") == (2, 2)
    assert await house.credits() == (3, 0)
    await house.draw()
    assert await house.credits(BERT_ASKS) == (2, 0)  # Anna's own was used
    await house.draw()
    assert await house.credits(BERT_ASKS) == (1, 0)
    statement = holdings.statement(await house.service.accounts.statement(ANNA_ASKS, GUILD))
    assert "**-1** from the pool spent on job" in statement
    house.executor.automatic = False
    job = await house.imagine(asker=BERT_ASKS)
    assert await house.credits() == (0, 0)
    with pytest.raises(OutOfCredits):
        await house.imagine()
    await house.service.drawing.cancel(BERT_ASKS, HERE, job.id)
    assert await house.credits() == (1, 0)  # what a cancelled job held is the pool's again
    await house.service.plans.save(ADMIN_ASKS, GUILD, "Own", QuotaSetting(pool=False))
    await house.service.plans.give(ADMIN_ASKS, GUILD, Whom(user=BERT), "Own")
    with pytest.raises(OutOfCredits):
        await house.imagine(asker=BERT_ASKS)
    assert await gifts.pool(ADMIN_ASKS, GUILD, -9, "") == (-1, 0)


async def test_a_pool_is_never_overdrawn_by_many_at_once(house: House) -> None:
    house.executor.automatic = False
    await house.service.gifts.pool(ADMIN_ASKS, GUILD, 5, "")

    async def drawn(user: int) -> bool:
        try:
            await house.imagine(asker=Asker(user))
        except OutOfCredits:
            return False
        return True

    assert sum(await asyncio.gather(*(drawn(user) for user in range(1000, 1020)))) == 5


async def test_a_code_gives_its_credits_to_so_many_people_once_each(house: House) -> None:
    gifts = house.service.gifts
    _, code = await gifts.make_code(ADMIN_ASKS, GUILD, Terms(4, uses=2, days=10, note="fair"))
    stored = await house.database.read(
        lambda c: str([tuple(row) for row in c.execute("SELECT * FROM codes").fetchall()])
    )
    assert code.replace("-", "") not in stored
    typed = f" {code.lower().replace('-', ' ')} "
    assert (await gifts.redeem(ANNA_ASKS, GUILD, typed)).amount == 4
    with pytest.raises(UserError, match="used this code before"):
        await gifts.redeem(ANNA_ASKS, GUILD, code)
    await gifts.redeem(BERT_ASKS, GUILD, code)
    with pytest.raises(UserError, match="used up"):
        await gifts.redeem(Asker(77), GUILD, code)
    assert await house.credits() == (4, 0)
    house.clock.now += 10 * DAY_S
    assert await house.credits() == (0, 0)
    with pytest.raises(NotAllowed, match="belongs to a server"):
        await gifts.redeem(ANNA_ASKS, 0, code)


async def test_many_at_once_cannot_use_a_code_twice(house: House) -> None:
    gifts = house.service.gifts
    _, code = await gifts.make_code(ADMIN_ASKS, GUILD, Terms(4, uses=3))

    async def redeemed(user: int) -> int:
        try:
            return (await gifts.redeem(Asker(user), GUILD, code)).amount
        except UserError:
            return 0

    people = [*range(1000, 1010), *range(1000, 1010)]
    assert sum(await asyncio.gather(*map(redeemed, people))) == 12


async def test_a_code_ends_by_date_or_by_an_admin(house: House) -> None:
    gifts = house.service.gifts
    _, early = await gifts.make_code(ADMIN_ASKS, GUILD, Terms(1), ends_in_days=3)
    _, ended = await gifts.make_code(ADMIN_ASKS, GUILD, Terms(1))
    _, codes, _ = await gifts.open(ADMIN_ASKS, GUILD)
    assert [code.id for code in codes] == [1, 2]
    await gifts.end(ADMIN_ASKS, GUILD, code=2)
    with pytest.raises(NotFound):
        await gifts.end(ADMIN_ASKS, GUILD, code=2)
    with pytest.raises(NotFound):
        await gifts.end(ADMIN_ASKS, GUILD + 1, code=1)
    house.clock.now += 3 * DAY_S
    for code in (early, ended):
        with pytest.raises(UserError, match="no gift code"):
            await gifts.redeem(ANNA_ASKS, GUILD, code)


async def test_a_code_and_an_offer_end_together_or_not_at_all(house: House) -> None:
    gifts = house.service.gifts
    await gifts.make_code(ADMIN_ASKS, GUILD, Terms(1))
    await gifts.offer(ADMIN_ASKS, GUILD, ROLE, 2, "")
    before = await gifts.open(ADMIN_ASKS, GUILD), await house.parts.audit.newest(GUILD)
    for code, offer, words in ((1, 99, "no such offer"), (99, 1, "no such code")):
        with pytest.raises(NotFound, match=words):
            await gifts.end(ADMIN_ASKS, GUILD, code=code, offer=offer)
    assert before == (await gifts.open(ADMIN_ASKS, GUILD), await house.parts.audit.newest(GUILD))
    await gifts.end(ADMIN_ASKS, GUILD, code=1, offer=1)
    assert await gifts.open(ADMIN_ASKS, GUILD) == ([], [], 0)


async def test_guessing_is_slowed_also_over_a_restart(house: House) -> None:
    _, code = await house.service.gifts.make_code(ADMIN_ASKS, GUILD, Terms(1, uses=9))
    for guess in range(5):
        with pytest.raises(UserError, match="no gift code"):
            await house.service.gifts.redeem(ANNA_ASKS, GUILD, f"guess {guess}")
    await house.restart()
    with pytest.raises(UserError, match=r"too many wrong codes; try again <t:\d+:R>"):
        await house.service.gifts.redeem(ANNA_ASKS, GUILD, code)  # not even the right one
    await house.service.gifts.redeem(BERT_ASKS, GUILD, code)  # others are not slowed
    house.clock.now += HOUR_S
    await house.service.gifts.redeem(ANNA_ASKS, GUILD, code)
    assert await house.credits() == (1, 0)


async def test_nobody_guesses_on_by_being_forgotten(house: House) -> None:
    for n in range(5):
        with pytest.raises(UserError, match="no gift code"):
            await house.service.gifts.redeem(ANNA_ASKS, GUILD, f"WRONG{n}")
    await house.service.privacy.erasing.forget(ANNA_ASKS)
    with pytest.raises(UserError, match="too many wrong codes"):
        await house.service.gifts.redeem(ANNA_ASKS, GUILD, "WRONG")
    house.clock.now += HOUR_S
    await house.service.gifts.housekeeping()
    tries = "SELECT COUNT(*) FROM code_tries"
    assert (await house.database.read(lambda c: c.execute(tries).fetchone()))[0] == 0


async def test_only_admins_give_and_only_what_makes_sense(house: House) -> None:
    gifts = house.service.gifts
    before = await house.parts.audit.newest(GUILD)
    for ask, error, words in (
        (gifts.offer(BERT_ASKS, GUILD, ROLE, 1, ""), NotAllowed, "Manage Server"),
        (gifts.pool(BERT_ASKS, GUILD, 1, ""), NotAllowed, "Manage Server"),
        (gifts.open(BERT_ASKS, GUILD), NotAllowed, "Manage Server"),
        (gifts.end(BERT_ASKS, GUILD, offer=1), NotAllowed, "Manage Server"),
        (gifts.make_code(BERT_ASKS, GUILD, Terms(1)), NotAllowed, "Manage Server"),
        (gifts.end(BERT_ASKS, GUILD, code=1), NotAllowed, "Manage Server"),
        (gifts.offer(ADMIN_ASKS, GUILD, ROLE, -1, ""), UserError, "one by one"),
        (gifts.offer(ADMIN_ASKS, GUILD, ROLE, 0, ""), UserError, "changes nothing"),
        (gifts.grant(ADMIN_ASKS, GUILD, ANNA, 9**9, ""), UserError, "At most"),
        (gifts.grant(ADMIN_ASKS, GUILD, ANNA, 1, "", days=0), UserError, "1 to 3,650 days"),
        (gifts.grant(ADMIN_ASKS, GUILD, ANNA, -1, "", days=3), UserError, "1 to 3,650 days"),
        (gifts.make_code(ADMIN_ASKS, GUILD, Terms(1, uses=0)), UserError, "at most"),
        (gifts.end(ADMIN_ASKS, GUILD, offer=1), NotFound, "no such offer"),
    ):
        with pytest.raises(error, match=words):
            await ask
    assert await house.parts.audit.newest(GUILD) == before


async def test_what_admins_gave_is_in_the_log(house: House) -> None:
    gifts = house.service.gifts
    await gifts.offer(ADMIN_ASKS, GUILD, ROLE, 2, "patrons")
    await gifts.pool(ADMIN_ASKS, GUILD, 9, "")
    await gifts.make_code(ADMIN_ASKS, GUILD, Terms(4, uses=2, note="fair"))
    changes = await house.service.quotas.changes(ADMIN_ASKS, GUILD)
    assert [said.deed(one.deed, one.detail) for one in changes[:3]] == [
        "Code 1: +4 for 2 (fair)", "Pool: +9 (pool)", "<@&500>: +2 for each (patrons)",
    ]  # fmt: skip


async def test_the_export_has_every_entry_and_no_formula(house: House) -> None:
    await house.service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, 5, '=HYPERLINK("x")')
    await house.draw()
    lines = (await house.service.quotas.export(ADMIN_ASKS, GUILD)).decode().splitlines()
    assert lines[0].startswith("entry,at,server,user,kind,amount,source,bucket,job,actor,reason")
    assert [line.split(",")[4:6] for line in lines[1:]] == [
        ["grant", "5"], ["hold", "-1"], ["capture", "0"],
    ]  # fmt: skip
    assert "'=HYPERLINK" in lines[1]
    with pytest.raises(NotFound):
        await house.service.quotas.export(ADMIN_ASKS, GUILD, BERT)


async def test_the_export_of_a_member_has_what_the_pool_paid_for_them(house: House) -> None:
    await house.service.gifts.pool(ADMIN_ASKS, GUILD, 5, "")
    await house.draw(asker=BERT_ASKS)
    job = await house.draw()
    lines = (await house.service.quotas.export(ADMIN_ASKS, GUILD, ANNA)).decode().splitlines()
    assert [line.split(",")[3:6] for line in lines[1:]] == [
        ["0", "hold", "-1"], ["0", "capture", "0"],
    ]  # fmt: skip
    assert all(job.id in line for line in lines[1:])
    with pytest.raises(NotFound):  # what an admin put into it is nobody's
        await house.service.quotas.export(ADMIN_ASKS, GUILD, ADMIN_ASKS.user)
