"""What a server's admins choose in its first hour, and who may."""

from __future__ import annotations

import pytest

from bot.domain.erasure import Erasure
from bot.domain.errors import NotAllowed, NotFound
from bot.domain.moderation import PlaceKind
from bot.domain.presets import PRESETS
from bot.domain.quota import QuotaSetting
from bot.service.first_hour import Choices
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, MODERATOR_ASKS, House
from tests.kit.values import GUILD

NOTHING = Choices("", (), frozenset())


async def deeds(house: House) -> list[str]:
    return [each.deed for each in await house.parts.audit.newest(GUILD)][::-1]


async def test_only_admins_choose(house: House) -> None:
    first_hour = house.service.first_hour
    for asker in (ANNA_ASKS, MODERATOR_ASKS):
        for work in (
            first_hour.show(asker, GUILD),
            first_hour.choose_preset(asker, GUILD, "open"),
            first_hour.choose_channels(asker, GUILD, [5], []),
            first_hour.choose_channels(asker, GUILD, [], [5]),
        ):
            with pytest.raises(NotAllowed, match="Manage Server"):
                await work
    assert await first_hour.choices(GUILD) == NOTHING
    assert await deeds(house) == []


@pytest.mark.parametrize("key", PRESETS)
async def test_each_preset_is_known_again(house: House, key: str) -> None:
    first_hour = house.service.first_hour
    await first_hour.choose_preset(ADMIN_ASKS, GUILD, "closed" if key != "closed" else "open")
    found = await first_hour.choose_preset(ADMIN_ASKS, GUILD, key)
    assert found.preset == key
    assert set(PRESETS[key].plans) <= set(found.plans)
    assert await first_hour.show(ADMIN_ASKS, GUILD) == found
    assert await first_hour.choices(GUILD + 1) == NOTHING


async def test_a_preset_that_was_changed_is_none_any_more(house: House) -> None:
    first_hour, plans = house.service.first_hour, house.service.plans
    await first_hour.choose_preset(ADMIN_ASKS, GUILD, "open")
    await plans.save(ADMIN_ASKS, GUILD, "Everybody", QuotaSetting(running=1))
    assert await first_hour.choices(GUILD) == Choices("", ("Everybody",), frozenset())
    with pytest.raises(NotFound, match="no such preset"):
        await first_hour.choose_preset(ADMIN_ASKS, GUILD, "gold")


async def test_channels_are_just_those_that_were_chosen(house: House) -> None:
    first_hour, moderation = house.service.first_hour, house.service.moderation
    await moderation.restrict(ADMIN_ASKS, GUILD, PlaceKind.CHANNEL, [1, 2], [])
    await moderation.restrict(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [7], [])
    found = await first_hour.choose_channels(ADMIN_ASKS, GUILD, [3], [1])
    assert found.channels == {2, 3}
    assert (await first_hour.choose_channels(ADMIN_ASKS, GUILD, [3, 2], [1])).channels == {2, 3}
    assert (await first_hour.choose_channels(ADMIN_ASKS, GUILD, [], [2, 3])).channels == set()
    assert (await house.parts.moderation.rules(GUILD)).roles == {7}
    assert await deeds(house) == ["places"] * 4


async def test_a_hello_is_due_to_whom_the_bot_comes(house: House) -> None:
    first_hour = house.service.first_hour
    assert not await first_hour.there(GUILD)  # not looked yet
    await first_hour.reconcile({GUILD})
    assert await first_hour.due() == []
    assert await first_hour.there(GUILD + 1)
    await first_hour.came(GUILD + 2)
    found = await first_hour.due()
    assert [each.guild for each in found] == [GUILD + 1, GUILD + 2]
    for each in found:
        await first_hour.said(each)
    await first_hour.left(GUILD + 1)
    await first_hour.there(GUILD + 1)
    assert [each.guild for each in await first_hour.due()] == [GUILD + 1]


async def test_nothing_of_it_is_kept_of_a_server_that_is_forgotten(house: House) -> None:
    await house.service.first_hour.came(GUILD)
    await house.parts.erasures.begin(Erasure("server", GUILD, house.clock()))
    assert await house.service.first_hour.due() == []
