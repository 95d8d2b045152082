"""The queue between servers: shares, people on many servers, and a plain model to compare with."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bot.domain.queue import Entry, JobQueue

Path = tuple[str, str]
MODELS = ("large", "small")


def filled(*paths: Path) -> JobQueue:
    queue = JobQueue()
    for number, path in enumerate(paths):
        queue.add(Entry(f"{number}", path, 1.0))
    return queue


def drained(queue: JobQueue) -> Iterator[Path]:
    while (taken := queue.next()) is not None:
        queue.done(taken.job)
        yield taken.path


def test_a_person_on_nine_servers_has_one_turn_between_anothers_two() -> None:
    stranger = [(f"server{n}", "stranger") for n in range(9) for _ in range(2)]
    order = list(drained(filled(*stranger, *[("home", "Anna")] * 4)))
    turns = [place for place, (_, person) in enumerate(order) if person == "Anna"]
    assert turns[1] - turns[0] <= 2
    assert turns[-1] <= 8


def test_a_server_of_many_gets_no_more_than_a_server_of_one() -> None:
    crowd = [("crowd", f"person{n}") for n in range(20)]
    order = [server for server, _ in drained(filled(*crowd, *[("small", "Mia")] * 5))]
    assert order[:10].count("small") == 5


def test_people_of_one_server_take_turns_whatever_happens_elsewhere() -> None:
    jobs = [("home", "Anna"), ("home", "Anna"), ("home", "Bert"), *[("other", "Mia")] * 4]
    order = list(drained(filled(*jobs)))
    assert [person for server, person in order if server == "home"] == ["Anna", "Bert", "Anna"]


def heads(queue: JobQueue) -> list[str]:
    return [entry.job for entry in queue.heads()]


def test_what_is_passed_over_keeps_its_turn() -> None:
    queue = JobQueue()
    queue.add(Entry("1", ("home", "Anna"), 1.0, model="large"))
    queue.add(Entry("2", ("home", "Bert"), 1.0, model="small"))
    queue.add(Entry("3", ("home", "Carl"), 1.0, model="small"))
    assert heads(queue) == ["1", "2"]
    assert queue.take("2").job == "2"
    assert [entry.job for entry in queue.order()] == ["1", "3"]
    assert heads(queue) == ["1", "3"]
    assert next(drained(queue)) == ("home", "Anna")


def test_a_persons_own_job_of_another_model_passes_too() -> None:
    queue = JobQueue()
    for job, model in (("1", "large"), ("2", "large"), ("3", "small"), ("4", "small")):
        queue.add(Entry(job, ("home", "Anna"), 1.0, limit=2, model=model))
    queue.add(Entry("5", ("away", "Bert"), 1.0, model="small"))
    assert heads(queue) == ["1", "3"]
    assert queue.take("3").job == "3"
    assert heads(queue) == ["5", "1"]
    assert [entry.job for entry in queue.order()] == ["5", "1", "2", "4"]
    queue.take("5")
    assert heads(queue) == ["1", "4"]
    assert queue.remove("1")
    assert heads(queue) == ["2", "4"]
    queue.take("4")
    assert heads(queue) == []  # two of hers run
    for job in ("3", "5", "4"):
        queue.done(job)
    assert heads(queue) == ["2"]
    with pytest.raises(KeyError):
        queue.take("4")


def test_who_left_is_forgotten_once_it_makes_no_difference() -> None:
    queue = filled(("home", "stays"))
    for number in range(1000):
        queue.add(Entry(f"guest{number}", (f"server{number}", f"guest{number}"), 1.0))
        queue.done(queue.take(f"guest{number}").job)
        if number % 100 == 99:
            taken = queue.next()
            assert taken is not None
            queue.done(taken.job)
            queue.add(Entry(f"stays{number}", ("home", "stays"), 200.0))
    assert queue.remembered < 250
    assert queue.remove("stays999")
    assert queue.remembered == 0


def calls(work: Callable[[], object]) -> int:
    """Functions of Python and C that are called by some work."""
    count = 0

    def watch(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_those_whose_model_nobody_has_cost_nothing() -> None:
    def cost(people: int) -> int:
        queue = JobQueue()
        for number in range(people):
            queue.add(Entry(f"{number}", (f"server{number % 30}", number), 1.0, model="gone"))
        queue.add(Entry("here", ("last", "Mia"), 1.0, model="here"))
        return calls(lambda: queue.take(queue.heads()[-1].job))

    assert cost(10_000) <= 2 * cost(100)


@pytest.mark.parametrize("servers", [1, 30])
def test_taking_and_telling_a_place_cost_no_more_for_a_long_queue(servers: int) -> None:
    def cost(people: int) -> tuple[int, int]:
        queue = filled(*((f"server{n % servers}", f"person{n}") for n in range(people)))
        taken = []
        taking = calls(lambda: taken.append(queue.next()))
        return taking, calls(lambda: queue.place(f"{people - 1}"))

    short, long = cost(100), cost(10_000)
    assert long[0] <= 2 * short[0]
    assert long[1] <= 2 * short[1]


@pytest.mark.parametrize("which", [0, -1])
def test_no_single_call_pays_for_the_others_while_a_long_queue_is_drawn(which: int) -> None:
    queue = JobQueue()
    for number in range(2000):
        model = MODELS[number // 20 % 2]
        queue.add(Entry(f"{number}", (f"server{number % 20}", number), 1.0, model=model))
    costs = []
    while heads := queue.heads():
        costs.append(calls(lambda job=heads[which].job: queue.take(job)))
        costs.append(calls(queue.heads))
        queue.done(heads[which].job)
    assert len(costs) == 4000
    # With the last who waits, those who left are forgotten: `KEPT` at most.
    assert max(costs[:-2]) <= 4 * statistics.median(costs)


@dataclass
class Level:
    """Counters of all who ever came since nobody was there, and the floor."""

    served: dict[str, float] = field(default_factory=dict)
    floor: float = 0.0


class Model:
    """The rule of `bot.domain.queue` as it is written, by looking at everybody each time.

    It forgets nobody, so it also shows that forgetting makes no difference.
    """

    def __init__(self) -> None:
        self.lines: dict[Path, list[Entry]] = {}
        self.running: list[Entry] = []
        self.persons = Level()
        self.servers = Level()

    def _arrive(self, level: Level, place: int, name: str) -> None:
        if not self.lines and not self.running:
            level.served.clear()
            level.floor = 0.0
        if all(path[place] != name for path in self.lines):
            level.served[name] = max(level.served.get(name, 0.0), level.floor)

    def _raise(self, level: Level, place: int, last: str) -> None:
        waiting = {path[place] for path in self.lines} or {last}
        level.floor = max(level.floor, min(level.served[each] for each in waiting))

    def add(self, entry: Entry) -> None:
        server, person = str(entry.path[0]), str(entry.path[1])
        self._arrive(self.servers, 0, server)
        self._arrive(self.persons, 1, person)
        self.lines.setdefault((server, person), []).append(entry)
        self._raised((server, person))

    def _raised(self, path: Path) -> None:
        self._raise(self.servers, 0, path[0])
        self._raise(self.persons, 1, path[1])

    def best(self, model: str) -> float | None:
        """The least that the two counters of anybody's next job of a model come to."""
        able = [path for path, line in self.lines.items() if self._may_run(path, line, model)]
        shares = {
            server: min(self.persons.served[person] for other, person in able if other == server)
            for server, _ in able
        }
        return min((self.rank(server, least) for server, least in shares.items()), default=None)

    def rank(self, server: str, served: float) -> float:
        return max(self.servers.served[server], served)

    def _may_run(self, path: Path, line: list[Entry], model: str) -> bool:
        running = sum(one.path == path for one in self.running)
        return any(entry.model == model and running < entry.limit for entry in line)

    def take(self, entry: Entry) -> None:
        server, person = str(entry.path[0]), str(entry.path[1])
        line = self.lines[server, person]
        assert next(one for one in line if one.model == entry.model) == entry
        line.remove(entry)
        if not line:
            del self.lines[server, person]
        self.running.append(entry)
        self.persons.served[person] += entry.work
        self.servers.served[server] += entry.work
        self._raised((server, person))

    def remove(self, entry: Entry) -> None:
        server, person = path = str(entry.path[0]), str(entry.path[1])
        self.lines[path].remove(entry)
        if not self.lines[path]:
            del self.lines[path]
        self._raised((server, person))


class SharesMachine(RuleBasedStateMachine):
    """Whatever comes and goes, the next job is of a server and a person with the least."""

    def __init__(self) -> None:
        super().__init__()
        self.queue, self.model, self.count = JobQueue(), Model(), 0

    @rule(
        server=st.sampled_from("XYZ"),
        person=st.sampled_from("abc"),
        work=st.sampled_from([1.0, 2.0, 3.0]),
        model=st.sampled_from(MODELS),
    )
    def add(self, server: str, person: str, work: float, model: str) -> None:
        self.count += 1
        entry = Entry(f"{self.count}", (server, person), work, limit=2, model=model)
        self.queue.add(entry)
        self.model.add(entry)

    @rule(which=st.integers(0, len(MODELS) - 1))
    def take(self, which: int) -> None:
        heads = self.queue.heads()
        costs = [self._counted(entry) for entry in heads]
        assert costs == sorted(costs)
        found = {entry.model: cost for entry, cost in zip(heads, costs, strict=True)}
        assert found == {
            model: best for model in MODELS if (best := self.model.best(model)) is not None
        }
        if which < len(heads):
            self.model.take(self.queue.take(heads[which].job))

    def _counted(self, entry: Entry) -> float:
        server, person = str(entry.path[0]), str(entry.path[1])
        return self.model.rank(server, self.model.persons.served[person])

    @precondition(lambda self: self.model.running)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.model.running))
        self.model.running.remove(entry)
        self.queue.done(entry.job)

    @precondition(lambda self: self.model.lines)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.model.lines)))
        entry = data.draw(st.sampled_from(self.model.lines[path]))
        self.model.remove(entry)
        assert self.queue.remove(entry.job)


TestShares = SharesMachine.TestCase
TestShares.settings = settings(max_examples=60, stateful_step_count=40)
