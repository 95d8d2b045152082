"""Questions through a worker process, and what becomes of them when it is lost."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import RenderFailed, WorkerLost
from bot.engine.frames import Frame
from bot.engine.line import Identity, Line
from bot.engine.local import LocalExecutor
from bot.engine.patience import Patience
from bot.engine.peer import Peer
from bot.engine.questions import Questions
from bot.engine.seam import IMPORTANCE, Question
from tests.kit.workers import attempt, draw, free_worker, simulated


def question(*words: str) -> Question:
    return Question(IMPORTANCE, "embedded", {"pieces": list(words)})


async def test_a_worker_answers_beside_what_it_draws(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    drawing = asyncio.create_task(draw(gpu, worker, attempt("beside")))
    said = await asyncio.gather(
        *(gpu.ask(worker.id, question("a", word)) for word in ("ox", "fox"))
    )
    assert [answer["importance"] for answer in said] == [[0.5, 1.0], [1 / 3, 1.0]]
    assert sorted((await drawing).images) == [0, 1, 2, 3]
    assert gpu.workers()[0].slots_free


async def test_who_gives_up_is_forgotten(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    asking = asyncio.create_task(gpu.ask(worker.id, question("a", "fox")))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await gpu.ask(worker.id, question("ox")))["importance"] == [1.0]


async def test_a_worker_is_told_who_gave_up() -> None:
    written: list[Frame] = []

    async def send(frame: Frame) -> None:
        written.append(frame)

    line = Line(written.append, send)
    peer = Peer(Identity("w", "here", "cpu"), line, Patience(), lambda: None)
    asking = asyncio.create_task(peer.ask(question("a", "fox")))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [(each.kind, each.data["number"]) for each in written] == [("ask", 1), ("forget", 1)]


async def test_a_question_to_a_worker_that_dies_ends_with_it() -> None:
    async with simulated(crash_on=["poison"]) as executor:
        worker = await free_worker(executor)
        with pytest.raises(WorkerLost):
            await executor.ask(worker.id, question("a", "poison"))
        with pytest.raises(WorkerLost):
            await executor.ask(worker.id, question("a", "fox"))
        again = await free_worker(executor)
        assert again.id != worker.id
        assert (await executor.ask(again.id, question("ox")))["importance"] == [1.0]


async def test_a_refusal_is_raised_as_it_was_said() -> None:
    async with simulated(bad_input_on=["poison"]) as executor:
        worker = await free_worker(executor)
        with pytest.raises(RenderFailed, match="cannot be used") as refused:
            await executor.ask(worker.id, question("a", "poison"))
        assert refused.value.code == "bad_input"


async def test_nothing_is_kept_of_what_was_answered() -> None:
    questions = Questions()
    frame, answer = questions.put(question("a"))
    questions.hear({"number": frame.data["number"], "answer": {"importance": [1.0]}})
    questions.hear({"number": frame.data["number"], "answer": {"importance": [0.0]}})
    assert (await answer)["importance"] == [1.0]
    await asyncio.sleep(0)
    assert not questions._open
