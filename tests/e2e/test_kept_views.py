"""Buttons of private messages, which discord.py would keep in memory for 15 minutes."""

from __future__ import annotations

import asyncio

from tests.kit.easel import Easel
from tests.kit.scene import Scene


async def test_no_private_message_is_held_in_memory(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    for _ in range(3):
        looked = await mia.slash("history")
        await easel.sandbox.wait_for(
            lambda looked=looked: (looked.original or {}).get("components")
        )
    waits = [each for each in asyncio.all_tasks() if "timeout_task" in str(each.get_coro())]
    assert waits == []
    store = easel.bot._connection._view_store
    assert (store._views, store._synced_message_views) == ({}, {})
