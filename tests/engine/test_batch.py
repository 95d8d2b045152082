"""bot.engine.batch: what listeners hear of attempts that run together."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import WorkerLost
from bot.engine.batch import Batch
from bot.engine.seam import Done, Event, Image, Images, Progress
from tests.kit.workers import attempt

DONE = Done(1.0, "cpu")


async def heard(batch: Batch) -> list[tuple[str, Event]]:
    return [said async for said in batch.events()]


async def test_pictures_that_came_meanwhile_are_heard_together() -> None:
    batch = Batch([attempt("a")])
    events = batch.events()
    batch.say("a", Progress(1, 2))
    assert await anext(events) == ("a", Progress(1, 2))
    for index in range(3):
        batch.say("a", Image(index, b"%d" % index))
    assert await anext(events) == ("a", Images({0: b"0", 1: b"1", 2: b"2"}))
    batch.say("a", Image(3, b"3"))
    batch.say("a", DONE)
    batch.end(("a", 1))
    assert [said async for said in events] == [("a", Images({3: b"3"})), ("a", DONE)]


async def test_what_is_known_of_pictures_is_heard_with_them() -> None:
    batch = Batch([attempt("a")])
    for index, score in enumerate((0.5, None, 0.0)):
        batch.say("a", Image(index, b"x", score))
    batch.end(("a", 1))
    assert await heard(batch) == [("a", Images(dict.fromkeys(range(3), b"x"), {0: 0.5, 2: 0.0}))]


async def test_pictures_of_two_jobs_are_kept_apart_and_in_order() -> None:
    batch = Batch([attempt("a"), attempt("b")])
    for job, index in (("a", 0), ("a", 1), ("b", 0), ("a", 2)):
        batch.say(job, Image(index, b"x"))
    batch.end(("a", 1))
    batch.end(("b", 1))
    assert await heard(batch) == [
        ("a", Images({0: b"x", 1: b"x"})), ("b", Images({0: b"x"})), ("a", Images({2: b"x"})),
    ]  # fmt: skip


async def test_the_first_error_comes_after_everything_that_was_said() -> None:
    batch = Batch([attempt("a"), attempt("b")])
    listening = asyncio.create_task(heard(batch))
    await asyncio.sleep(0)
    events = batch.events()
    batch.say("a", Image(0, b"x"))
    batch.end(("a", 1), WorkerLost("gone"))
    batch.end(("b", 1))
    with pytest.raises(WorkerLost, match="gone"):
        await listening
    with pytest.raises(WorkerLost, match="gone"):
        await anext(events)
