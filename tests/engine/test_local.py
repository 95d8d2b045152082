"""bot.engine.local over simulated engines: life, death and everything between."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bot import imaging
from bot.domain.errors import Busy, Cancelled, RenderFailed, WorkerLost
from bot.engine.blame import Retry
from bot.engine.local import LocalExecutor
from bot.engine.patience import Patience
from bot.engine.seam import (
    Attempt,
    Begun,
    Done,
    Event,
    Images,
    Loaded,
    Loading,
    LoadingModel,
    Preview,
    Progress,
)
from tests.kit.workers import (
    attempt,
    children,
    draw,
    failure,
    free_worker,
    pids,
    simulated,
    steps_until_cancelled,
    wait_until,
)


async def pid_of(executor: LocalExecutor, before: set[int]) -> int:
    """The process id of the one worker that is not in `before`."""
    await free_worker(executor)
    (child,) = [child for child in children() if child.pid not in before]
    return child.pid


async def test_an_attempt_says_everything_in_order(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    drawn = await draw(gpu, worker, attempt("whole"))
    assert [event.step for event in drawn.of(Progress)] == [1, 2, 3, 4, 5, 6]
    assert all(event.of == 6 for event in drawn.of(Progress))
    assert 1 <= len(drawn.of(Preview)) <= 4
    assert sorted(drawn.images) == [0, 1, 2, 3]
    assert imaging.decode(drawn.images[2]).size == (64, 64)
    assert isinstance(drawn.events[0], LoadingModel | Begun)
    assert isinstance(drawn.events[-1], Done)
    assert drawn.events[-1].seconds > 0
    times = [event.t for event in drawn.events]
    assert times == sorted(times)


async def test_only_the_missing_pictures_are_drawn(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    grid = await draw(gpu, worker, attempt("grid"))
    worker = await free_worker(gpu)
    rest = await draw(gpu, worker, attempt("grid", indices=(1, 3), no=2))
    assert rest.images == {index: grid.images[index] for index in (1, 3)}


async def test_loaded_models_are_known(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    await gpu.prepare(worker.id, ["another"])
    await wait_until(gpu, lambda: "another" in gpu.workers()[0].loaded)
    assert gpu.workers()[0].id == worker.id


async def test_workers_are_looked_at_anew_only_when_something_changed(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    before = gpu.workers()
    assert gpu.workers() is before
    await draw(gpu, worker, attempt("anew"))
    assert gpu.workers() is not before


async def test_a_full_worker_is_busy(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    refused: list[type[Exception]] = []

    async def try_again(event: Event) -> None:
        if not isinstance(event, Progress) or refused:
            return
        assert gpu.workers()[0].slots_free == 0
        try:
            await draw(gpu, worker, attempt("second"))
        except Busy:
            refused.append(Busy)

    await draw(gpu, worker, attempt("first"), try_again)
    assert refused == [Busy]
    with pytest.raises(Busy):
        await anext(gpu.run_batch(worker.id, [attempt("one"), attempt("two")]))


async def test_the_slot_is_free_when_drawing_ended_not_when_encoding_did(
    gpu: LocalExecutor,
) -> None:
    worker = await free_worker(gpu)
    free: list[int] = []

    async def look(event: Event) -> None:
        if isinstance(event, Images):
            free.append(gpu.workers()[0].slots_free)

    # The pictures are large, so they are encoded well after drawing ended.
    await draw(gpu, worker, attempt("big", width=2048, height=2048, steps=1), look)
    assert free[0] == worker.slots_free


@pytest.mark.parametrize("code", ["bad_input", "out_of_memory", "error"])
async def test_failures_have_a_code(gpu: LocalExecutor, code: str) -> None:
    worker = await free_worker(gpu)
    word = {"error": "fail"}.get(code, code)
    with pytest.raises(RenderFailed) as caught:
        await draw(gpu, worker, attempt("bad", text=f"please {word}"))
    assert caught.value.code == code
    assert caught.value.retryable == (code == "out_of_memory")
    assert "\n" not in str(caught.value)
    again = await free_worker(gpu)
    assert again.id == worker.id


async def test_a_bug_in_the_engine_is_the_jobs_failure(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    incomplete = Attempt("odd", 1, "embedded", (0,), {"text": "no size at all"})
    with pytest.raises(RenderFailed) as caught:
        await draw(gpu, worker, incomplete)
    assert caught.value.code == "error"
    assert (await free_worker(gpu)).id == worker.id


async def test_cancel_stops_within_a_step(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    long = attempt("long", steps=5000)
    assert await steps_until_cancelled(gpu, worker, long) < 100
    await gpu.cancel(worker.id, "long", 1)
    await gpu.cancel("no such worker", "long", 1)
    await draw(gpu, await free_worker(gpu), attempt("after"))


async def test_a_cancel_of_another_attempt_does_nothing(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)

    async def cancel(event: Event) -> None:
        await gpu.cancel(worker.id, "fenced", 1)

    drawn = await draw(gpu, worker, attempt("fenced", no=2), cancel)
    assert len(drawn.images) == 4


async def test_an_abandoned_run_is_cancelled(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    stream = gpu.run_batch(worker.id, [attempt("left", steps=100_000)])
    async for _, event in stream:
        if isinstance(event, Progress):
            break
    await stream.aclose()  # type: ignore[attr-defined]
    assert (await free_worker(gpu)).id == worker.id


async def test_stray_prints_do_not_break_frames(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    drawn = await draw(gpu, worker, attempt("chatty", text="please print"))
    assert len(drawn.images) == 4
    assert (await free_worker(gpu)).id == worker.id


async def test_a_crash_loses_the_worker_and_another_takes_its_place(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    with pytest.raises(WorkerLost, match="signal 9"):
        await draw(gpu, worker, attempt("deadly", text="please crash"))
    assert worker.id not in {one.id for one in gpu.workers() if one.slots_free}
    with pytest.raises(WorkerLost):
        await draw(gpu, worker, attempt("late"))
    with pytest.raises(WorkerLost):
        await gpu.prepare(worker.id, ["embedded"])
    another = await free_worker(gpu)
    assert another.id != worker.id
    assert len((await draw(gpu, another, attempt("deadly", no=2))).images) == 4


async def test_kill_recycles_a_worker_that_hangs(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    run = asyncio.create_task(draw(gpu, worker, attempt("stuck", text="please hang")))
    await wait_until(gpu, lambda: gpu.workers()[0].slots_free == 0)
    await gpu.kill(worker.id)
    await gpu.kill(worker.id)
    with pytest.raises(WorkerLost, match="did not answer"):
        await run
    assert (await free_worker(gpu)).id != worker.id


async def test_an_abandoned_run_that_hangs_is_killed() -> None:
    async with simulated(patience=Patience(grace=0.1), hang_on=["hang"]) as executor:
        worker = await free_worker(executor)
        stream = executor.run_batch(worker.id, [attempt("stuck", text="hang")])
        async for _, event in stream:
            if isinstance(event, Progress):
                break
        await stream.aclose()  # type: ignore[attr-defined]
        assert (await free_worker(executor)).id != worker.id


async def test_silence_is_noticed() -> None:
    before = pids()
    async with simulated(patience=Patience(silence=1.0), step_seconds=0.05) as executor:
        pid = await pid_of(executor, before)
        worker = await free_worker(executor)

        async def stop(event: Event) -> None:
            if isinstance(event, Progress) and event.step == 1:
                os.kill(pid, signal.SIGSTOP)

        with pytest.raises(WorkerLost, match="silent"):
            await draw(executor, worker, attempt("frozen", steps=1000), stop)
        assert (await free_worker(executor)).id != worker.id
        assert not psutil.pid_exists(pid)


async def test_a_stalled_step_is_noticed_although_the_heart_beats() -> None:
    patience = Patience(stall=0.5, first_step=0.5)
    async with simulated(patience=patience, hang_on=["hang"], load_seconds=1.0) as executor:
        worker = await free_worker(executor)
        # Loading takes longer than a step may.
        assert len((await draw(executor, worker, attempt("slow load"))).images) == 4
        worker = await free_worker(executor)
        with pytest.raises(WorkerLost, match="no step"):
            await draw(executor, worker, attempt("stuck", text="hang"))
        assert (await free_worker(executor)).id != worker.id


async def test_a_killed_worker_is_replaced() -> None:
    before = pids()
    async with simulated(step_seconds=0.05) as executor:
        pid = await pid_of(executor, before)
        worker = await free_worker(executor)
        await executor.prepare(worker.id, ["pinned"], pin=True)
        await executor.prepare(worker.id, ["loose"])

        async def kill(event: Event) -> None:
            if isinstance(event, Progress):
                os.kill(pid, signal.SIGKILL)

        with pytest.raises(WorkerLost):
            await draw(executor, worker, attempt("mid", steps=1000), kill)
        another = await free_worker(executor)
        assert another.id != worker.id
        await wait_until(executor, lambda: "pinned" in executor.workers()[0].loaded)
        assert "loose" not in executor.workers()[0].loaded


async def test_a_worker_is_loading_from_the_moment_that_it_is_ready() -> None:
    async with simulated(load_seconds=0.1) as executor:
        await wait_until(executor, lambda: bool(executor.workers()))
        await executor.prepare(executor.workers()[0].id, ["embedded"], pin=True)
        for _ in range(2):
            worker = await free_worker(executor)
            assert isinstance(worker.models["embedded"], Loading)
            await wait_until(executor, lambda: bool(executor.workers()[0].loaded))
            await executor.kill(worker.id)


async def test_a_missing_model_is_one_sentence_until_it_is_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    missing.touch()
    async with simulated(missing=str(missing)) as executor:
        worker = await free_worker(executor)
        await executor.prepare(worker.id, ["embedded"])
        await wait_until(executor, lambda: bool(failure(executor)))
        (told,) = executor.workers()
        assert failure(executor) == told.trouble == "The model embedded is not there."
        assert told.error is None
        assert told.id == worker.id
        assert not told.loaded
        with pytest.raises(RenderFailed) as caught:
            await draw(executor, worker, attempt())
        assert caught.value.code == "model_missing"
        missing.unlink()
        await executor.prepare(worker.id, ["embedded"])
        await wait_until(executor, lambda: bool(executor.workers()[0].loaded))
        state = executor.workers()[0].models["embedded"]
        assert isinstance(state, Loaded)
        assert 0 < state.took_s < state.since
        assert len((await draw(executor, await free_worker(executor), attempt())).images) == 4


async def test_another_models_failure_leaves_a_loaded_model_alone(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    async with simulated(missing=str(missing)) as executor:
        worker = await free_worker(executor)
        await draw(executor, worker, attempt())
        missing.touch()
        with pytest.raises(RenderFailed):
            await draw(executor, await free_worker(executor), attempt("old", model="gone"))
        told = await free_worker(executor)
        assert failure(executor, "gone")
        assert told.loaded == {"embedded"}
        assert told.trouble is None
        assert told.room("embedded", 64 * 64) > told.room("gone", 64 * 64) == 0
        # Ordering what is loaded already ends with the state being told as well.
        seen = executor.version
        await executor.prepare(worker.id, ["embedded"])
        async with asyncio.timeout(10):
            await executor.changed(seen)
        await draw(executor, await free_worker(executor), attempt("next"))


async def test_a_job_says_when_it_begins_after_the_model_was_loaded() -> None:
    async with simulated() as executor:
        drawn = await draw(executor, await free_worker(executor), attempt())
    kinds = [type(event) for event in drawn.events]
    assert kinds.count(Begun) == 1
    assert kinds.index(LoadingModel) < kinds.index(Begun) < kinds.index(Progress)


async def test_a_job_sent_while_the_model_loads_is_told_and_can_be_cancelled() -> None:
    async with simulated(load_seconds=3.0) as executor:
        worker = await free_worker(executor)
        await executor.prepare(worker.id, ["embedded"])
        kinds: list[type] = []

        async def cancel(event: Event) -> None:
            kinds.append(type(event))
            await executor.cancel(worker.id, "job", 1)

        with pytest.raises(Cancelled):
            await draw(executor, worker, attempt(), cancel)
        assert kinds
        assert set(kinds) == {LoadingModel}
        assert not executor.workers()[0].loaded  # it did not wait for the model


async def test_an_engine_that_cannot_be_made_is_told_and_tried_again() -> None:
    executor = LocalExecutor(["gpu"], "tests.engine.fakes:broken", {}, retry=Retry(backoff=0.01))
    await executor.start()
    try:
        await wait_until(executor, lambda: any(w.error for w in executor.workers()))
        (worker,) = executor.workers()
        assert worker.error
        assert "the driver is older than the library" in worker.error
        assert worker.slots_free == 0
        first = worker.id
        await wait_until(executor, lambda: any(w.id != first for w in executor.workers()))
    finally:
        await executor.close()


async def test_every_device_has_its_worker() -> None:
    async with simulated(devices=("one", "two"), step_seconds=0.05) as executor:
        await wait_until(executor, lambda: sum(w.slots_free > 0 for w in executor.workers()) == 2)
        one, two = executor.workers()
        assert {one.device, two.device} == {"one", "two"}
        results = await asyncio.gather(
            draw(executor, one, attempt("a")), draw(executor, two, attempt("b"))
        )
        assert [len(result.images) for result in results] == [4, 4]


async def test_close_waits_for_what_is_drawn() -> None:
    before = pids()
    async with simulated(step_seconds=0.05) as executor:
        worker = await free_worker(executor)
        run = asyncio.create_task(draw(executor, worker, attempt("last", steps=20)))
        await wait_until(executor, lambda: executor.workers()[0].slots_free == 0)
        await executor.close(drain_s=30)
        assert len((await run).images) == 4
        assert executor.workers() == []
    assert pids() <= before


async def test_close_ends_what_does_not_end() -> None:
    before = pids()
    async with simulated(hang_on=["hang"]) as executor:
        worker = await free_worker(executor)
        run = asyncio.create_task(draw(executor, worker, attempt("stuck", text="hang")))
        await wait_until(executor, lambda: executor.workers()[0].slots_free == 0)
        await executor.close()
        with pytest.raises(WorkerLost, match="shut down"):
            await run
    assert pids() <= before


_BOT = """
import asyncio, sys
from bot.engine.local import SIMULATED, LocalExecutor

async def main():
    executor = LocalExecutor(["gpu"], SIMULATED, {})
    await executor.start()
    while not any(worker.slots_free for worker in executor.workers()):
        await executor.changed(executor.version)
    heavy = {"torch", "diffusers", "transformers", "numpy"} & set(sys.modules)
    print(executor.process(executor.workers()[0].id), *sorted(heavy), flush=True)
    if sys.argv[1] == "close":
        await executor.close()
    else:
        await asyncio.sleep(600)

asyncio.run(main())
"""


def _bot(how: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", _BOT, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
    )


def test_a_process_that_closes_says_nothing_and_never_imports_torch() -> None:
    with _bot("close") as bot:
        out, err = bot.communicate(timeout=60)
        pid, *heavy = out.split()
        assert heavy == []
        assert err == ""
        assert bot.returncode == 0
        assert not psutil.pid_exists(int(pid))


def test_a_worker_does_not_outlive_its_bot() -> None:
    with _bot("stay") as bot:
        assert bot.stdout
        worker = psutil.Process(int(bot.stdout.readline().split()[0]))
        bot.kill()
        bot.wait(timeout=60)
        gone, alive = psutil.wait_procs([worker], timeout=60)
        assert gone
        assert not alive
