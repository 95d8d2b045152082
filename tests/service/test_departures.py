"""Which servers the bot is on, while they come and go as they are looked through."""

from __future__ import annotations

import asyncio

from tests.kit.app import House
from tests.kit.values import GUILD


async def departed(house: House) -> list[int]:
    rows = await house.database.read(
        lambda connection: connection.execute("SELECT guild_id FROM departures").fetchall()
    )
    return [row["guild_id"] for row in rows]


async def test_who_leaves_while_servers_are_looked_through_has_left(house: House) -> None:
    departures = house.service.privacy.departures
    await asyncio.gather(departures.reconcile({GUILD}), departures.left(GUILD))
    assert await departed(house) == [GUILD]


async def test_who_joins_while_servers_are_looked_through_is_there(house: House) -> None:
    await house.imagine()
    departures = house.service.privacy.departures
    await asyncio.gather(departures.reconcile(()), departures.back(GUILD))
    assert await departed(house) == []
