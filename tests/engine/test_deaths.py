"""Workers that die, cannot be started or cannot be killed: who is blamed, and what goes on."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import types
from pathlib import Path

import psutil
import pytest

from bot.domain.errors import RenderFailed, SettingsError, WorkerLost
from bot.engine import channel
from bot.engine.blame import Retry
from bot.engine.local import SIMULATED, LocalExecutor
from bot.engine.patience import Patience
from bot.engine.seam import ROOM, Event, Failed, Progress
from tests.kit.workers import attempt, draw, failure, free_worker, pids, simulated, wait_until


async def test_a_model_that_kills_its_process_twice_is_left_out_and_others_are_drawn(
    tmp_path: Path,
) -> None:
    loads = tmp_path / "loads"
    executor = LocalExecutor(
        ["gpu"], "tests.engine.fakes:heavy", {"loads": str(loads)}, retry=Retry(backoff=0.01)
    )
    await executor.start()
    try:
        for number in (1, 2):
            with pytest.raises(WorkerLost, match="signal 9") as lost:
                await draw(
                    executor, await free_worker(executor), attempt(f"job{number}", model="heavy")
                )
            assert not lost.value.begun
        worker = await free_worker(executor)
        state = worker.models["heavy"]
        assert isinstance(state, Failed)
        assert state.text.startswith("The process was killed by signal 9 while loading Heavy: prob")
        assert worker.error is None
        assert (worker.room("heavy", 1), worker.room("embedded", 1)) == (0, ROOM)
        await executor.prepare(worker.id, ["heavy"], pin=True)
        with pytest.raises(RenderFailed) as refused:
            await draw(executor, worker, attempt("job3", model="heavy"))
        assert refused.value.code == "model_missing"
        assert (await free_worker(executor)).id == worker.id
        assert len((await draw(executor, worker, attempt("light"))).images) == 4
        assert loads.read_text().split() == ["heavy", "heavy", "embedded"]
    finally:
        await executor.close()


async def test_a_refused_model_is_loaded_again_when_its_time_has_come(tmp_path: Path) -> None:
    executor = LocalExecutor(
        ["gpu"],
        "tests.engine.fakes:heavy",
        {"loads": str(tmp_path / "loads")},
        retry=Retry(backoff=0.01, load_deaths=1, reload=0.0),
    )
    await executor.start()
    try:
        for _ in range(3):
            with pytest.raises(WorkerLost):
                await draw(executor, await free_worker(executor), attempt(model="heavy"))
        await free_worker(executor)
        assert failure(executor, "heavy")
    finally:
        await executor.close()


async def test_a_death_while_drawing_says_that_it_had_begun() -> None:
    async with simulated(crash_on=["crash"]) as executor:
        with pytest.raises(WorkerLost) as lost:
            await draw(executor, await free_worker(executor), attempt(text="crash"))
        assert lost.value.begun
        assert not lost.value.drawn


async def test_workers_that_die_before_they_can_draw_are_an_error_in_one_sentence() -> None:
    executor = LocalExecutor(["gpu"], "tests.engine.fakes:killed", retry=Retry(backoff=0.01))
    await executor.start()
    try:
        await wait_until(executor, lambda: any(w.error for w in executor.workers()))
        (worker,) = executor.workers()
        assert worker.error == (
            "The worker on gpu cannot start: its process was killed by signal 9: probably too "
            "little memory; take a smaller model, or give the machine more memory."
        )
        assert worker.slots_free == 0
    finally:
        await executor.close()


async def test_a_process_that_cannot_be_started_is_told_without_a_path_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = sys.executable
    locked = tmp_path / "python"
    locked.write_text("")
    monkeypatch.setattr(sys, "executable", str(locked))
    executor = LocalExecutor(["gpu"], SIMULATED, retry=Retry(backoff=0.01))
    await executor.start()
    try:
        await wait_until(executor, lambda: any(w.error for w in executor.workers()))
        (worker,) = executor.workers()
        assert worker.error == (
            "The worker on gpu cannot start: its process could not be started (Permission denied)."
        )
        monkeypatch.setattr(sys, "executable", python)
        assert (await free_worker(executor)).error is None
    finally:
        await executor.close()


async def test_a_worker_takes_no_notice_of_sigterm() -> None:
    before = pids()
    async with simulated(step_seconds=0.02) as executor:
        worker = await free_worker(executor)
        (pid,) = pids() - before

        async def terminate(event: Event) -> None:
            if isinstance(event, Progress) and event.step == 1:
                os.kill(pid, signal.SIGTERM)

        assert len((await draw(executor, worker, attempt(), terminate)).images) == 4
        assert (await free_worker(executor)).id == worker.id
    assert pid not in pids()


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux tells it")
async def test_a_worker_gives_way_within_our_session_and_hears_no_ctrl_c() -> None:
    before = pids()
    async with simulated() as executor:
        await free_worker(executor)
        (pid,) = pids() - before
        assert os.getsid(pid) == os.getsid(0)
        assert os.getpgid(pid) == pid
        assert {signal.SIGINT, signal.SIGTTOU} <= ignored(pid)


async def test_a_worker_that_cannot_be_killed_blocks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = pids()
    # A process that is known to hang is asked to end no more, however long it might be given.
    patience = Patience(silence=1.0, exit=3600, reap=0.2)
    async with simulated(patience=patience, step_seconds=0.02) as executor:
        worker = await free_worker(executor)
        (pid,) = pids() - before
        # As a process in a hanging driver: it does nothing, and signals wait outside.
        deaf = types.SimpleNamespace(**{**vars(os), "kill": lambda *_: None})
        monkeypatch.setattr(channel, "os", deaf)

        async def hang(event: Event) -> None:
            if isinstance(event, Progress) and event.step == 1:
                os.kill(pid, signal.SIGSTOP)

        with pytest.raises(WorkerLost, match="silent"):
            await draw(executor, worker, attempt(steps=1000), hang)
        await wait_until(executor, lambda: any(w.error for w in executor.workers()))
        (broken,) = executor.workers()
        assert broken.error
        assert "does not end although it was killed" in broken.error
        assert broken.slots_free == 0
        try:
            async with asyncio.timeout(20):
                await executor.close()
        finally:
            os.kill(pid, signal.SIGKILL)
            await reaped(pid)


async def test_a_system_without_sigkill_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(signal, "SIGKILL")
    with pytest.raises(SettingsError, match="Windows is not supported"):
        await LocalExecutor(["cpu"], SIMULATED).start()


async def reaped(pid: int) -> None:
    """Nobody waits for it any more: the loop still has to hear of its end, and of its pipes'."""
    async with asyncio.timeout(20):
        while psutil.pid_exists(pid):  # noqa: ASYNC110 - nobody could wake us
            await asyncio.sleep(0.01)
    for _ in range(10):
        await asyncio.sleep(0)


def ignored(pid: int) -> set[int]:
    """The signals that a process takes no notice of."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(re.findall(r"SigIgn:\s*(\w+)", status)[0], 16)
    return {number for number in range(1, 65) if mask & 1 << number - 1}
