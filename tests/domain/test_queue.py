"""The queue: fairness between users, limits, and positions that come true."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.queue import Entry, JobQueue

HOME = "home"


def entry(job: str, user: str, work: float = 1.0, limit: int = 3, server: str = HOME) -> Entry:
    return Entry(job, (server, user), work, limit)


def ahead(queue: JobQueue) -> dict[str, tuple[int, float]]:
    return {job: (place, work) for job, place, work in queue.places()}


def filled(*entries: Entry) -> JobQueue:
    queue = JobQueue()
    for one in entries:
        queue.add(one)
    return queue


def drain(queue: JobQueue) -> list[str]:
    """The order in which one worker draws."""
    order = []
    while (taken := queue.next()) is not None:
        order.append(taken.job)
        queue.done(taken.job)
    return order


def test_one_user_is_served_in_order() -> None:
    queue = filled(*(entry(f"a{n}", "a") for n in range(5)))
    assert drain(queue) == ["a0", "a1", "a2", "a3", "a4"]


def test_twenty_jobs_do_not_delay_another_users_first() -> None:
    queue = filled(*(entry(f"a{n}", "a") for n in range(20)))
    first = queue.next()
    assert first is not None
    queue.add(entry("b0", "b"))
    assert ahead(queue)["b0"][0] == 1
    queue.done(first.job)
    second = queue.next()
    assert second is not None
    assert second.job == "b0"


@given(st.integers(0, 19), st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_newcomers_first_is_next_whenever_it_comes(drawn: int, big: float, small: float) -> None:
    queue = filled(*(entry(f"a{n}", "a", big) for n in range(20)))
    for _ in range(drawn):
        taken = queue.next()
        assert taken is not None
        queue.done(taken.job)
    running = queue.next()
    queue.add(entry("b0", "b", small))
    assert next(queue.order()).job == "b0"
    if running is not None:
        queue.done(running.job)
    assert drain(queue)[0] == "b0"


def test_users_take_turns_by_work_not_by_count() -> None:
    big = [entry(f"a{n}", "a", 4.0) for n in range(3)]
    small = [entry(f"b{n}", "b", 1.0) for n in range(8)]
    assert drain(filled(*big, *small))[:9] == ["a0", "b0", "b1", "b2", "b3", "a1", "b4", "b5", "b6"]


def test_who_comes_back_has_saved_up_no_claims() -> None:
    queue = filled(*(entry(f"a{n}", "a") for n in range(10)), entry("b0", "b"))
    for _ in range(7):
        taken = queue.next()
        assert taken is not None
        queue.done(taken.job)
    for n in range(1, 6):
        queue.add(entry(f"b{n}", "b"))
    assert drain(queue) == ["b1", "a6", "b2", "a7", "b3", "a8", "b4", "a9", "b5"]


def test_running_limit_of_a_user_lets_others_by() -> None:
    queue = filled(*(entry(f"a{n}", "a", limit=2) for n in range(3)), entry("b0", "b", 50.0))
    taken = [queue.next() for _ in range(4)]
    assert {one.job for one in taken if one} == {"a0", "a1", "b0"}
    assert queue.next() is None
    queue.done("a0")
    third = queue.next()
    assert third is not None
    assert third.job == "a2"


def test_what_goes_back_is_drawn_next_and_not_counted_twice() -> None:
    queue = filled(entry("a0", "a", 4.0), entry("a1", "a"), entry("b0", "b"), entry("b1", "b"))
    taken = queue.next()
    assert taken is not None
    assert taken.job == "a0"
    queue.done("a0")
    queue.add(taken, front=True)
    assert drain(queue) == ["b0", "a0", "b1", "a1"]


def test_remove_and_membership() -> None:
    queue = filled(entry("a0", "a"), entry("a1", "a"))
    assert "a1" in queue
    assert queue.remove("a1")
    assert not queue.remove("a1")
    assert ("a1" in queue, len(queue), queue.waiting_of((HOME, "a"))) == (False, 1, 1)


def test_a_job_cannot_be_in_twice() -> None:
    queue = filled(entry("a0", "a"))
    with pytest.raises(ValueError, match="a0"):
        queue.add(entry("a0", "b"))
    queue.next()
    with pytest.raises(ValueError, match="a0"):
        queue.add(entry("a0", "b"))


def test_unknown_jobs_are_ignored_by_done() -> None:
    queue = filled(entry("a0", "a"))
    queue.done("nothing")
    queue.done("a0")
    assert len(queue) == 1


def test_ahead_counts_waiting_work_alone() -> None:
    queue = filled(entry("a0", "a", 5.0), entry("a1", "a", 2.0), entry("a2", "a", 1.0))
    queue.next()
    assert ahead(queue) == {"a1": (1, 0.0), "a2": (2, 2.0)}


def test_ten_thousand_entries() -> None:
    queue = filled(*(entry(f"{n}", f"u{n % 100}") for n in range(10_000)))
    foretold = [one.job for one in queue.order()]
    assert len(ahead(queue)) == 10_000
    assert drain(queue) == foretold


WORKS = st.sampled_from([0.5, 1.0, 2.0, 3.0])


@given(st.lists(st.tuples(st.sampled_from("abcd"), WORKS), max_size=40), st.integers(0, 20))
def test_positions_are_the_real_order_with_one_worker(jobs, drawn: int) -> None:
    queue = filled(*(entry(f"{n}", user, work) for n, (user, work) in enumerate(jobs)))
    for _ in range(min(drawn, len(jobs))):
        taken = queue.next()
        assert taken is not None
        queue.done(taken.job)
    places = sorted((place, job) for job, (place, _) in ahead(queue).items())
    assert [place for place, _ in places] == list(range(1, len(places) + 1))
    assert [job for _, job in places] == drain(queue)


@given(st.lists(st.tuples(st.sampled_from("abc"), WORKS), min_size=1, max_size=60))
def test_two_waiting_users_are_never_served_far_apart(jobs) -> None:
    # The bound of virtual counters: less than twice the largest job.
    queue = filled(*(entry(f"{n}", user, work) for n, (user, work) in enumerate(jobs)))
    served = dict.fromkeys("abc", 0.0)
    while all(queue.waiting_of((HOME, user)) for user in {user for user, _ in jobs}):
        taken = queue.next()
        assert taken is not None
        queue.done(taken.job)
        served[str(taken.path[1])] += taken.work
        present = [served[user] for user in {user for user, _ in jobs}]
        assert max(present) - min(present) <= 6.0


class QueueMachine(RuleBasedStateMachine):
    """Any sequence of adding, taking, ending, giving back and removing keeps the books right."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = JobQueue()
        self.waiting: dict[str, Entry] = {}
        self.running: dict[str, Entry] = {}
        self.attained = dict.fromkeys("abc", 0.0)
        self.count = 0

    @rule(user=st.sampled_from("abc"), work=WORKS)
    def add(self, user: str, work: float) -> None:
        self.count += 1
        one = entry(f"{self.count}", user, work, limit=2)
        self.queue.add(one)
        self.waiting[one.job] = one

    @rule()
    def take(self) -> None:
        foretold = [one for one in self.queue.order() if self._may_run(str(one.path[1]))]
        taken = self.queue.next()
        if taken is None:
            assert not foretold
            return
        assert self.waiting.pop(taken.job) == taken
        assert self._may_run(str(taken.path[1]))
        assert taken.attained == self.attained[str(taken.path[1])]
        self.attained[str(taken.path[1])] += taken.work
        mine = [one for one in self.waiting.values() if one.path == taken.path]
        assert all(self._came_before(taken, one) for one in mine)
        self.running[taken.job] = taken

    def _came_before(self, one: Entry, other: Entry) -> bool:
        return int(one.job) < int(other.job)

    def _may_run(self, user: str) -> bool:
        return sum(one.path[1] == user for one in self.running.values()) < 2

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end(self, data) -> None:
        job = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[job]
        self.queue.done(job)

    @precondition(lambda self: self.running)
    @rule()
    def give_back_the_oldest(self) -> None:
        job = min(self.running, key=int)
        one = self.running.pop(job)
        if any(int(other) < int(job) for other, e in self.waiting.items() if e.path == one.path):
            self.queue.done(job)
            return
        self.queue.done(job)
        self._forget()
        self.queue.add(one, front=True)
        self.waiting[job] = one
        user = str(one.path[1])
        self.attained[user] = max(0.0, self.attained[user] - one.work)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def remove(self, data) -> None:
        job = data.draw(st.sampled_from(sorted(self.waiting)))
        del self.waiting[job]
        assert self.queue.remove(job)

    def _forget(self) -> None:
        """Who has nothing here any more begins anew."""
        here = {one.path[1] for one in (*self.waiting.values(), *self.running.values())}
        self.attained = {user: had if user in here else 0.0 for user, had in self.attained.items()}

    @invariant()
    def books_agree(self) -> None:
        self._forget()
        assert len(self.queue) == len(self.waiting)
        assert self.queue.running == len(self.running)
        assert {one.job for one in self.queue.order()} == set(self.waiting)
        for user in "abc":
            mine = sum(one.path[1] == user for one in self.waiting.values())
            assert self.queue.waiting_of((HOME, user)) == mine


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=25, stateful_step_count=30)
