"""What may be done in a thread by its state, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.sandbox import ApiError, Sandbox
from bot.sandbox.world import permissions
from bot.sandbox.world.channel import PRIVATE_THREAD, THREAD, Channel
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.threads import Threads
from tests.kit.sandbox import heard

MEMBER, MODERATOR = permissions.MEMBER, permissions.MEMBER | permissions.MANAGE_THREADS
DEEDS: dict[str, Callable[[Threads, Channel, int], None]] = {
    "write": lambda threads, channel, may: threads.before_writing(channel, may),
    "edit": lambda threads, channel, may: threads.before_editing(channel, may),
    "react": lambda threads, channel, may: threads.before_reacting(channel),
    "delete": lambda threads, channel, may: threads.before_deleting(channel, may),
}


def outcome(sandbox: Sandbox, deed: str, archived: bool, locked: bool, may: int) -> int:
    """The status of what is refused, 0 when it is not."""
    thread = sandbox.world.threads.add("imagine", f"{deed} {archived} {locked} {may}")
    thread.archived, thread.locked = archived, locked
    try:
        DEEDS[deed](sandbox.world.threads, thread, may)
    except ApiError as error:
        return error.status if error.code == 50083 else error.code
    return 0


@pytest.mark.parametrize(
    ("archived", "locked", "may", "refused"),
    [
        (False, False, MEMBER, {}),
        (True, False, MEMBER, {"edit": 400, "react": 400}),
        (False, True, MEMBER, {"write": 403, "edit": 403}),
        (True, True, MEMBER, {"write": 403, "edit": 403, "react": 400, "delete": 400}),
        (False, True, MODERATOR, {}),
        (True, True, MODERATOR, {"edit": 400, "react": 400}),
    ],
)
def test_what_an_archived_or_locked_thread_refuses(
    closed: Sandbox, archived: bool, locked: bool, may: int, refused: dict[str, int]
) -> None:
    found = {deed: outcome(closed, deed, archived, locked, may) for deed in DEEDS}
    assert {deed: status for deed, status in found.items() if status} == refused


def test_writing_opens_an_archived_thread_and_tells_so_once(closed: Sandbox) -> None:
    threads = closed.world.threads
    thread = threads.add("imagine", "foxes")
    threads.archive(thread)
    news = heard(closed)
    threads.before_writing(thread, MEMBER)
    threads.before_writing(thread, MEMBER)
    assert not thread.archived
    assert [(each.name, each.subject) for each in news] == [("THREAD_UPDATE", thread)]


def test_a_thread_begins_with_its_owner_and_those_who_are_invited(closed: Sandbox) -> None:
    world, news = closed.world, heard(closed)
    ada, mia = world.find_user("Ada").id, world.find_user("Mia").id
    open_to_all = world.threads.add("imagine", "foxes")
    secret = world.threads.add("imagine", "secret", private=True, members=("Mia",))
    assert (open_to_all.type, secret.type) == (THREAD, PRIVATE_THREAD)
    assert (open_to_all.members, secret.members) == ({ada}, {ada, mia})
    assert secret.parent_id == world.find_channel("imagine").id
    assert secret.guild_id == world.guild.id
    assert [each.name for each in news] == ["THREAD_CREATE"] * 2


def test_the_bot_hears_of_a_thread_it_is_invited_to_and_not_of_others_in_it(
    closed: Sandbox,
) -> None:
    secret = closed.world.threads.add("imagine", "secret", private=True)
    news = heard(closed)
    closed.world.threads.invite("secret", "Mia")
    assert news == []
    closed.world.threads.invite("secret", "Easel")
    assert [(each.name, each.subject) for each in news] == [("THREAD_CREATE", secret)]
    assert BOT_ID in secret.members


def test_reopening_undoes_both(closed: Sandbox) -> None:
    threads = closed.world.threads
    thread = threads.add("imagine", "foxes")
    threads.archive("foxes")
    threads.lock("foxes")
    assert (thread.archived, thread.locked) == (True, True)
    threads.reopen("foxes")
    assert (thread.archived, thread.locked) == (False, False)


def test_a_threads_shape_tells_its_state(closed: Sandbox) -> None:
    threads = closed.world.threads
    secret = threads.add("imagine", "secret", private=True, members=("Mia",))
    threads.archive(secret)
    shape = closed.renderer.channel(secret)
    assert (shape["type"], shape["member_count"]) == (12, 2)
    metadata = shape["thread_metadata"]
    assert (metadata["archived"], metadata["locked"], metadata["invitable"]) == (True, False, True)
    assert metadata["create_timestamp"] == "2026-06-01T12:00:00.000000+00:00"
    assert "member" not in shape
    assert "permission_overwrites" not in shape
    threads.invite(secret, "Easel")
    assert closed.renderer.channel(secret)["member"]["user_id"] == BOT_ID
    public = closed.renderer.channel(threads.add("imagine", "foxes"))
    assert "invitable" not in public["thread_metadata"]


def test_open_threads_that_the_bot_sees_are_listed(closed: Sandbox) -> None:
    world = closed.world
    shown = world.threads.add("imagine", "foxes")
    world.threads.archive(world.threads.add("imagine", "old"))
    world.threads.add("imagine", "secret", private=True)
    world.threads.add("gallery", "hidden")
    world.deny_bot("gallery", "VIEW_CHANNEL")
    assert closed.renderer.active_threads(world.guild) == [shown]
    guild = closed.renderer.guild(world.guild)
    assert [each["id"] for each in guild["threads"]] == [shown.id]
    assert shown.id not in {each["id"] for each in guild["channels"]}
