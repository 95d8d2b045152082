"""Many people at once: who is acknowledged before the work, and whose message is refreshed when."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from bot.chat.presenter import Presenter
from bot.domain.job import Job, JobUpdate
from cogs.imagine import CROWD, Imagine
from tests.kit.jobs import job


class FakeInteraction:
    """Counts its acknowledgements, and says when it got one."""

    id = 7

    def __init__(self) -> None:
        self.deferred = 0
        self.heard = asyncio.Event()

    @property
    def response(self) -> FakeInteraction:
        return self

    def is_done(self) -> bool:
        return self.deferred > 0

    async def defer(self) -> None:
        self.deferred += 1
        self.heard.set()


async def test_the_last_of_a_crowd_are_acknowledged_first() -> None:
    cog = Imagine(cast(Any, None), cast(Any, None))
    begin = asyncio.Event()
    interactions = [FakeInteraction() for _ in range(CROWD + 2)]

    async def work(number: int) -> int:
        await begin.wait()
        return number

    tasks = [
        asyncio.create_task(cog._quickly(cast(Any, each), work(number)))
        for number, each in enumerate(interactions)
    ]
    for each in interactions[CROWD:]:
        await asyncio.wait_for(each.heard.wait(), 30)
    begin.set()
    assert await asyncio.gather(*tasks) == list(range(CROWD + 2))
    assert [each.deferred for each in interactions] == [0] * CROWD + [1, 1]

    alone = FakeInteraction()
    assert await cog._quickly(cast(Any, alone), work(0)) == 0
    assert alone.deferred == 0


@pytest.mark.parametrize(
    ("position", "seconds"), [(None, 2.5), (1, 2.5), (8, 2.5), (80, 25.0), (1000, 30.0)]
)
def test_those_far_back_are_refreshed_rarely(position: int | None, seconds: float) -> None:
    presenter = Presenter(cast(Any, None), cast(Any, None), pause=2.5)
    update = JobUpdate(job(), position=position)
    assert isinstance(update.job, Job)
    assert presenter._rest(update, None) == seconds
