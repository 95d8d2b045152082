"""How fast and how widely Discord is asked."""

from __future__ import annotations

from bot.chat.pace import Breaker, Pace
from tests.kit.executor import Clock


def test_a_closed_breaker_has_room_for_all_that_do_not_run() -> None:
    breaker = Breaker()
    assert not breaker.open
    assert [breaker.room(running, 8) for running in (0, 3, 8)] == [8, 5, 0]


def test_an_open_breaker_lets_one_thing_through_after_its_pause() -> None:
    clock = Clock(100.0)
    breaker = Breaker((5, 7), clock)
    assert breaker.failed() == 5
    assert breaker.open
    assert breaker.room(0, 8) == 0
    clock.now += 4.9
    assert breaker.room(0, 8) == 0
    clock.now += 0.2
    assert breaker.room(0, 8) == 1
    assert breaker.room(1, 8) == 0


def test_pauses_grow_to_the_last_and_begin_again_when_it_worked() -> None:
    breaker = Breaker((1, 2, 4), Clock(0.0))
    assert [breaker.failed() for _ in range(5)] == [1, 2, 4, 4, 4]
    breaker.worked()
    assert not breaker.open
    assert breaker.room(2, 8) == 6
    assert breaker.failed() == 1


class Naps(list[float]):
    """Sleep that takes no time and is written down."""

    async def __call__(self, seconds: float) -> None:
        self.append(round(seconds, 6))


async def test_a_burst_passes_and_the_rest_wait_their_turns() -> None:
    naps = Naps()
    pace = Pace(rate=10, burst=3, clock=Clock(50.0), sleep=naps)
    for _ in range(6):
        await pace.turn()
    assert naps == [0.1, 0.2, 0.3]


async def test_what_is_not_used_is_saved_up_to_a_burst_only() -> None:
    clock, naps = Clock(50.0), Naps()
    pace = Pace(rate=10, burst=2, clock=clock, sleep=naps)
    for _ in range(3):
        await pace.turn()
    clock.now += 1000
    for _ in range(3):
        await pace.turn()
    assert naps == [0.1, 0.1]


async def test_no_more_than_the_rate_in_any_second() -> None:
    clock, naps = Clock(0.0), Naps()
    pace = Pace(rate=46, burst=3, clock=clock, sleep=naps)
    turns = []
    for _ in range(200):
        before = len(naps)
        await pace.turn()
        clock.now += naps[-1] if len(naps) > before else 0
        turns.append(clock.now)
    busiest = max(sum(at <= each < at + 1 for each in turns) for at in turns)
    assert busiest <= 46 + 3
