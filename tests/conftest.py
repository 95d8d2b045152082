"""What every process of a test run has one of: torch's threads, and a worker with models."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.domain.errors import StoreUnavailable
from bot.engine.local import LocalExecutor
from bot.service.overview import Overviews
from tests.kit.beside import ERRANDS
from tests.kit.colab import Machine
from tests.kit.workers import tiny_models

# How long an example takes says more about the machine than about the code.
settings.register_profile("easel", deadline=None)
settings.load_profile("easel")

# For torch here and in every worker, before any is loaded: threads that wait for each other take a
# hundred times as long for tiny tensors where the machine is busy, and a run has one for itself.
os.environ["OMP_NUM_THREADS"] = "1"

# Hundreds of processes are started, and extensions are loaded anew for each bot: what is compiled
# is kept for the next, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What a test writes is synced often, as the bot does it. A disk takes milliseconds each time, and
# memory none. It is less than 1 GiB in all.
_MEMORY = Path("/dev/shm")
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny models; the studio writes them when it starts. They are built once for
    all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ["TINY_MODELS"] = str(run / "tiny-models")
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
async def studio(models: Path) -> AsyncIterator[LocalExecutor]:
    """One worker that knows the embedded model and a tiny one of every form, and checks what it
    draws."""
    executor = tiny_models(models, "float32", safety="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")  # what is not on this disk is not there
        await executor.start()
        yield executor
        await executor.close()


@pytest.fixture(scope="session", autouse=True)
async def beside() -> AsyncIterator[None]:
    """What was started for errands ends with the run."""
    yield
    await ERRANDS.close()


@pytest.fixture
def chartless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts cannot be drawn, for tests that look at none: each takes another process a while."""

    async def none(*_: object) -> list[bytes]:
        raise StoreUnavailable("io", "not looked at")

    monkeypatch.setattr(Overviews, "charts", none)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "content")
