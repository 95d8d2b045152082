"""How far one process reaches: arithmetic with costs that are easy to follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.bench import capacity, reach
from bot.bench.reach import Costs, Habits, Room, load, most

HABITS = Habits(grids=36, busy=0.1, clicks=2, members=100, active=0.1, reactions=0)
COSTS = Costs(
    grid_s=0.01, click_s=0.005, event_s=0.0001, commits=1000, grid_bytes=2048, idle_mib=60,
    server_mib=0.01, member_mib=0,
)  # fmt: skip
ROOM = Room(core=0.5, requests=1.0, commits=0.5, mib=1000, start_s=600)


def test_a_load_is_the_sum_of_what_people_do() -> None:
    found = load(10_000, HABITS, COSTS, ROOM)
    assert (found.servers, found.shards) == (1000, 1)
    assert (found.grids_s, found.clicks_s) == (10, 20)
    assert found.database_day == 10_000 * 36 * 2048
    assert found.used[reach.CORE] == pytest.approx(10 * (0.01 + 2 * 0.005) / 0.5)
    assert found.used[reach.REQUESTS] == pytest.approx(0.2)
    assert found.used[reach.COMMITS] == pytest.approx(0.1)
    assert found.used[reach.MEMORY] == pytest.approx(0.07)
    assert found.used[reach.START] == 0
    assert (found.first, found.held) == (reach.CORE, True)


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({}, reach.CORE), ({"grid_s": 0, "click_s": 0}, reach.REQUESTS),
        ({"commits": 1}, reach.COMMITS), ({"server_mib": 50}, reach.MEMORY),
    ],
)  # fmt: skip
def test_the_first_limit_is_named_and_one_user_more_is_too_many(
    change: dict[str, float], first: str
) -> None:
    costs = replace(COSTS, **change)
    found = most(HABITS, costs, ROOM)
    assert found.held
    assert found.first == first
    assert not load(found.users + 20, HABITS, costs, ROOM).held


def test_events_of_all_members_cost_as_well() -> None:
    busy = replace(HABITS, reactions=10)
    assert load(10_000, busy, COSTS, ROOM).events_s == pytest.approx(100_000 / 3600)


def test_many_shards_take_their_time_to_begin() -> None:
    found = load(1_300_000, HABITS, COSTS, ROOM)
    assert found.shards == 130
    assert found.used[reach.START] == pytest.approx(129 * 5 / 600)


def test_a_channel_takes_one_grid_a_second() -> None:
    assert reach.channel_users(HABITS) == 1000


def test_the_report_has_a_row_for_each_number_of_users() -> None:
    section = capacity.section(COSTS)
    rows = [each for each in section.figures if "users" in each.what]
    assert len(rows) == len(capacity.USERS)
    assert rows[0].met
    assert rows[-1].met is False
    assert "processor" in section.notes[0]
