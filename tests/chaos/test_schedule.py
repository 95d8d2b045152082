"""The same seed is the same schedule, and every fault is in the table where it can be."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from tests.chaos.__main__ import options
from tests.chaos.faults import table
from tests.chaos.report import document, share
from tests.chaos.run import Result
from tests.chaos.schedule import schedule
from tests.chaos.stage import Window

FAULTS = {"a": 1, "b": 5, "c": 1}


def test_a_seed_is_a_schedule() -> None:
    one, again, other = (schedule(seed, 100, 5, FAULTS, people=9, places=4) for seed in (1, 1, 2))
    assert one == again
    assert one.blows != other.blows
    first, second, third = (
        list(itertools.islice(each.deeds(), 50)) for each in (one, again, other)
    )
    assert first == second != third
    assert {deed.person for deed in first} <= set(range(9))


def test_another_may_come_beside_a_fault_and_changes_nothing_else() -> None:
    alone, beside = (
        schedule(1, 1000, 10, FAULTS, people=9, places=4, beside=names).blows
        for names in ((), ("c",))
    )
    assert {blow.beside for blow in beside} == {"", "c"}
    assert [replace(blow, beside="") for blow in beside] == list(alone)
    both = [name for name, each in table("ray").items() if not each.beside]
    assert {"bot killed", "head killed"} <= set(both)


def test_every_fault_comes_before_one_comes_twice() -> None:
    blows = schedule(3, 1000, 10, FAULTS, people=9, places=4).blows
    assert {blow.fault for blow in blows[:3]} == {"a", "b", "c"}
    assert [blow.at for blow in blows] == sorted(blow.at for blow in blows)
    assert len(blows) > 70
    counts = [sum(blow.fault == name for blow in blows) for name in FAULTS]
    assert counts[1] == max(counts)


def test_faults_are_found_by_a_part_of_their_name() -> None:
    assert set(table("local", "worker killed, nothing")) == {"worker killed", "nothing"}
    assert "head killed" in table("ray")
    assert "head killed" not in table("local")
    assert "worker killed" not in table("ray")
    with pytest.raises(ValueError, match="no fault is called 'rain'"):
        table("local", "rain")


def test_the_options_say_what_is_played() -> None:
    said = options(["--seed", "4", "--executor", "ray", "--faults", "rest"])
    assert (said.seed, said.executor, said.faults, said.jobs) == (4, "ray", "rest", 600)


def test_a_report_has_figures_and_what_was_wrong_with_the_way_to_it() -> None:
    good = Result("local", 1, accepted=50, windows=[Window("x", True, 0.0, 1.0, 3.5)])
    bad = Result("ray", 2, violations=["twice: job a"], begun=["0: x (seed 9) at job 6"])
    text = document([good, bad])
    assert "| local | 1 | 50 | 1 | 0.0 | 0 | 0 | 0 | 0 |" in text
    assert "| ray | 2 | 0 | 0 | 0.0 | 0 | 1 | 0 | 0 |" in text
    assert "| x | local | 1 | 2.50 s | 2.50 s |" in text
    assert "- twice: job a\n\nUp to there:\n\n- 0: x (seed 9) at job 6" in text


def test_a_share_of_values_lies_at_or_below() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [share(values, part) for part in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert share([3.0], 0.5) == 3.0
