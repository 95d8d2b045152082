"""The world's state: permissions, ids and finding things."""

from __future__ import annotations

import time

import pytest

from bot.sandbox.world import permissions
from bot.sandbox.world.bus import Bus
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.snowflake import Snowflakes, seconds
from bot.sandbox.world.world import World


@pytest.fixture
def world() -> World:
    return World(time.time, Bus())


def test_ids_grow_and_carry_the_time() -> None:
    ids = Snowflakes(lambda: 1_700_000_000.5)
    first, second = ids.next(), ids.next()
    assert int(second) == int(first) + 1
    assert seconds(first) == 1_700_000_000.5


def test_permissions_are_roles_then_overwrites(world: World) -> None:
    mia, noah = world.find_user("Mia").id, world.find_user("Noah").id
    imagine = world.find_channel("imagine")
    assert world.rights.may(mia, imagine) == permissions.MEMBER
    world.deny("imagine", "@everyone", "SEND_MESSAGES")
    world.allow("imagine", "Patron", "SEND_MESSAGES")
    assert not world.rights.may(mia, imagine) & permissions.SEND_MESSAGES
    assert world.rights.may(noah, imagine) & permissions.SEND_MESSAGES
    world.deny("imagine", "Noah", "SEND_MESSAGES")
    assert not world.rights.may(noah, imagine) & permissions.SEND_MESSAGES
    world.deny("imagine", "@everyone", "VIEW_CHANNEL")
    assert world.rights.may(mia, imagine) == 0
    assert world.rights.may(world.find_user("Ada").id, imagine) == permissions.ALL
    assert world.rights.may(BOT_ID, imagine) == 0
    assert world.rights.may("1", imagine) == 0


def test_somebody_may_be_on_two_servers(world: World) -> None:
    annex = world.add_guild("Annex")
    place = world.find_channel("annex")
    assert not world.rights.may(world.find_user("Mia").id, place)
    world.join("Mia", annex)
    assert world.rights.may(world.find_user("Mia").id, place) & permissions.VIEW_CHANNEL
    assert world.dm_of(world.find_user("Mia").id)


def test_people_roles_and_channels_can_be_added(world: World) -> None:
    world.add_role("Beta", permissions.MANAGE_MESSAGES)
    zoe = world.add_user("Zoe", roles=["Beta"])
    assert world.rights.may(zoe.id, world.find_channel("lobby")) & permissions.MANAGE_MESSAGES
    world.take_role("Zoe", "Beta")
    assert not world.rights.may(zoe.id, world.find_channel("lobby")) & permissions.MANAGE_MESSAGES
    channel = world.add_channel("ideas")
    assert world.find_channel("#ideas") is channel
    assert world.find_channel({"id": channel.id}) is channel
    world.remove_channel("ideas")
    with pytest.raises(KeyError, match="no channel 'ideas'"):
        world.find_channel("ideas")
    with pytest.raises(KeyError, match="there are Ada, Easel, Mia, Noah, Zoe"):
        world.find_user("Bob")
    with pytest.raises(KeyError, match="no role"):
        world.find_role("King")


def test_the_first_inhabitants_keep_their_ids(world: World) -> None:
    other = World(time.time, Bus())
    assert list(other.users) == list(world.users)
    assert list(other.channels) == list(world.channels)
    assert other.dm_of(other.find_user("Mia").id).id == world.dm_of(world.find_user("Mia").id).id
