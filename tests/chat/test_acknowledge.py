"""Acknowledging in time: slow work, and many people at once."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from discord import InteractionType

from bot.chat.acknowledge import Acknowledger

CROWD = 3


class FakeInteraction:
    """Remembers how it was acknowledged, and says when."""

    id = 7

    def __init__(
        self, type: InteractionType = InteractionType.application_command, message: object = None
    ) -> None:
        self.type, self.message = type, message
        self.thinking: list[bool] = []
        self.deferred: list[bool] = []
        self.extras: dict[str, bool] = {}
        self.heard = asyncio.Event()

    @property
    def response(self) -> FakeInteraction:
        return self

    def is_done(self) -> bool:
        return bool(self.deferred)

    async def defer(self, *, ephemeral: bool, thinking: bool) -> None:
        self.deferred.append(ephemeral)
        self.thinking.append(thinking)
        self.heard.set()


async def test_everybody_of_a_crowd_is_acknowledged_whoevers_work_goes_on() -> None:
    acknowledger = Acknowledger(quick_s=30, crowd=CROWD)
    begin = asyncio.Event()
    interactions = [FakeInteraction() for _ in range(CROWD + 2)]

    async def work(number: int) -> int:
        await begin.wait()
        return number

    tasks = [
        asyncio.create_task(acknowledger.quickly(cast(Any, each), work(number)))
        for number, each in enumerate(interactions)
    ]
    for each in interactions:
        await asyncio.wait_for(each.heard.wait(), 30)
    begin.set()
    assert await asyncio.gather(*tasks) == list(range(CROWD + 2))
    assert [each.deferred for each in interactions] == [[False]] * (CROWD + 2)

    alone = FakeInteraction()
    assert await acknowledger.quickly(cast(Any, alone), work(0)) == 0
    assert alone.deferred == []


@pytest.mark.parametrize("private", [False, True])
async def test_slow_work_is_acknowledged_as_its_answer_will_be(private: bool) -> None:
    acknowledger = Acknowledger(quick_s=0)
    go_on, slow = asyncio.Event(), FakeInteraction()

    async def work() -> str:
        await go_on.wait()
        return "done"

    run = acknowledger.privately if private else acknowledger.quickly
    task = asyncio.create_task(run(cast(Any, slow), work()))
    await asyncio.wait_for(slow.heard.wait(), 30)
    go_on.set()
    assert await task == "done"
    assert slow.deferred == [private]


@pytest.mark.parametrize(
    ("type", "message", "thinking"),
    [
        (InteractionType.modal_submit, None, True),
        (InteractionType.modal_submit, "a grid", False),
        (InteractionType.component, "a grid", False),
    ],
)
async def test_a_form_without_a_message_is_acknowledged_by_one(
    type: InteractionType, message: str | None, thinking: bool
) -> None:
    """Discord takes an answer that changes nothing only where there is something."""
    one = FakeInteraction(type, message)
    await Acknowledger().at_once(cast(Any, one))
    assert one.thinking == [thinking]
