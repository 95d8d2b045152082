"""What a person has and may do."""

from __future__ import annotations

from pathlib import Path

from bot.domain.action import Action
from bot.domain.quota import Quota
from bot.service.rules import Rules
from bot.storage.profiles import Profile
from tests.kit.app import (
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    TINY,
    House,
)
from tests.kit.values import GUILD


async def test_direct_messages_are_an_account_of_their_own(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(credits=5), dm_quota=Quota(credits=2))
    async with House(tmp_path, automatic=True, rules=rules) as house:
        await house.draw(origin=DIRECT)
        assert await house.credits(guild=0) == (1, 0)
        assert await house.credits() == (5, 0)
        assert await house.credits(guild=GUILD + 1) == (5, 0)


async def test_account_shows_what_is_under_way(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        first, second = await house.imagine(), await house.imagine()
        await house.imagine(asker=BERT_ASKS)
        await house.imagine(origin=ELSEWHERE)
        await house.executor.started(1)
        view = await house.service.accounts.account(ANNA_ASKS, GUILD)
        assert [job.id for job in view.running] == [first.id]
        assert [job.id for job in view.waiting] == [second.id]
        assert (view.balance.spendable, view.balance.held) == (23, 2)
        assert view.model is TINY
        assert [worker.id for worker in view.workers] == ["w1"]


async def test_lifetime_use_counts_what_was_drawn(house: House) -> None:
    grid = await house.draw()
    await house.press(Action.UPSCALE, grid.tile(1))
    await house.draw(origin=ELSEWHERE)
    profile = (await house.service.accounts.account(ANNA_ASKS, GUILD)).profile
    assert profile == Profile(grids=2, pictures=8, seconds=2.0)
