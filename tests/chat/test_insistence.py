"""Asking the database until it answers."""

from __future__ import annotations

import pytest

from bot.chat.insistence import insist
from bot.domain.errors import StoreUnavailable


class Answers:
    """Given in order; an error is raised."""

    def __init__(self, *answers: str | Exception) -> None:
        self.left = list(answers)

    async def __call__(self) -> str:
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_trouble_of_the_database_is_outlived(caplog: pytest.LogCaptureFixture) -> None:
    ask = Answers(StoreUnavailable("full", "no room"), StoreUnavailable("io", "gone"), "written")
    assert await insist(ask, 0) == "written"
    assert [record.message.rpartition(": ")[2] for record in caplog.records] == ["no room", "gone"]


async def test_a_mistake_of_ours_is_not_repeated() -> None:
    ask = Answers(ValueError("no such row"), "written")
    with pytest.raises(ValueError, match="no such row"):
        await insist(ask, 0)
    assert ask.left == ["written"]
