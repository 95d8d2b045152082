"""What admins may set, give and see."""

from __future__ import annotations

import pytest

from bot.domain.errors import (
    NotAllowed,
    OutOfCredits,
    UserError,
)
from bot.domain.overview import Spender
from bot.domain.people import Asker
from bot.domain.period import Period
from bot.domain.quota import Quota, QuotaSetting
from bot.service.quotas import Whom
from tests.kit.app import (
    ADMIN_ASKS,
    BERT_ASKS,
    MODERATOR_ASKS,
    House,
)
from tests.kit.values import ANNA, BERT, GUILD

ROLE = 500


async def test_only_admins_of_a_server(house: House) -> None:
    service = house.service
    for asker, guild, words in (
        (BERT_ASKS, GUILD, "Manage Server"),
        (MODERATOR_ASKS, GUILD, "Manage Server"),
        (ADMIN_ASKS, 0, "belong to a server"),
    ):
        for ask in (
            service.quotas.set(asker, guild, Whom(user=ANNA), QuotaSetting(9, Period.DAY)),
            service.quotas.clear(asker, guild, Whom(user=ANNA)),
            service.gifts.grant(asker, guild, ANNA, 5, ""),
            service.quotas.refill(asker, guild, Whom(user=ANNA), frozenset()),
            service.quotas.settings(asker, guild),
            service.quotas.holdings_of(asker, guild, ANNA, frozenset()),
            service.quotas.export(asker, guild),
            service.quotas.usage(asker, guild, 7),
            service.quotas.changes(asker, guild),
        ):
            with pytest.raises(NotAllowed, match=words):
                await ask
    assert await house.parts.audit.newest(GUILD) == []
    assert await house.credits() == (25, 0)


async def test_quotas_of_server_role_and_user(house: House) -> None:
    service = house.service
    member = Asker(ANNA, roles=frozenset({ROLE}))
    await service.quotas.set(ADMIN_ASKS, GUILD, Whom(), QuotaSetting(credits=5))
    assert await house.credits() == (5, 0)
    await service.quotas.set(ADMIN_ASKS, GUILD, Whom(role=ROLE), QuotaSetting(credits=8, running=1))
    assert await house.credits(member) == (8, 0)
    assert await service.accounts.quota_of(GUILD, ANNA, member.roles) == Quota(8, Period.DAY, 1, 10)
    await service.quotas.set(ADMIN_ASKS, GUILD, Whom(user=ANNA), QuotaSetting(credits=2))
    assert await service.accounts.quota_of(GUILD, ANNA, member.roles) == Quota(2, Period.DAY, 1, 10)
    assert await service.accounts.quota_of(GUILD + 1, ANNA, member.roles) == Quota()
    assert await service.quotas.clear(ADMIN_ASKS, GUILD, Whom(user=ANNA))
    view = await service.quotas.settings(ADMIN_ASKS, GUILD)
    assert view.fallback == Quota()
    assert view.book.settings == {
        ("role", ROLE): QuotaSetting(8, Period.DAY, 1),
        ("server", GUILD): QuotaSetting(5, Period.DAY),
    }


async def test_grant_refill_show_usage_and_their_trail(house: House) -> None:
    service = house.service
    await house.draw()
    await house.draw(asker=BERT_ASKS)
    await house.draw(asker=BERT_ASKS)
    assert await service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, 3, "prize") == 3
    assert await house.credits() == (27, 0)
    refilled, _ = await service.quotas.refill(ADMIN_ASKS, GUILD, Whom(user=ANNA), frozenset())
    assert refilled.spendable == 28
    holdings = await service.quotas.holdings_of(ADMIN_ASKS, GUILD, BERT, frozenset())
    assert (holdings.balance.allowance_left, holdings.decision.quota.credits) == (23, 25)
    assert await service.quotas.usage(ADMIN_ASKS, GUILD, 1) == [Spender(BERT, 2), Spender(ANNA, 1)]
    assert await service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, -100, "") == -3
    changes = await service.quotas.changes(ADMIN_ASKS, GUILD)
    assert [one.deed for one in changes] == ["quota grant", "quota reset credits", "quota grant"]
    assert await service.quotas.changes(ADMIN_ASKS, GUILD + 1) == []
    trail = await house.parts.audit.newest(GUILD)
    assert [one.deed for one in reversed(trail)] == [
        "quota grant", "quota reset credits", "quota show", "quota usage", "quota grant",
        "quota log",
    ]  # fmt: skip
    assert {one.actor for one in trail} == {ADMIN_ASKS.user}


async def test_a_better_role_gained_today_grants_the_difference(house: House) -> None:
    await house.service.quotas.set(ADMIN_ASKS, GUILD, Whom(role=GUILD), QuotaSetting(credits=2))
    await house.service.quotas.set(ADMIN_ASKS, GUILD, Whom(role=ROLE), QuotaSetting(credits=3))
    await house.draw()
    await house.draw()
    with pytest.raises(OutOfCredits):
        await house.imagine()
    promoted = Asker(ANNA, roles=frozenset({ROLE}))
    await house.draw(asker=promoted)
    with pytest.raises(OutOfCredits):
        await house.imagine(asker=promoted)


async def test_an_admin_is_told_what_is_missing_and_nothing_is_written(house: House) -> None:
    quotas, both, nine = house.service.quotas, Whom(ROLE, ANNA), QuotaSetting(9)
    for ask, words in (
        (quotas.set(ADMIN_ASKS, GUILD, Whom(), QuotaSetting()), "at least one of"),
        (quotas.set(ADMIN_ASKS, GUILD, Whom(), QuotaSetting(None, Period.DAY)), "needs `credits`"),
        (quotas.set(ADMIN_ASKS, GUILD, both, nine), "not both"),
        (quotas.clear(ADMIN_ASKS, GUILD, both), "not both"),
        (house.service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, 0, ""), "changes nothing"),
        (quotas.refill(ADMIN_ASKS, GUILD, Whom(), frozenset()), "give `user`"),
        (quotas.refill(ADMIN_ASKS, GUILD, Whom(role=ROLE), frozenset()), "give `user`"),
    ):
        with pytest.raises(UserError, match=words):
            await ask
    assert await house.parts.audit.newest(GUILD) == []
    assert (await quotas.settings(ADMIN_ASKS, GUILD)).book.settings == {}
