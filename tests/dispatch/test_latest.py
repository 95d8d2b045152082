"""The newest-value cell: readers may skip, the last value always arrives."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.dispatch.latest import Latest


async def read(cell: Latest[int]) -> list[int]:
    return [value async for value in cell]


async def test_a_slow_reader_skips_but_gets_the_last() -> None:
    cell: Latest[int] = Latest()
    for value in range(5):
        cell.set(value)
    cell.close()
    assert await read(cell) == [4]


async def test_every_reader_gets_the_end() -> None:
    cell: Latest[int] = Latest()
    readers = [asyncio.create_task(read(cell)) for _ in range(3)]
    await asyncio.sleep(0)
    cell.set(1)
    await asyncio.sleep(0)
    cell.set(2)
    cell.close()
    assert [values[-1] for values in await asyncio.gather(*readers)] == [2, 2, 2]


async def test_closed_without_a_value_ends_readers() -> None:
    cell: Latest[int] = Latest()
    reader = asyncio.create_task(read(cell))
    await asyncio.sleep(0)
    cell.close()
    assert await reader == []
    assert cell.value is None


async def test_a_value_set_while_a_reader_is_busy_is_not_lost() -> None:
    cell: Latest[int] = Latest()
    cell.set(1)
    seen = []
    async for value in cell:
        seen.append(value)
        if value == 1:
            cell.set(2)
            cell.set(3)
        else:
            cell.close()
    assert seen == [1, 3]


@given(st.lists(st.sampled_from(["set", "yield"]), max_size=30))
def test_values_arrive_in_order_and_the_last_always(steps: list[str]) -> None:
    async def run() -> None:
        cell: Latest[int] = Latest()
        reader = asyncio.create_task(read(cell))
        count = 0
        for step in steps:
            if step == "set":
                count += 1
                cell.set(count)
            else:
                await asyncio.sleep(0)
        cell.close()
        values = await reader
        assert values == sorted(set(values))
        assert values[-1:] == [count][: bool(count)]

    asyncio.run(run())
