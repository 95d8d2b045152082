"""The audit trail as a queue of what is to be posted."""

from __future__ import annotations

import pytest

from bot.storage.audit import LOOKS
from bot.storage.chronicle import AT_ONCE, Chapter
from bot.storage.database import Database
from bot.storage.repositories import Repositories
from tests.kit.values import GUILD, MORNING

ADMIN, LOG = 99, 77


@pytest.fixture
def parts(database: Database, tmp_path) -> Repositories:
    return Repositories.of(database, tmp_path)


async def done(parts: Repositories, *deeds: str, guild: int = GUILD) -> None:
    for deed in deeds:
        await parts.audit.write(guild, ADMIN, deed, {}, MORNING)


async def due(parts: Repositories, now: float = MORNING) -> Chapter:
    chapter = await parts.chronicle.due(now)
    assert chapter is not None
    return chapter


def deeds(chapter: Chapter | None) -> list[str] | None:
    return chapter and [line.entry.deed for line in chapter.lines]


async def posted(parts: Repositories, next_at: float = MORNING) -> list[str] | None:
    chapter = await due(parts)
    await parts.chronicle.begin(chapter, MORNING)
    await parts.chronicle.posted(chapter, next_at)
    return deeds(chapter)


async def test_what_happens_from_then_on_in_order_without_looks(parts: Repositories) -> None:
    await done(parts, "before")
    await parts.chronicle.set(GUILD, LOG, ADMIN, MORNING)
    await done(parts, "one", *LOOKS, "two")
    await done(parts, "other", guild=GUILD + 1)
    assert await posted(parts) == ["log", "one", "two"]
    assert await parts.chronicle.due(MORNING) is None
    await done(parts, *LOOKS)
    assert await parts.chronicle.due(MORNING) is None
    await done(parts, "three")
    assert await posted(parts) == ["three"]


async def test_a_great_many_come_in_parts(parts: Repositories) -> None:
    await parts.chronicle.set(GUILD, LOG, ADMIN, MORNING)
    names = [f"deed {n}" for n in range(2 * AT_ONCE)]
    await done(parts, *names)
    seen: list[str] = []
    while found := await parts.chronicle.due(MORNING):
        assert len(found.lines) <= AT_ONCE
        seen += await posted(parts) or []
    assert seen == ["log", *names]


async def test_what_is_being_posted_stays_what_it_is_until_that_is_known(
    parts: Repositories,
) -> None:
    await parts.chronicle.set(GUILD, LOG, ADMIN, MORNING)
    first = await due(parts)
    await parts.chronicle.begin(first, MORNING)
    await done(parts, "late")
    await parts.chronicle.postpone(first, MORNING + 5, arrived=True)
    assert await parts.chronicle.due(MORNING) is None
    again = await due(parts, MORNING + 5)
    assert (deeds(again), again.nonce, again.sending_at, again.tries) == (
        ["log"], first.nonce, MORNING, 1,
    )  # fmt: skip
    await parts.chronicle.posted(again, MORNING + 10)
    assert await parts.chronicle.due(MORNING + 9) is None
    after = await due(parts, MORNING + 10)
    assert (deeds(after), after.sending_at) == (["late"], None)
    assert after.nonce != first.nonce


async def test_what_did_not_arrive_is_taken_together_with_what_came_since(
    parts: Repositories,
) -> None:
    await parts.chronicle.set(GUILD, LOG, ADMIN, MORNING)
    first = await due(parts)
    await parts.chronicle.begin(first, MORNING)
    await parts.chronicle.postpone(first, MORNING, arrived=False)
    await done(parts, "late")
    again = await due(parts)
    assert (deeds(again), again.sending_at) == (["log", "late"], None)


async def test_another_channel_takes_up_where_the_last_one_ended(parts: Repositories) -> None:
    await parts.chronicle.set(GUILD, LOG, ADMIN, MORNING)
    assert await posted(parts, MORNING + 99) == ["log"]
    await done(parts, "one")
    await parts.chronicle.set(GUILD, LOG + 1, ADMIN, MORNING)
    chapter = await due(parts)
    assert (chapter.channel, deeds(chapter)) == (LOG + 1, ["one", "log"])
    await parts.chronicle.set(GUILD, 0, ADMIN, MORNING)
    assert await parts.chronicle.due(MORNING) is None
    await parts.chronicle.set(GUILD, LOG, ADMIN, MORNING)
    assert await posted(parts) == ["log"]


async def test_one_server_holds_up_no_other_and_one_that_was_left_nothing(
    parts: Repositories,
) -> None:
    for guild in (GUILD, GUILD + 1):
        await parts.chronicle.set(guild, LOG, ADMIN, MORNING)
    first = await due(parts)
    await parts.chronicle.begin(first, MORNING)
    await parts.chronicle.postpone(first, MORNING + 60, arrived=False)
    second = await due(parts)
    assert {first.guild, second.guild} == {GUILD, GUILD + 1}
    await parts.departures.reconcile([first.guild], MORNING)
    assert await parts.chronicle.due(MORNING) is None
    assert (await due(parts, MORNING + 60)).guild == first.guild
