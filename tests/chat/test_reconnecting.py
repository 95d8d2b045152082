"""After a long time without a gateway the bot is back within a minute or so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from discord import shard
from discord.backoff import ExponentialBackoff

from bot.chat.reconnecting import reconnect_soon


def rests() -> list[float]:
    """The longest rest before each of the next 30 tries of a shard."""
    client: Any = SimpleNamespace(dispatch=None, _reconnect=True)
    socket: Any = SimpleNamespace(shard_id=0)
    made = shard.Shard(socket, client, lambda _: None)
    made._backoff._randfunc = lambda least, most: most
    return [made._backoff.delay() for _ in range(30)]


def test_a_shard_rests_for_a_minute_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard, "ExponentialBackoff", ExponentialBackoff)
    assert max(rests()) > 1000  # discord.py's own, else all this is not needed
    reconnect_soon()
    assert rests() == [2, 4, 8, 16, 32] + [64] * 25
