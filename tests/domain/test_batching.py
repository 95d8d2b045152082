"""Whose steps a worker makes next: the rules one by one, then against an ideal machine."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.batching import LEAD, Key, Limits, Turns

NEVER, ALWAYS = Limits(0.0), Limits(1e9, 1e9)


def alone(key: Key) -> Limits:
    return NEVER


def up_to(most: float, free: float = 0.0) -> Callable[[Key], Limits]:
    return lambda key: Limits(most, free)


def order(turns: Turns, left: dict[str, int], limits: Callable[[Key], Limits] = alone) -> str:
    """Who makes which step until all have made theirs; those of one step stand together."""
    steps = []
    while keys := turns.next(limits):
        steps.append("".join(map(str, keys)))
        for key in keys:
            turns.stepped(key)
            left[str(key)] -= 1
        for key in [key for key in keys if not left[str(key)]]:
            turns.leave(key)
    return " ".join(steps)


def test_nobody_has_no_turn() -> None:
    assert Turns().next(alone) == []


def test_a_short_one_overtakes_a_long_one_and_equals_come_in_order() -> None:
    turns = Turns()
    turns.join("L", "x", 1.0, 5)
    turns.join("a", "y", 1.0, 2)
    turns.join("b", "z", 1.0, 2)
    assert order(turns, {"L": 5, "a": 2, "b": 2}) == "a a b b L L L L L"
    assert len(turns) == 0


def test_who_is_nearly_done_is_not_overtaken() -> None:
    turns = Turns()
    turns.join("L", "x", 1.0, 10)
    for _ in range(8):
        assert turns.next(alone) == ["L"]
        turns.stepped("L")
    turns.join("s", "y", 1.0, 4)
    assert order(turns, {"L": 2, "s": 4}) == "L L s s s s"


def test_a_person_with_many_takes_turns_as_one() -> None:
    turns = Turns()
    for name in "abc":
        turns.join(name, name, 1.0, 2, person="dumper")
    turns.join("L", "x", 1.0, 3, person="guest")
    assert order(turns, {"a": 2, "b": 2, "c": 2, "L": 3}) == "a a L L L b b c c"


def test_those_of_one_company_step_together_up_to_the_knee() -> None:
    turns = Turns()
    for name in "abcd":
        turns.join(name, "x", 2.0, 2)
    turns.join("o", "y", 1.0, 8)
    left = {"a": 2, "b": 2, "c": 2, "d": 2, "o": 8}
    assert order(turns, left, up_to(6.0)) == "abc abc d d o o o o o o o o"


def test_one_beyond_the_knee_steps_alone() -> None:
    turns = Turns()
    turns.join("a", "x", 8.0, 1)
    turns.join("b", "x", 1.0, 10)
    assert order(turns, {"a": 1, "b": 10}, up_to(4.0)).startswith("a b")


def test_who_comes_later_in_the_ideal_machine_rides_only_where_that_is_free() -> None:
    for free, expected in ((0.0, "a"), (2.0, "ab")):
        turns = Turns()
        turns.join("a", "x", 1.0, 3, person="one")
        turns.join("b", "x", 1.0, 3, person="one")
        assert "".join(map(str, turns.next(up_to(8.0, free)))) == expected


def test_fairness_beats_batching() -> None:
    # Eight could step at once; the one whose turn it is steps alone.
    turns = Turns()
    for name in "abcdefgh":
        turns.join(name, "x", 1.0, 6)
    turns.join("o", "y", 1.0, 2)
    assert turns.next(up_to(8.0)) == ["o"]


def test_who_leaves_early_gives_back_what_was_left() -> None:
    turns = Turns()
    turns.join("a", "x", 1.0, 50, person="one")
    turns.join("o", "y", 1.0, 10, person="other")
    turns.leave("a", left=50)
    turns.join("b", "x", 1.0, 5, person="one")
    assert turns.next(alone) == ["b"]


def test_a_stream_of_short_ones_does_not_put_a_long_one_off_for_ever() -> None:
    turns, left = Turns(), {"L": 20}
    turns.join("L", "x", 1.0, 20)
    for number in range(100):
        name = f"s{number}"
        left[name] = 2
        turns.join(name, "y", 1.0, 2, person="guest")
        while left[name] and left["L"]:
            (key,) = turns.next(alone)
            turns.stepped(key)
            left[str(key)] -= 1
        if not left["L"]:
            break
        turns.leave(name)
    # Of two, each has half of the machine.
    assert sum(2 - steps for name, steps in left.items() if name != "L") <= 20


def test_who_comes_with_nothing_is_drawn_before_who_had_much() -> None:
    turns = Turns()
    turns.join("D", "x", 1.0, 4, person="dumper", before=3.0)
    turns.join("E", "x", 1.0, 4, person="other", before=1.0)
    turns.stepped("D")
    turns.join("n", "y", 1.0, 6, person="new")
    assert order(turns, {"D": 3, "E": 4, "n": 6}) == "n n n n n n E E E E D D D"


def test_nobody_is_taken_along_before_their_time() -> None:
    turns = Turns()
    turns.join("D", "x", 1.0, 4, person="dumper", before=8.0)
    turns.join("n", "x", 1.0, 4, person="new")
    assert turns.next(up_to(8.0)) == ["n"]
    turns.join("m", "x", 1.0, 4, person="third")
    assert turns.next(up_to(8.0)) == ["n", "m"]


@given(st.integers(1, 5), st.integers(1, 6), st.floats(0, 1e9), st.integers(1, 3))
def test_no_crowd_of_newcomers_puts_anybody_off_for_ever(
    own: int, theirs: int, before: float, at_once: int
) -> None:
    # As many newcomers as ever are there, of whom each is followed by another.
    turns, left, coming = Turns(), {"L": own}, itertools.count()
    turns.join("L", "x", 1.0, own, before=before)
    steps = 0
    while left["L"]:
        while len(left) <= at_once:
            name = f"n{next(coming)}"
            left[name] = theirs
            turns.join(name, name, 1.0, theirs)
        (key,) = turns.next(alone)
        turns.stepped(key)
        steps += 1
        left[str(key)] -= 1
        if key != "L" and not left[str(key)]:
            turns.leave(key)
            del left[str(key)]
    # First all is drawn for newcomers, as long as `before` lets it be; then the ideal machine draws
    # for L as well, while newcomers are ahead of theirs, so that there are ever more of them.
    put_off = min(before, LEAD) * own
    assert steps <= (put_off + theirs) * (at_once + 2) + own * (at_once + 2 * own + 2) + 1


# Against the ideal machine


@dataclass
class Job:
    """Comes at `at`, of `person`; `cost` for each of `steps`."""

    at: int
    person: int
    cost: int
    steps: int


JOBS = st.lists(
    st.builds(
        Job, st.integers(0, 30), st.integers(0, 3), st.integers(1, 3), st.integers(1, 8)
    ),
    min_size=1, max_size=12,
)  # fmt: skip


def ideal(jobs: dict[int, Job], came: dict[int, float]) -> dict[int, float]:
    """When each would be done if all persons with work were served at once, with equal shares."""
    lines: dict[int, deque[list[float]]] = {}
    now, done, coming = 0.0, {}, deque(sorted(jobs, key=lambda key: (came[key], jobs[key].at)))
    while coming or lines:
        while coming and came[coming[0]] <= now:
            key = coming.popleft()
            job = jobs[key]
            lines.setdefault(job.person, deque()).append([float(job.cost * job.steps), key])
        if not lines:
            now = came[coming[0]]
            continue
        share = min(line[0][0] for line in lines.values())
        until = now + share * len(lines)
        if coming:
            until = min(until, came[coming[0]])
        served = (until - now) / len(lines)
        now = until
        for person in list(lines):
            lines[person][0][0] -= served
            if lines[person][0][0] <= 1e-9:
                done[int(lines[person].popleft()[1])] = now
                if not lines[person]:
                    del lines[person]
    return done


def played(jobs: dict[int, Job]) -> tuple[dict[int, float], dict[int, float]]:
    """When each was known to the worker and when it was done, one step after another."""
    turns, now, left = Turns(), 0.0, {key: job.steps for key, job in jobs.items()}
    came: dict[int, float] = {}
    done: dict[int, float] = {}
    coming = deque(sorted(jobs, key=lambda key: jobs[key].at))
    while coming or len(turns):
        if not len(turns):
            now = max(now, float(jobs[coming[0]].at))
        while coming and jobs[coming[0]].at <= now:
            key = coming.popleft()
            job, came[key] = jobs[key], now
            turns.join(key, key, job.cost, job.steps, job.person)
        (key,) = turns.next(alone)
        now += jobs[key].cost
        turns.stepped(key)
        left[key] -= 1
        if not left[key]:
            turns.leave(key)
            done[key] = now
    return came, done


@given(JOBS)
def test_nobody_is_later_than_in_an_ideal_machine_by_more_than_a_step(jobs: list[Job]) -> None:
    named = dict(enumerate(jobs))
    came, done = played(named)
    best = ideal(named, came)
    longest = max(job.cost for job in jobs)
    assert all(done[key] <= best[key] + longest + 1e-6 for key in named)


@given(JOBS, st.floats(0, 12), st.floats(0, 6), st.integers(1, 3))
def test_every_step_is_of_one_company_within_its_limits(
    jobs: list[Job], most: float, free: float, companies: int
) -> None:
    turns, left = Turns(), {}
    for key, job in enumerate(jobs):
        turns.join(key, key % companies, job.cost, job.steps, job.person)
        left[key] = job.steps
    while len(turns):
        keys = list(steps_of(turns.next(up_to(most, free))))
        cost = sum(jobs[key].cost for key in keys)
        assert len({key % companies for key in keys}) == 1
        assert len(keys) == len(set(keys))
        assert len(keys) == 1 or cost <= max(most, free)
        for key in keys:
            turns.stepped(key)
            left[key] -= 1
            assert left[key] >= 0
            if not left[key]:
                turns.leave(key)
    assert set(left.values()) == {0}


def steps_of(keys: list[Key]) -> Iterator[int]:
    return (int(str(key)) for key in keys)
