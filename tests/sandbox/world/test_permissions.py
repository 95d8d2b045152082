"""Permissions in the order of Discord's documentation: roles, @everyone, roles' overwrites, own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.sandbox.world import permissions
from bot.sandbox.world.channel import DIRECT, PRIVATE_THREAD, TEXT, THREAD, Channel, Overwrite
from bot.sandbox.world.guild import Guild, Member, Role, User
from bot.sandbox.world.permissions import (
    ADMINISTRATOR,
    ALL,
    ATTACH_FILES,
    EMBED_LINKS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
)

GUILD, OWNER, MIA, RED, BLUE, BOSS = "100", "1", "2", "11", "12", "13"
BASE = VIEW_CHANNEL | SEND_MESSAGES


@dataclass(frozen=True)
class Case:
    """Mia's roles and the overwrites of a channel, as allow and deny by subject."""

    title: str
    may: int
    roles: tuple[str, ...] = ()
    overwrites: dict[str, tuple[int, int]] = field(default_factory=dict)
    base: int = BASE


def guild_with(base: int, roles: tuple[str, ...]) -> Guild:
    guild = Guild(GUILD, "Studio", OWNER)
    granted = {GUILD: base, RED: ATTACH_FILES, BLUE: EMBED_LINKS, BOSS: ADMINISTRATOR}
    for position, (role_id, bits) in enumerate(granted.items()):
        guild.roles[role_id] = Role(role_id, f"role {role_id}", bits, position)
    for user_id, held in ((OWNER, ()), (MIA, roles)):
        user = User(user_id, f"user{user_id}", f"User {user_id}")
        guild.members[user_id] = Member(user, list(held), "")
    return guild


def channel_with(overwrites: dict[str, tuple[int, int]]) -> Channel:
    made = Channel("200", TEXT, "imagine", GUILD)
    for subject, (allow, deny) in overwrites.items():
        made.overwrites[subject] = Overwrite(subject, int(subject == MIA), allow, deny)
    return made


A, E, S, V = ATTACH_FILES, EMBED_LINKS, SEND_MESSAGES, VIEW_CHANNEL


@pytest.mark.parametrize(
    "case",
    [
        Case("nothing but @everyone", BASE),
        Case("a role adds", BASE | A, (RED,)),
        Case("two roles add", BASE | A | E, (RED, BLUE)),
        Case("@everyone is denied here", V, (), {GUILD: (0, S)}),
        Case("@everyone is allowed here", BASE | E, (), {GUILD: (E, 0)}),
        Case(
            "what @everyone is denied, a role has back",
            BASE | A,
            (RED,),
            {GUILD: (0, S), RED: (S, 0)},
        ),
        Case("a denied role loses its own", BASE, (RED,), {RED: (0, A)}),
        Case("the role of another matters not", BASE | A, (RED,), {BLUE: (E, S)}),
        Case(
            "one role's allow beats another's deny",
            BASE | A | E,
            (RED, BLUE),
            {RED: (0, S), BLUE: (S, 0)},
        ),
        Case(
            "in whichever order they are held",
            BASE | A | E,
            (BLUE, RED),
            {RED: (0, S), BLUE: (S, 0)},
        ),
        Case("the member's deny beats a role's allow", V | A, (RED,), {RED: (S, 0), MIA: (0, S)}),
        Case(
            "the member's allow beats a role's deny", BASE | A, (RED,), {RED: (0, S), MIA: (S, 0)}
        ),
        Case("the member's allow beats @everyone's deny", BASE, (), {GUILD: (0, S), MIA: (S, 0)}),
        Case("allow beats deny within one overwrite", BASE | E, (), {MIA: (E, E)}),
        Case("who sees nothing may nothing", 0, (RED,), {GUILD: (E, V)}),
        Case("unless a role sees", BASE | A, (RED,), {GUILD: (0, V), RED: (V, 0)}),
        Case("or the member does", BASE, (), {GUILD: (0, V), MIA: (V, 0)}),
        Case("an administrator may everything", ALL, (BOSS,)),
        Case(
            "whatever the channel says", ALL, (BOSS,), {GUILD: (0, V), BOSS: (0, S), MIA: (0, ALL)}
        ),
        Case("a guild where everybody is one", ALL, (), {MIA: (0, S)}, base=ADMINISTRATOR),
        Case("a guild that grants nothing", 0, (), {}, base=0),
        Case("where a channel's allow is of no use to members", 0, (), {GUILD: (V, 0)}, base=0),
        Case(
            "allowed to be an administrator here means nothing",
            BASE | ADMINISTRATOR,
            (),
            {MIA: (ADMINISTRATOR, 0)},
        ),
    ],
    ids=lambda case: case.title,
)
def test_what_a_member_may_in_a_channel(case: Case) -> None:
    guild = guild_with(case.base, case.roles)
    assert permissions.in_channel(guild, channel_with(case.overwrites), MIA) == case.may


def test_the_owner_may_everything_and_a_stranger_nothing() -> None:
    guild, channel = guild_with(BASE, ()), channel_with({GUILD: (0, V), OWNER: (0, ALL)})
    assert permissions.in_channel(guild, channel, OWNER) == ALL
    assert permissions.in_channel(guild, channel_with({"9": (ALL, 0)}), "9") == 0
    assert permissions.in_guild(guild, "9") == 0


@pytest.mark.parametrize(
    ("base", "overwrites", "may"),
    [
        (BASE, {}, BASE),
        (BASE, {GUILD: (A, S)}, V | A),
        (BASE, {RED: (A, V)}, BASE),
        (ADMINISTRATOR, {GUILD: (0, V)}, ALL),
    ],
)
def test_what_everybody_may(base: int, overwrites: dict[str, tuple[int, int]], may: int) -> None:
    assert permissions.of_everyone(guild_with(base, ()), channel_with(overwrites)) == may


def test_writing_in_a_thread_needs_a_bit_of_its_own() -> None:
    needed = {
        kind: permissions.to_write_in(Channel("1", kind, "x"))
        for kind in (TEXT, DIRECT, THREAD, PRIVATE_THREAD)
    }
    threads = permissions.SEND_MESSAGES_IN_THREADS
    assert needed == {TEXT: S, DIRECT: S, THREAD: threads, PRIVATE_THREAD: threads}


def test_bits_are_named_as_in_discords_documentation() -> None:
    assert permissions.bits("ATTACH_FILES", "SEND_MESSAGES", 1 << 40) == 1 << 15 | 1 << 11 | 1 << 40
    assert permissions.bits() == 0
    with pytest.raises(KeyError, match="FLY"):
        permissions.bits("FLY")


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("ADMINISTRATOR", 3),
        ("MANAGE_GUILD", 5),
        ("ADD_REACTIONS", 6),
        ("VIEW_AUDIT_LOG", 7),
        ("VIEW_CHANNEL", 10),
        ("SEND_MESSAGES", 11),
        ("MANAGE_MESSAGES", 13),
        ("EMBED_LINKS", 14),
        ("ATTACH_FILES", 15),
        ("READ_MESSAGE_HISTORY", 16),
        ("MENTION_EVERYONE", 17),
        ("USE_EXTERNAL_EMOJIS", 18),
        ("USE_APPLICATION_COMMANDS", 31),
        ("MANAGE_THREADS", 34),
        ("SEND_MESSAGES_IN_THREADS", 38),
    ],
)
def test_every_bit_stands_where_discord_has_it(name: str, position: int) -> None:
    assert permissions.BITS[name] == getattr(permissions, name) == 1 << position
