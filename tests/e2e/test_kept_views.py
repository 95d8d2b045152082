"""Buttons of private messages, which discord.py would keep in memory for 15 minutes."""

from __future__ import annotations

import asyncio

from tests.kit.easel import Easel
from tests.kit.scene import Scene


async def test_no_private_message_is_held_in_memory(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    before = len(asyncio.all_tasks())
    for _ in range(5):
        looked = await mia.slash("history")
        await looked.ack()
        await easel.sandbox.wait_for(
            lambda looked=looked: (looked.original or {}).get("components")
        )
        assert looked.original
        brought = await mia.click(looked.original, "1")
        await brought.ack()
    await easel.sandbox.wait_for(lambda: len(mia.private()) >= 10)
    waits = [each for each in asyncio.all_tasks() if "timeout_task" in str(each.get_coro())]
    assert waits == []
    assert len(asyncio.all_tasks()) <= before + 2
    store = easel.bot._connection._view_store
    assert (store._views, store._synced_message_views) == ({}, {})
