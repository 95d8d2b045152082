"""How large a step pays, found by trying on machines whose knee is known."""

from __future__ import annotations

import random

import pytest

from bot.domain.knee import LARGEST, RECALL, Knee

GRID = 8.0
"""Four pictures with guidance, in samples."""


class Machine:
    """A step takes `launch_s` and `sample_s` for each sample, never less than `least_s`."""

    def __init__(self, launch_s: float, sample_s: float, least_s: float = 0.0) -> None:
        self.launch_s, self.sample_s, self.least_s = launch_s, sample_s, least_s

    def seconds(self, samples: float) -> float:
        return max(self.least_s, self.launch_s + self.sample_s * samples)


# As measured: BENCHMARKS.md, "On a card"; OpenVINO on two cores; one that is saturated at once.
SD_15 = Machine(0.0063, 0.00275, least_s=0.0268)
SDXL = Machine(0.0456, 0.0123)
EMBEDDED = Machine(0.0038, 0.00188)
SATURATED = Machine(0.0, 0.0142)


def learned(machine: Machine, jobs: float = 100.0, steps: int = 60, noise: float = 0.0) -> Knee:
    """After so many steps while there is always enough to fill one, of jobs of `GRID`."""
    knee, dice = Knee(GRID), random.Random(7)
    for _ in range(steps):
        cost = max(GRID, min(knee.most, jobs) // GRID * GRID)
        slow = 1 + noise * dice.expovariate(1)
        knee.stepped(cost, machine.seconds(cost) * slow)
    return knee


def test_before_anything_is_known_a_grid_pays() -> None:
    assert Knee(GRID).most == GRID
    assert Knee(GRID).free(2.0) == 2.0


@pytest.mark.parametrize(
    ("machine", "most"), [(SD_15, 32.0), (SDXL, 16.0), (EMBEDDED, 32.0), (SATURATED, GRID)]
)
def test_the_knee_is_found(machine: Machine, most: float) -> None:
    assert learned(machine).most == most


@pytest.mark.parametrize("machine", [SDXL, SATURATED])
def test_neighbours_that_slow_some_steps_do_not_move_it(machine: Machine) -> None:
    assert learned(machine, steps=400, noise=0.5).most == learned(machine).most


def test_a_first_step_that_warms_up_does_not_count_against_its_size() -> None:
    knee = Knee(GRID)
    for cost, slow in ((GRID, 1), (2 * GRID, 10), (2 * GRID, 10), (2 * GRID, 1)):
        knee.stepped(cost, slow * SDXL.seconds(cost))
        assert knee.most >= 2 * GRID


def test_small_jobs_show_that_a_grid_does_not_pay() -> None:
    knee = Knee(GRID)
    for cost in (1.0, 2.0, 4.0, 8.0) * 3:
        knee.stepped(cost, 0.3 * cost)
    assert knee.most == 1.0


def test_nothing_is_tried_beyond_what_is_there_to_be_drawn() -> None:
    assert learned(EMBEDDED, jobs=GRID).most == 2 * GRID


def test_it_never_grows_beyond_all_measure() -> None:
    assert learned(Machine(1.0, 0.0), jobs=1e9).most == LARGEST * GRID


def test_a_step_too_large_for_the_memory_is_never_tried_again() -> None:
    knee = learned(EMBEDDED, jobs=2 * GRID)
    assert knee.most == 4 * GRID
    assert knee.failed(4 * GRID)
    assert knee.most == 2 * GRID
    for _ in range(2 * RECALL):
        assert not knee.stepped(2 * GRID, EMBEDDED.seconds(2 * GRID))
    assert knee.most == 2 * GRID


def test_what_did_not_pay_is_tried_again_after_a_long_while() -> None:
    knee = learned(SATURATED)
    assert knee.most == GRID
    for _ in range(RECALL):
        knee.stepped(min(knee.most, 2 * GRID), EMBEDDED.seconds(min(knee.most, 2 * GRID)))
    assert knee.most > GRID


def test_what_takes_hardly_longer_is_free() -> None:
    knee = Knee(GRID)
    for cost in (2.0, 8.0, 32.0):
        for _ in range(3):
            knee.stepped(cost, SD_15.seconds(cost))
    # 26.8 ms for two samples, 28.3 ms for eight, 94 ms for 32.
    assert knee.free(2.0) == 8.0
    assert knee.free(8.0) == 8.0


def test_a_clock_that_stands_still_teaches_nothing() -> None:
    assert not Knee(GRID).stepped(GRID, 0.0)
