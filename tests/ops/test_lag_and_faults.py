"""How late the event loop is, and what is logged as trouble."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence

import pytest

from bot.domain.measures import Spread
from bot.ops.faults import NO_ERROR, Faults
from bot.ops.lag import Lag

log = logging.getLogger("bot.some.part")


@pytest.fixture
def faults() -> Iterator[Faults]:
    one = Faults()
    one.open()
    yield one
    one.close()


class Looks(Spread):
    """Can be waited for."""

    def __init__(self, bounds: Sequence[float]) -> None:
        super().__init__(bounds)
        self._come = asyncio.Event()

    def add(self, value: float) -> None:
        super().add(value)
        self._come.set()

    async def another(self) -> None:
        self._come.clear()
        await self._come.wait()


async def test_what_blocks_the_loop_makes_it_late() -> None:
    lag = Lag(every_s=0.001)
    looks = lag.spread = Looks(lag.spread.bounds)
    keeping = asyncio.create_task(lag.keep())
    await looks.another()
    time.sleep(0.06)  # noqa: ASYNC251 - as a mistake of ours would
    await looks.another()
    keeping.cancel()
    above = lag.spread.bounds.index(0.05) + 1
    assert sum(lag.spread.counts[above:]) >= 1
    assert lag.spread.sum >= 0.05


def test_an_error_is_counted_by_its_class_and_place(faults: Faults) -> None:
    for _ in range(2):
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            log.exception("job %s", "x")
    log.error("a sentence alone")
    log.warning("so so", exc_info=KeyError("late"))
    log.info("fine")
    assert dict(faults.errors) == {
        ("ZeroDivisionError", "bot.some.part"): 2,
        (NO_ERROR, "bot.some.part"): 1,
    }
    assert dict(faults.lines) == {("ERROR",): 3, ("WARNING",): 1}


def test_nothing_is_heard_once_it_is_closed(faults: Faults) -> None:
    faults.close()
    log.error("later")
    assert faults.errors.total == 0
    assert faults not in logging.getLogger().handlers


async def test_threads_are_heard_as_well(faults: Faults) -> None:
    await asyncio.gather(*(asyncio.to_thread(log.error, "from %d", n) for n in range(50)))
    assert faults.errors.total == 50
