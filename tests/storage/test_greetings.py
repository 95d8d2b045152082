"""Where a hello is due: once to each server that the bot comes to."""

from __future__ import annotations

import pytest

from bot.storage.database import Database
from bot.storage.greetings import Greeting, GreetingRepository


@pytest.fixture
def greetings(database: Database) -> GreetingRepository:
    return GreetingRepository(database)


async def due(greetings: GreetingRepository) -> list[int]:
    return [each.guild for each in await greetings.due()]


async def test_at_the_first_look_all_servers_are_known(greetings: GreetingRepository) -> None:
    await greetings.reconcile({1, 2}, 10.0)
    assert await due(greetings) == []
    await greetings.reconcile({1, 2, 4, 3}, 20.0)
    assert await due(greetings) == [3, 4]


async def test_who_came_just_before_the_first_look_is_new(greetings: GreetingRepository) -> None:
    await greetings.came(2, 9.0)
    await greetings.reconcile({1, 2}, 10.0)
    assert await greetings.due() == [Greeting(2, 9.0)]


async def test_a_hello_is_due_once(greetings: GreetingRepository) -> None:
    await greetings.came(1, 10.0)
    await greetings.came(1, 11.0)
    [greeting] = await greetings.due()
    assert greeting == Greeting(1, 10.0)
    await greetings.said(greeting)
    await greetings.came(1, 12.0)
    await greetings.reconcile({1}, 13.0)
    assert await due(greetings) == []


async def test_and_once_more_after_a_departure(greetings: GreetingRepository) -> None:
    await greetings.reconcile({1, 2}, 10.0)
    await greetings.left(1)
    await greetings.came(1, 20.0)
    await greetings.reconcile({1}, 30.0)  # 2 left meanwhile
    assert await greetings.due() == [Greeting(1, 20.0)]
    await greetings.reconcile({1, 2}, 40.0)
    assert await due(greetings) == [1, 2]


async def test_what_was_said_before_a_return_does_not_count(greetings: GreetingRepository) -> None:
    await greetings.came(1, 10.0)
    [before] = await greetings.due()
    await greetings.left(1)
    await greetings.came(1, 20.0)
    await greetings.said(before)
    assert await greetings.due() == [Greeting(1, 20.0)]
