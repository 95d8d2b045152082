"""Too little room on the disk: nothing new is taken, which people and the operator are told."""

from __future__ import annotations

import asyncio

from bot.house import keep_room
from bot.ops.disk import GIB, Floor
from tests.kit.easel import Easel
from tests.kit.scene import Scene


async def until(easel: Easel, floor: Floor, low: bool) -> None:
    """Look once, as the bot does every half a minute."""
    supervisor = easel.core.supervisor
    await supervisor.stop("disk")
    supervisor.start("disk", lambda: keep_room(floor, easel.core.service, supervisor))
    while supervisor.states()["disk"] == "running":
        await asyncio.to_thread(supervisor.states)
    assert supervisor.states()["disk"].startswith("low: ") is low


async def test_nothing_new_is_taken_until_there_is_room_again(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox")
    room = GIB // 4
    floor = Floor([easel.settings.data_dir], GIB, lambda _: room)
    await until(easel, floor, True)
    said = await mia.refused(await mia.slash("imagine", prompt="a cat"))
    assert "My disk is full; nothing was charged." in said
    assert "My disk is full" in await mia.refused(await mia.click(grid, "V1"))
    assert easel.core.supervisor.states()["disk"].startswith("low: 0.25 GiB free in ")
    assert easel.core.supervisor.steady
    room = 2 * GIB
    await until(easel, floor, False)
    await mia.press(grid, "V1")


async def test_first_what_may_go_is_cleared_away(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    await easel.settled()
    easel.core.service.pictures._rules.images_max_bytes = 0
    left = [GIB // 4, 2 * GIB]
    floor = Floor([easel.settings.data_dir], GIB, lambda _: left.pop(0) if left else 2 * GIB)
    await until(easel, floor, False)
    assert await easel.core.parts.pictures.kept_bytes() == 0
    assert not easel.core.service.levers.full
