"""`JobQueue.place` is a short cut; `ahead` is the truth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.queue import Entry, JobQueue

WORK = st.sampled_from([0.5, 1.0, 1.0, 2.0])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 8), WORK),
        st.tuples(st.just("take"), st.booleans(), st.booleans()),
    ),
    min_size=1,
    max_size=40,
)


@given(MOVES)
def test_a_place_is_what_the_whole_order_says(moves: list[tuple[str, int, float]]) -> None:
    queue = JobQueue()
    for number, (move, user, work) in enumerate(moves):
        if move == "add":
            queue.add(Entry(f"job{number}", user, work))
            continue
        entry = queue.next()
        ends, comes_back = user, work
        if entry is not None and ends:
            queue.done(entry.job)
            if comes_back:
                queue.add(entry, front=True)
    ahead = queue.ahead()
    assert {job: queue.place(job) for job in ahead} == ahead


def test_what_does_not_wait_has_no_place() -> None:
    queue = JobQueue()
    queue.add(Entry("one", "anna", 1.0))
    assert queue.place("one") == (1, 0.0)
    assert queue.next() is not None
    assert queue.place("one") is None
    assert queue.place("unknown") is None
