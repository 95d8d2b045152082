"""Who sees what, and what the bot is told of its own rights."""

from __future__ import annotations

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.world import permissions
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.permissions import (
    ATTACH_FILES,
    DIRECT_MESSAGE,
    EMBED_LINKS,
    IN_ANSWERS,
    MEMBER,
    SEND_MESSAGES,
    USE_EXTERNAL_EMOJIS,
)


def test_the_bot_meets_people_in_the_guilds_it_is_in(closed: Sandbox) -> None:
    world = closed.world
    elsewhere = world.add_guild("Elsewhere", members=("Mia",), bot=False)
    zoe = world.add_user("Zoe", guild=elsewhere)
    rights = world.rights
    assert rights.has_bot(world.guild.id)
    assert rights.has_bot(None)
    assert not rights.has_bot(elsewhere.id)
    assert not rights.has_bot("1")
    assert rights.shares_guild(world.find_user("Mia").id)
    assert not rights.shares_guild(zoe.id)


def test_a_direct_message_is_between_two(closed: Sandbox) -> None:
    world = closed.world
    mia, noah = world.find_user("Mia").id, world.find_user("Noah").id
    direct = world.dm_of(mia)
    assert world.rights.may(mia, direct) == world.rights.may(BOT_ID, direct) == DIRECT_MESSAGE
    assert world.rights.may(noah, direct) == 0


def test_a_thread_has_its_parents_overwrites(closed: Sandbox) -> None:
    world = closed.world
    mia = world.find_user("Mia").id
    thread = world.threads.add("imagine", "foxes")
    assert world.rights.may(mia, thread) == MEMBER
    world.deny("imagine", "Mia", "ATTACH_FILES")
    assert world.rights.may(mia, thread) == MEMBER & ~ATTACH_FILES
    world.deny("imagine", "Mia", "VIEW_CHANNEL")
    assert world.rights.may(mia, thread) == 0


def test_what_roles_give_is_more_than_what_may_be_done_in_a_private_thread(
    closed: Sandbox,
) -> None:
    world = closed.world
    secret = world.threads.add("imagine", "secret", private=True, members=("Mia",))
    noah = world.find_user("Noah").id
    rights = world.rights
    assert (rights.may(noah, secret), rights.granted(noah, secret)) == (0, MEMBER)
    assert (rights.may(BOT_ID, secret), rights.app_permissions(secret)) == (0, MEMBER)
    assert rights.may(world.find_user("Mia").id, secret) == MEMBER
    assert rights.may(world.find_user("Ada").id, secret) == permissions.ALL


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ATTACH_FILES | EMBED_LINKS | USE_EXTERNAL_EMOJIS),
        ({"deny": "ATTACH_FILES"}, EMBED_LINKS | USE_EXTERNAL_EMOJIS),
        ({"allow": "MENTION_EVERYONE"}, IN_ANSWERS),
        ({"allow": "MANAGE_MESSAGES"}, ATTACH_FILES | EMBED_LINKS | USE_EXTERNAL_EMOJIS),
    ],
)
def test_where_the_bot_is_not_it_is_told_what_everybody_may_answer_with(
    closed: Sandbox, change: dict[str, str], told: int
) -> None:
    world = closed.world
    guild = world.add_guild("Elsewhere", bot=False)
    for way, name in change.items():
        getattr(world, way)("elsewhere", guild.id, name)
    assert world.rights.app_permissions(world.find_channel("elsewhere")) == told


def test_where_the_bot_is_it_is_told_its_own_rights(closed: Sandbox) -> None:
    world = closed.world
    imagine = world.find_channel("imagine")
    assert world.rights.app_permissions(imagine) == MEMBER
    world.deny_bot("imagine", "SEND_MESSAGES")
    assert world.rights.app_permissions(imagine) == MEMBER & ~SEND_MESSAGES
    assert world.rights.app_permissions(world.dm_of(world.find_user("Mia").id)) == IN_ANSWERS


def test_a_private_answer_is_seen_by_one_even_where_nobody_sees_the_channel(
    closed: Sandbox,
) -> None:
    world = closed.world
    mia, noah = world.find_user("Mia").id, world.find_user("Noah").id
    imagine = world.find_channel("imagine")
    public = closed.messages.write(imagine, world.bot, {"content": "x"})
    private = closed.messages.write(imagine, world.bot, {"content": "x"})
    private.audience = mia
    sees = world.rights.sees
    assert [sees(mia, public), sees(noah, public)] == [True, True]
    assert [sees(mia, private), sees(noah, private)] == [True, False]
    world.deny("imagine", "@everyone", "VIEW_CHANNEL")
    assert [sees(mia, public), sees(mia, private)] == [False, True]
    world.remove_channel("imagine")
    assert not sees(world.find_user("Ada").id, public)


def test_a_denied_permission_can_be_given_back_and_taken_again(closed: Sandbox) -> None:
    world = closed.world
    mia, imagine = world.find_user("Mia").id, world.find_channel("imagine")
    for way, may in ((world.deny, 0), (world.allow, ATTACH_FILES), (world.deny, 0)):
        way("imagine", "Mia", "ATTACH_FILES")
        assert world.rights.may(mia, imagine) & ATTACH_FILES == may
    (overwrite,) = imagine.overwrites.values()
    assert overwrite.json() == {
        "id": mia,
        "type": 1,
        "allow": "0",
        "deny": str(ATTACH_FILES),
    }
