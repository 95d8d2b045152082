"""bot.engine.spinning: threads spin on an idle machine and sleep beside somebody who works."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bot.engine import local, spinning
from bot.engine.channel import environment
from bot.engine.seam import Begun, Event
from bot.engine.spinning import LOOKS, SLEEPING, SPINNING, Habit, chosen, waiting
from tests.kit.workers import attempt, draw, free_worker, simulated


@pytest.mark.parametrize(
    ("idle", "cores", "found"),
    [(2.0, 2, SPINNING), (1.9, 2, SPINNING), (1.0, 2, SLEEPING), (0.0, 1, SLEEPING),
     (1.7, 2, SLEEPING)],
)  # fmt: skip
def test_all_cores_must_be_free(idle: float, cores: int, found: dict[str, str]) -> None:
    assert chosen(idle, cores) == found


@pytest.fixture
def busy() -> Iterator[None]:
    """Somebody who works on every core."""
    program = "while True: pass"
    cores = range(len(os.sched_getaffinity(0)))
    others = [subprocess.Popen([sys.executable, "-c", program]) for _ in cores]
    yield
    for other in others:
        other.kill()
        other.wait()


async def test_beside_somebody_who_works_threads_sleep(busy: None) -> None:
    assert await waiting("cpu", {}) == SLEEPING


@pytest.mark.parametrize("text", ["", "cpu0", "cpu0 a b c d e", "cpu 1 1 1 1 1"])
async def test_where_the_system_does_not_tell_they_sleep(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stat").write_text(text)
    monkeypatch.setattr(spinning, "_STAT", tmp_path / "stat")
    assert await waiting("cpu", {}) == SLEEPING


async def test_an_idle_machine_is_seen_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, ticks = tmp_path / "stat", os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(spinning, "_STAT", stat)
    cores = os.sched_getaffinity(0)

    def tell(niced: int) -> None:
        stat.write_text("".join(f"cpu{core} 10 {niced} 10 1000 0 0 0 0 0 0\n" for core in cores))

    tell(0)
    looking = asyncio.create_task(waiting("auto", {"converted": ""}))
    await asyncio.sleep(0)
    tell(50 * ticks)
    assert await looking == SPINNING


@pytest.mark.parametrize(
    ("engine", "options"), [("cuda", {}), ("simulated", {}), ("cpu", {"converted": "converted"})]
)
async def test_where_torch_does_not_draw_on_the_processor_they_sleep(
    engine: str, options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spinning, "chosen", lambda idle, cores: SPINNING)
    assert await waiting("cpu", {}) == SPINNING
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "openvino")
    assert await waiting(engine, options) == SLEEPING
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert await waiting("cpu", {"converted": "converted"}) == SPINNING


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_what_the_operator_has_set_wins(name: str) -> None:
    made = environment({name: "9"}, "/", {}, {"OMP_WAIT_POLICY": "passive"})
    assert {key: made[key] for key in made if "OMP" in key} == {name: "9"}


class Machine:
    """Told of by a file as Linux tells of one; looked at as quickly as one likes."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._stat = folder / "stat"
        self._idle = self._now = 0.0
        patch.setattr(spinning, "_STAT", self._stat)
        patch.setattr(spinning.time, "monotonic", lambda: self._now)
        self.spend(0.0)

    def spend(self, idle: float) -> None:
        """A second in which so many cores were idle, or at what is niced."""
        cores = os.sched_getaffinity(0)
        self._now += 1.0
        self._idle += idle / len(cores) * os.sysconf("SC_CLK_TCK")
        rows = (f"cpu{core} 9 {round(self._idle)} 9 9 0 0 0 0 0 0\n" for core in cores)
        self._stat.write_text("".join(rows))


def test_a_process_is_of_another_machine_after_many_looks_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores = len(os.sched_getaffinity(0))
    machine = Machine(tmp_path, monkeypatch)
    habit = Habit(SPINNING)

    def look(idle: float) -> bool:
        machine.spend(idle)
        return habit.look()

    shared, free = cores - 1.0, float(cores)
    assert [look(shared) for _ in range(LOOKS - 1)] == [False] * (LOOKS - 1)
    assert not look(free)  # a build was over
    assert [look(shared) for _ in range(LOOKS)] == [False] * (LOOKS - 1) + [True]
    spinning._STAT.write_text("")
    assert not habit.look()


async def test_a_resting_worker_is_replaced_where_its_machine_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = SPINNING
    monkeypatch.setattr(local, "EVERY_S", 0.02)
    monkeypatch.setattr(spinning, "LOOKS", 2)
    monkeypatch.setattr(spinning, "chosen", lambda idle, cores: machine)
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    async with simulated(("cpu",), step_seconds=0.02) as executor:
        first = await free_worker(executor)
        assert _waits(executor, first.id) == SPINNING

        async def share(event: Event) -> None:
            nonlocal machine
            if isinstance(event, Begun):
                machine = SLEEPING

        drawn = await draw(executor, first, attempt("a", steps=40), share)
        assert len(drawn.images) == 4  # nobody lost a worker over it
        while (second := await free_worker(executor)).id == first.id:
            await executor.changed(executor.version)
        assert _waits(executor, second.id) == SLEEPING


def _waits(executor: local.LocalExecutor, worker: str) -> dict[str, str]:
    process = executor.process(worker)
    assert process
    told = psutil.Process(process).environ()
    return {name: told[name] for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT") if name in told}
