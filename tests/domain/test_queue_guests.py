"""The queue and people who come and go: who is remembered, and what coming and going brings."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.counters import KEPT
from bot.domain.queue import Entry, JobQueue

HOME = "home"


def draw(queue: JobQueue) -> Entry:
    """One worker draws the next job."""
    taken = queue.next()
    assert taken is not None
    queue.done(taken.job)
    return taken


def guests(queue: JobQueue, count: int, servers: int = 1) -> None:
    """People come one after another, each with one job, and leave when it is done."""
    for number in range(count):
        path = f"server{number % servers}", f"guest{number}"
        queue.add(Entry(f"of guest{number}", path, 1.0))
        assert draw(queue).path == path


@pytest.mark.parametrize("servers", [1, 3000])
def test_who_only_runs_keeps_nobody_remembered_who_left(servers: int) -> None:
    queue = JobQueue()
    queue.add(Entry("long", (HOME, "stays"), 1.0))
    queue.next()
    guests(queue, 3000, servers)
    assert queue.remembered == 2


def test_who_is_held_by_a_limit_keeps_few_remembered_who_left() -> None:
    queue = JobQueue()
    for number in range(2):
        queue.add(Entry(f"long{number}", (HOME, "stays"), 1.0, limit=1))
    queue.next()
    guests(queue, 3000, 3000)
    assert queue.remembered <= 2 * (KEPT + 1)
    queue.done("long0")
    assert draw(queue).job == "long1"
    assert queue.remembered == 0


def test_who_waits_for_a_worker_that_never_comes_keeps_few_remembered_who_left() -> None:
    queue = JobQueue()
    queue.add(Entry("stuck", (HOME, "stays"), 1.0, model="gone"))
    for number in range(3000):
        queue.add(Entry(f"{number}", (HOME, f"guest{number}"), 1.0))
        queue.done(queue.take(f"{number}").job)
    assert queue.remembered <= 2 + KEPT
    assert queue.remove("stuck")
    assert queue.remembered == 0


def test_a_light_user_beside_heavy_ones_who_are_at_their_limits_is_next() -> None:
    queue = JobQueue()
    for number in range(30):
        for heavy, limit in (("Anna", 1), ("Bert", 2), ("Carl", 2)):
            queue.add(Entry(f"{heavy}{number}", (HOME, heavy), 4.0, limit))
    rng = random.Random(5)
    running = [taken.job for _ in range(5) if (taken := queue.next())]
    for number in range(60):
        queue.add(Entry(f"light{number}", (HOME, f"light{number}"), 1.0))
        queue.done(running.pop(rng.randrange(len(running))))
        taken = queue.next()
        assert taken is not None
        assert taken.job == f"light{number}"
        queue.done(taken.job)
        taken = queue.next()
        assert taken is not None
        running.append(taken.job)


def test_who_is_held_by_a_limit_does_not_lose_their_turn() -> None:
    # Small jobs beside large ones: a limit that lifted like an absence would cost half of them.
    queue, now = JobQueue(), 0
    works = {"small": (1, 1.0), "Anna": (3, 10.0), "Bert": (3, 10.0)}
    for name, (limit, work) in works.items():
        for number in range(500):
            queue.add(Entry(f"{name}{number}", (HOME, name), work, limit))
    ends: dict[str, float] = {}
    drawn: Counter[object] = Counter()
    for now in range(400):
        for job in [job for job, end in ends.items() if end <= now]:
            del ends[job]
            queue.done(job)
        while len(ends) < 4 and (taken := queue.next()) is not None:
            ends[taken.job] = now + taken.work
            drawn[taken.path[1]] += 1
    assert drawn["small"] >= 390


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=30, max_size=30))
def test_who_leaves_after_each_job_gets_no_more_than_who_stays(works: list[float]) -> None:
    queue = JobQueue()
    for number, work in enumerate(works):
        for name in ("Anna", "Bert"):
            queue.add(Entry(f"{name}{number}", (HOME, name), work))
    served: Counter[object] = Counter()
    for number, work in enumerate(works):
        if not queue.waiting_of((HOME, "Mia")):
            queue.add(Entry(f"Mia{number}", (HOME, "Mia"), work))
        taken = draw(queue)
        served[taken.path[1]] += taken.work
        assert served["Mia"] <= min(served["Anna"], served["Bert"]) + 2 * 3.0


class GuestsMachine(RuleBasedStateMachine):
    """People come, run, are held by their limits, give up and leave, and somebody always stays."""

    def __init__(self) -> None:
        super().__init__()
        self.queue, self.count = JobQueue(), 0
        self.waiting: list[Entry] = []
        self.running: list[Entry] = []
        self.seen: set[object] = set()
        self.served: set[object] = set()
        self.lost: set[object] = set()
        self.queue.add(Entry("stays", (HOME, "stays"), 1.0))
        self.queue.next()

    @rule(person=st.sampled_from("abcde"), server=st.sampled_from([HOME, "away"]))
    def add(self, person: str, server: str) -> None:
        self.count += 1
        entry = Entry(f"{self.count}", (server, person), 1.0, limit=1)
        self.queue.add(entry)
        self.waiting.append(entry)
        self.seen.add(person)

    @rule()
    def a_newcomer_is_next_at_home(self) -> None:
        self.count += 1
        entry = Entry(f"{self.count}", (HOME, f"newcomer{self.count}"), 1.0)
        self.queue.add(entry)
        first = next(each for each in self.queue.order() if each.path[0] == HOME)
        assert first is entry or first.path[1] not in self.served or first.path[1] in self.lost
        assert self.queue.remove(entry.job)

    @rule()
    def take(self) -> None:
        taken = self.queue.next()
        if taken is not None:
            self.waiting.remove(taken)
            self.running.append(taken)
            self.served.add(taken.path[1])

    @precondition(lambda self: self.running)
    @rule(data=st.data(), lost=st.booleans())
    def end(self, data: st.DataObject, lost: bool) -> None:
        entry = data.draw(st.sampled_from(self.running))
        self.running.remove(entry)
        self.queue.done(entry.job)
        if lost:
            self.queue.add(entry, front=True)
            self.waiting.append(entry)
            self.lost.add(entry.path[1])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(entry)
        assert self.queue.remove(entry.job)

    @invariant()
    def who_has_a_line_is_remembered(self) -> None:
        here = {entry.path for entry in [*self.waiting, *self.running]}
        people = {person for _, person in here} | {"stays"}
        self.served &= people
        self.lost &= people
        servers = {server for server, _ in here} | {HOME}
        assert self.queue.remembered >= len(people) + len(servers)
        assert self.queue.remembered <= len(self.seen | {"stays"}) + 2

    def teardown(self) -> None:
        for entry in self.waiting:
            self.queue.remove(entry.job)
        for entry in self.running:
            self.queue.done(entry.job)
        self.queue.done("stays")
        assert self.queue.remembered == 0


TestGuests = GuestsMachine.TestCase
TestGuests.settings = settings(max_examples=40, stateful_step_count=40)
