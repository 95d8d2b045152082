"""A whole Easel against the sandbox: real HTTP and WebSocket, real SQLite, real worker process.

The bot runs in the test's own event loop (`easel`), or as a process that can be killed
(`tests/kit/process.py`). One diffusion worker serves the whole run.
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yarl
from discord import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.engine.local import LocalExecutor
from bot.engine.seam import Executor
from bot.models.cards import EMBEDDED_CARD
from bot.sandbox import Sandbox
from tests.kit.easel import Easel, Gate, SharedExecutor, running, settings_for
from tests.kit.launcher import simulated
from tests.kit.scene import Scene


@pytest.fixture(autouse=True)
def discord_addresses():
    """What `point_at` changes is put back."""
    route, gateway, asset = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = route, yarl.URL(gateway), asset


@pytest.fixture(scope="session", autouse=True)
def commands_checked_once() -> Iterator[None]:
    """A list of commands that the sandbox found right is so the next time."""
    place, right = "bot.sandbox.rest.commands.check_list", set[bytes]()
    check = pkgutil.resolve_name(place)

    def checked(found: object) -> list[dict[str, Any]]:
        digest = hashlib.sha256(json.dumps(found).encode()).digest()
        if digest not in right:
            check(found)
            right.add(digest)
        return found  # type: ignore[return-value]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, checked)
        yield


@pytest.fixture
def own_gate(tmp_path: Path) -> Gate:
    """For the workers of bots in processes of their own; closed until a test opens it."""
    one = Gate(tmp_path / "gate")
    one.close()
    return one


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    # Windows a tenth as long: the limits are kept, and nobody waits for seconds.
    async with Sandbox(port=0, rate_limits=0.1) as one:
        yield one


@pytest.fixture(scope="session")
async def simulated_worker(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[LocalExecutor, Gate]]:
    """One worker process for the whole run."""
    gate = Gate(tmp_path_factory.mktemp("gate") / "closed")
    executor = simulated(gate.path)
    await executor.start()
    yield executor, gate
    await executor.close()


@pytest.fixture(scope="session")
async def diffusion_worker(studio: LocalExecutor) -> LocalExecutor:
    """The worker of the whole run, with the embedded model in memory."""
    while not any(EMBEDDED_CARD.id in worker.loaded for worker in studio.workers()):
        version = studio.version
        for worker in studio.workers():
            await studio.prepare(worker.id, [EMBEDDED_CARD.id], pin=True)
        await studio.changed(version)
    return studio


@pytest.fixture
def gate(simulated_worker: tuple[LocalExecutor, Gate]) -> Iterator[Gate]:
    """Closed: "slow" prompts stop at a third of their way until the test opens it."""
    one = simulated_worker[1]
    one.close()
    yield one
    one.open()


@pytest.fixture
def quick(simulated_worker: tuple[LocalExecutor, Gate]) -> Executor:
    """The simulated worker as an executor that a bot may start and close."""
    return SharedExecutor(simulated_worker[0])


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> AsyncIterator[Easel]:
    """A bot whose engine is simulated and quick."""
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as one:
        yield one


@pytest.fixture
def mia(easel: Easel) -> Scene:
    return Scene(easel.sandbox, "Mia")


@pytest.fixture
def noah(easel: Easel) -> Scene:
    return Scene(easel.sandbox, "Noah")
