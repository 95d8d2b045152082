"""The simulated town: everybody gets their grid, and what the queue promises is seen there."""

from __future__ import annotations

import pytest

from bot.bench import waits
from bot.bench.town import Ask, Machine, Policy, Town

SLOW = Machine(0.0, 0.125, 0.0, 0.0)
"""A grid's step takes a second, two grids' take two."""
LAUNCH = Machine(1.0, 0.0, 0.0, 0.0)
"""A step takes a second, however many make it."""


def town(machine: Machine, policy: Policy, *asks: Ask, cards: int = 1) -> dict[str, list[float]]:
    played = Town(cards, machine, policy)
    played.run(asks)
    return played.waits


def test_first_come_is_first_served_and_a_fair_queue_lets_the_other_by() -> None:
    asks = [*(Ask(0, "D", 10) for _ in range(5)), Ask(1, "a", 10)]
    assert town(SLOW, waits.FIFO, *asks)["a"] == [59]
    assert town(SLOW, waits.FAIR, *asks)["a"] == [19]
    assert town(SLOW, waits.FAIR, *asks)["D"] == [10, 30, 40, 50, 60]


def test_batching_draws_as_many_together_as_pay() -> None:
    asks = [Ask(0, f"{number}", 10) for number in range(4)]
    assert max(max(each) for each in town(LAUNCH, waits.FAIR, *asks).values()) == 40
    assert max(max(each) for each in town(LAUNCH, waits.BATCHING, *asks).values()) < 20


def test_a_short_one_overtakes_with_batching() -> None:
    asks = [Ask(0, "a", 50), Ask(3.5, "b", 4)]
    assert town(SLOW, waits.FAIR, *asks)["b"] == [50.5]
    # It has to share a few steps, by which the card is found to be full.
    assert town(SLOW, waits.BATCHING, *asks)["b"][0] < 10


def test_cards_share_the_work() -> None:
    asks = [Ask(0, f"{number}", 10) for number in range(4)]
    assert town(SLOW, waits.FAIR, *asks, cards=4) == {f"{number}": [10] for number in range(4)}


@pytest.mark.parametrize("policy", waits.POLICIES)
def test_everybody_gets_every_grid(policy: Policy) -> None:
    asks = waits.waves(3, waits.SDXL, 2, 120.0)
    played = Town(2, waits.SDXL, policy)
    played.run(asks)
    assert sum(map(len, played.waits.values())) == len(asks)


async def test_the_section_has_a_row_for_each_policy_and_a_plot() -> None:
    section = await waits.measure(quick=True)
    assert len(section.figures) == 2 * 6 + 2 * 3
    assert len(section.notes) == 2 * 3
