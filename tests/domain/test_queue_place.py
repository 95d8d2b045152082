"""`JobQueue.place` is a short cut; `places` is the truth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.queue import Entry, JobQueue

HOME = "home"
WORK = st.sampled_from([0.5, 1.0, 1.0, 2.0])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 8), WORK),
        st.tuples(st.just("take"), st.booleans(), st.booleans()),
    ),
    min_size=1,
    max_size=40,
)


def played(moves: list[tuple[str, int, float]], server: str | None = HOME) -> JobQueue:
    queue = JobQueue()
    for number, (move, user, work) in enumerate(moves):
        if move == "add":
            queue.add(Entry(f"job{number}", (server or f"server{user % 3}", user), work))
            continue
        entry = queue.next()
        ends, comes_back = user, work
        if entry is not None and ends:
            queue.done(entry.job)
            if comes_back:
                queue.add(entry, front=True)
    return queue


@given(MOVES)
def test_a_place_on_one_server_is_what_the_whole_order_says(
    moves: list[tuple[str, int, float]],
) -> None:
    queue, firsts = played(moves), set()
    for job, place, _ in queue.places():
        told = queue.place(job)
        assert told is not None
        person = next(entry.path for entry in queue.order() if entry.job == job)
        if person not in firsts:
            firsts.add(person)
            assert told[0] == place


@given(MOVES)
def test_places_on_one_server_are_all_different(moves: list[tuple[str, int, float]]) -> None:
    queue = played(moves)
    told = [queue.place(job) for job, _, _ in queue.places()]
    assert sorted(each[0] for each in told if each) == list(range(1, len(told) + 1))


@given(st.lists(st.integers(1, 9), max_size=40))
def test_with_jobs_of_one_size_the_work_before_is_right_too(users: list[int]) -> None:
    queue = JobQueue()
    for number, user in enumerate(users):
        queue.add(Entry(f"job{number}", (HOME, user), 2.0))
    for job, place, work in queue.places():
        told = queue.place(job)
        assert told is not None
        assert told[1] == 2.0 * (told[0] - 1)
        assert work == 2.0 * (place - 1)


@given(MOVES)
def test_a_place_among_servers_is_near_the_truth(moves: list[tuple[str, int, float]]) -> None:
    queue = played(moves, server=None)
    places = {job: place for job, place, _ in queue.places()}
    told = {job: queue.place(job) for job in places}
    assert all(each is not None and 1 <= each[0] <= len(places) for each in told.values())
    if places:
        first = next(iter(places))
        found = told[first]
        assert found is not None
        assert found[0] <= max(1, len(places) // 2 + 1)


def test_what_does_not_wait_has_no_place() -> None:
    queue = JobQueue()
    queue.add(Entry("one", (HOME, "anna"), 1.0))
    assert queue.place("one") == (1, 0.0)
    assert queue.next() is not None
    assert queue.place("one") is None
    assert queue.place("unknown") is None
