"""Names of people of whom Discord told nothing so far."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat import names


class Guild:
    """Knows 1; Discord is asked for 2, has no 3 any more, and does not answer for 4."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def get_member(self, user: int) -> Any:
        return SimpleNamespace(display_name="Known") if user == 1 else None

    async def fetch_member(self, user: int) -> Any:
        self.asked.append(user)
        if user == 3:
            answer = cast(Any, SimpleNamespace(status=404, reason="Not Found"))
            raise discord.NotFound(answer, {"code": 10007, "message": "Unknown Member"})
        if user == 4:
            await asyncio.Event().wait()
        return SimpleNamespace(display_name="Asked")


async def test_names_that_can_be_had_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "PATIENCE_S", 0.05)
    guild = Guild()
    found = await names.names_of(cast(Any, guild), [1, 2, 3, 4])
    assert found == {1: "Known", 2: "Asked"}
    assert sorted(guild.asked) == [2, 3, 4]


async def test_of_nobody_and_nowhere_there_are_none() -> None:
    assert await names.names_of(None, [1]) == {}
    assert await names.names_of(cast(Any, Guild()), []) == {}
