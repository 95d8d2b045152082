"""News: who hears them, in which order, and who is woken."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox import News
from bot.sandbox.world.bus import Bus


def test_listeners_hear_in_order_and_those_who_come_later_hear_what_comes_later() -> None:
    bus, heard = Bus(), []
    bus.subscribe(lambda news: heard.append(("first", news.name)))
    bus.publish(News("A", None))
    bus.subscribe(lambda news: heard.append(("second", news.name)))
    bus.publish(News("B", None))
    assert heard == [("first", "A"), ("first", "B"), ("second", "B")]


def test_a_listener_that_comes_while_news_are_told_hears_the_next() -> None:
    bus, heard = Bus(), []
    bus.subscribe(lambda news: bus.subscribe(lambda other: heard.append((news.name, other.name))))
    bus.publish(News("A", None))
    assert heard == []
    bus.publish(News("B", None))
    assert heard == [("A", "B")]


async def test_what_is_true_already_is_not_waited_for() -> None:
    assert await Bus().until(lambda: "yes", 0.001) == "yes"


async def test_everybody_who_waits_is_woken_by_any_change() -> None:
    bus, values = Bus(), []

    async def wait(least: int) -> int:
        return await bus.until(lambda: sum(values) if sum(values) >= least else 0, 10)

    first, second = asyncio.create_task(wait(1)), asyncio.create_task(wait(2))
    await asyncio.sleep(0)
    values.append(1)
    bus.publish(News("A", None))
    assert await first == 1
    assert not second.done()
    values.append(1)
    bus.touch()
    assert await second == 2


async def test_one_who_gave_up_disturbs_nobody() -> None:
    bus, values = Bus(), []
    gone = asyncio.create_task(bus.until(lambda: values, 10))
    stays = asyncio.create_task(bus.until(lambda: values, 10))
    await asyncio.sleep(0)
    gone.cancel()
    values.append(1)
    bus.touch()
    assert await stays == [1]
    with pytest.raises(TimeoutError):
        await bus.until(lambda: False, 0.001)
