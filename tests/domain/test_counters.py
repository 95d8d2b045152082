"""Virtual counters: the floor, and who is remembered."""

from __future__ import annotations

import random

import pytest

from bot.domain.counters import KEPT, Counters


def waiting(counters: Counters, *names: str) -> Counters:
    for name in names:
        counters.wait(name)
    return counters


def served_and_gone(counters: Counters, name: str, work: float, turn: int) -> None:
    waiting(counters, name)
    counters.charge(name, work, turn)
    counters.rest(name)
    counters.leave(name)


def test_who_comes_is_lifted_to_the_least_of_those_who_wait() -> None:
    counters = waiting(Counters(), "Anna", "Bert")
    counters.charge("Anna", 5.0, 1)
    counters.charge("Bert", 3.0, 2)
    assert waiting(counters, "Mia")["Mia"] == 3.0


def test_who_comes_after_all_rest_begins_where_the_last_of_them_was() -> None:
    counters = waiting(Counters(), "Anna", "Bert")
    for turn, name in enumerate(["Anna", "Bert"], start=1):
        counters.charge(name, 5.0 * turn, turn)
        counters.rest(name)
    assert waiting(counters, "Mia")["Mia"] == 10.0


def test_who_only_runs_does_not_hold_the_floor_and_is_lifted_too() -> None:
    counters = waiting(Counters(), "Anna", "Bert")
    counters.rest("Anna")
    counters.charge("Bert", 7.0, 1)
    assert waiting(counters, "Anna")["Anna"] == 7.0


def test_work_that_is_given_back_lowers_nobody_elses_floor() -> None:
    counters = waiting(Counters(), "Anna")
    counters.charge("Anna", 7.0, 1)
    counters.charge("Anna", -7.0)
    assert counters["Anna"] == 0.0
    assert waiting(counters, "Mia")["Mia"] == 7.0


def test_the_floor_leaves_what_was_given_back_to_who_waits_again() -> None:
    counters = waiting(Counters(), "Anna", "Bert")
    counters.charge("Anna", 4.0, 1)
    counters.rest("Anna")
    counters.charge("Bert", 9.0, 2)
    counters.wait("Anna", -4.0)
    assert counters["Anna"] == 5.0


def test_who_waits_in_two_lines_rests_when_both_are_empty() -> None:
    counters = waiting(Counters(), "Anna", "Anna", "Bert")
    counters.rest("Anna")
    counters.charge("Bert", 7.0, 1)
    assert waiting(counters, "Mia")["Mia"] == 0.0
    for name in ("Anna", "Mia"):
        counters.rest(name)
    assert waiting(counters, "Noah")["Noah"] == 7.0


@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("others", [(), ("Bert",)])
def test_resting_with_the_charge_is_as_resting_after_it(lines: int, others: tuple[str]) -> None:
    floors = []
    for at_once in (True, False):
        counters = waiting(Counters(), *["Anna"] * lines, *others)
        counters.charge("Anna", 5.0, 1, rests=at_once)
        if not at_once:
            counters.rest("Anna")
        for name in others:
            counters.charge(name, 3.0, 2)
        floors.append((waiting(counters, "Mia")["Mia"], counters["Anna"], len(counters)))
    assert floors[0] == floors[1]
    assert floors[0][0] == (3.0 if others else 5.0)


def test_who_left_above_the_floor_finds_the_counter_again_until_it_is_passed() -> None:
    counters = waiting(Counters(), "Anna")
    served_and_gone(counters, "Mia", 5.0, 1)
    assert waiting(counters, "Mia")["Mia"] == 5.0
    counters.rest("Mia")
    counters.leave("Mia")
    counters.charge("Anna", 6.0, 2)
    assert len(counters) == 1
    assert waiting(counters, "Mia")["Mia"] == 6.0
    assert counters.turn("Mia") == 0


def test_who_left_with_as_much_as_the_floor_is_forgotten() -> None:
    counters = waiting(Counters(), "Anna")
    counters.charge("Anna", 5.0, 1)
    served_and_gone(counters, "Mia", 0.0, 2)
    assert len(counters) == 1


def test_who_left_without_having_been_served_is_not_remembered() -> None:
    counters = waiting(Counters(), "Anna", "Mia")
    counters.rest("Mia")
    counters.leave("Mia")
    assert len(counters) == 1


def test_of_too_many_who_left_above_the_floor_the_heaviest_are_remembered() -> None:
    counters = waiting(Counters(), "Anna")
    works = [float(work) for work in range(1, 2 * KEPT + 1)]
    random.Random(7).shuffle(works)
    for turn, work in enumerate(works, start=1):
        served_and_gone(counters, f"guest{work:g}", work, turn)
    assert len(counters) == 1 + KEPT
    for work, found in ((1, 0.0), (KEPT, 0.0), (KEPT + 1, KEPT + 1), (2 * KEPT, 2 * KEPT)):
        assert waiting(counters, f"guest{work}")[f"guest{work}"] == found


@pytest.mark.parametrize("leaves", [True, False])
def test_leaving_and_coming_back_changes_no_counter(leaves: bool) -> None:
    counters = waiting(Counters(), "Anna", "Bert")
    for turn, work in enumerate([3.0, 1.0, 4.0, 1.0, 5.0], start=1):
        waiting(counters, "Mia")
        counters.charge("Mia", work, 2 * turn)
        counters.rest("Mia")
        if leaves:
            counters.leave("Mia")
        for name in ("Anna", "Bert"):
            counters.charge(name, 2.0, 2 * turn + 1)
    assert waiting(counters, "Mia")["Mia"] == 14.0
