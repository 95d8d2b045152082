"""What is asked of a worker and made of its answers, with workers that draw by themselves."""

from __future__ import annotations

import asyncio

import pytest

from bot.bench.model.drawn import Drawn, Grid, Measurement, Surroundings, request_of, rounds
from bot.domain.errors import EaselError, InvalidPrompt, RenderFailed
from bot.domain.size import Size
from bot.engine.seam import Failed, Loaded, LoadingModel, Progress, Worker
from bot.models.cards import EMBEDDED_CARD
from bot.models.catalogue import Catalogue
from bot.service.choice import Choice
from tests.kit.executor import FakeExecutor, Run


class Witness:
    """Surroundings that keep what they were told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.looks = 0
        self.under_way: list[bool] = []

    async def prepared(self) -> bool:
        self.said.append("prepared")
        return bool(self.under_way) and self.under_way.pop(0)

    async def look(self, worker: Worker) -> None:
        self.looks += 1

    @property
    def around(self) -> Surroundings:
        return Surroundings(self.said.append, self.prepared, self.look)


async def measured(
    executor: FakeExecutor, witness: Witness | None = None, *, quick: bool = False
) -> Drawn:
    witness = witness or Witness()
    choice = Choice(count=2, width=64, height=96, steps=3)
    measurement = Measurement(executor, Catalogue(EMBEDDED_CARD), choice, witness.around)
    return await measurement.run(0.0, quick=quick)


def step_by_step(run: Run) -> None:
    """Three steps, half a second apart."""
    for step in range(3):
        run.put(Progress(step + 1, 3, t=100 + step / 2))


async def test_every_job_is_as_asked_and_none_is_like_another() -> None:
    executor = FakeExecutor(automatic=True)
    drawn = await measured(executor, quick=True)
    requests = [run.attempt.request for run in executor.runs]
    assert {(one["width"], one["height"], one["steps"]) for one in requests} == {(64, 96, 3)}
    assert all(run.attempt.indices == (0, 1) and run.attempt.upload_limit for run in executor.runs)
    assert len({one["text"] for one in requests}) == len({tuple(one["seeds"]) for one in requests})
    assert len({one["text"] for one in requests}) == len(requests) == 1 + 1 + 2
    assert drawn.crowd == 2
    assert drawn.request.size == Size(64, 96)


async def test_what_makes_it_faster_is_waited_for_before_anything_counts() -> None:
    witness = Witness()
    await measured(FakeExecutor(automatic=True), witness, quick=True)
    order = [said for said in witness.said if said != "waiting for what makes it faster"]
    assert order == [
        "starting a worker", "loading the model", "drawing the first grid", "prepared",
        "drawing alone, 1 of 1", "prepared", "drawing 2 that wait", "prepared",
    ]  # fmt: skip
    assert witness.looks == 3


async def test_what_is_compiled_for_a_measurement_is_measured() -> None:
    """As a card does: for a lonely grid after some, for each size of a company after others."""
    witness = Witness()
    witness.under_way = [False, True, False, True, True, False]
    drawn = await measured(FakeExecutor(automatic=True), witness, quick=True)
    drawings = [said for said in witness.said if said.startswith("drawing")]
    alone, with_it, together = "drawing alone, 1 of 1", "drawing with it", "drawing 2 that wait"
    assert drawings == [
        "drawing the first grid", alone, with_it, alone,
        together, with_it, together, with_it, together,
    ]  # fmt: skip
    assert drawn.preparing > 0


async def test_what_is_taken_up_while_many_wait_is_measured_anew() -> None:
    executor, witness = FakeExecutor(automatic=True), Witness()

    def speed_up(run: Run) -> None:
        if len(executor.runs) == 3:
            run.put(LoadingModel("speeding up"))

    executor.on_start = speed_up
    await measured(executor, witness, quick=True)
    assert witness.said.count("drawing 2 that wait") == 2


async def test_there_may_be_nothing_to_wait_for() -> None:
    assert (await measured(FakeExecutor(automatic=True), quick=True)).preparing == 0


async def test_steps_are_timed_by_the_worker() -> None:
    executor = FakeExecutor(automatic=True)
    executor.on_start = step_by_step
    assert (await measured(executor, quick=True)).step == 0.5


async def test_what_another_engine_drew_before_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = FakeExecutor(automatic=True)

    def become_quicker(_: Run) -> None:
        engine = "slow" if len(executor.runs) < 5 else "quick"
        monkeypatch.setattr("tests.kit.executor.ENGINE", engine)

    executor.on_start = become_quicker
    drawn = await measured(executor)
    assert drawn.engine == "quick"
    assert {grid.engine for grid in drawn.alone} == {"quick"}
    assert len(drawn.alone) >= 3


async def test_the_model_is_asked_for_as_its_files_say() -> None:
    executor = FakeExecutor(automatic=True, models=())

    async def prepare(worker_id: str, models: list[str], pin: bool = False) -> None:
        executor.alter(worker_id, models={model: Loaded({"steps": 9}) for model in models})

    executor.prepare = prepare  # type: ignore[method-assign]
    measurement = Measurement(executor, Catalogue(EMBEDDED_CARD), Choice(), Witness().around)
    assert (await measurement.run(0.0, quick=True)).request.sampling.steps == 9


async def test_a_model_that_cannot_be_loaded_is_a_sentence() -> None:
    executor = FakeExecutor(models=())
    [worker] = executor.workers()
    executor.unloadable[worker.id] = Failed("The model is not there.")
    with pytest.raises(EaselError, match="The model is not there"):
        await measured(executor)


async def test_a_worker_that_cannot_start_is_a_sentence() -> None:
    executor = FakeExecutor(0)
    task = asyncio.create_task(measured(executor))
    await asyncio.sleep(0)
    executor.join(error="The worker cannot start.", models={}, slots_free=0)
    with pytest.raises(EaselError, match="The worker cannot start"):
        await task


async def test_what_cannot_be_drawn_is_told() -> None:
    executor = FakeExecutor(automatic=True)

    def fail(run: Run) -> None:
        run.put(RenderFailed("out_of_memory", "Too little memory."))

    executor.on_start = fail
    with pytest.raises(RenderFailed, match="Too little memory"):
        await measured(executor)


def test_quick_models_are_drawn_with_often_and_slow_ones_a_few_times() -> None:
    assert [rounds(seconds, 3, 9) for seconds in (0.0, 0.1, 3.0, 100.0)] == [9, 9, 5, 3]


def test_a_size_that_the_model_does_not_draw_is_refused() -> None:
    with pytest.raises(InvalidPrompt, match="multiple of 8"):
        request_of(EMBEDDED_CARD, Choice(width=100))


def test_medians_and_rates() -> None:
    alone = [Grid(seconds, [seconds / 10] * 3, "fake") for seconds in (1.0, 9.0, 2.0)]
    request = request_of(EMBEDDED_CARD, Choice(count=2))
    drawn = Drawn(request, "fake", 1.0, 2.0, alone[0], 0.0, alone, crowd=6, crowd_s=4.0)
    assert (drawn.grid, drawn.step, drawn.images_per_second) == (2.0, 0.2, 3.0)
