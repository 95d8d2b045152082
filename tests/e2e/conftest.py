"""A whole Easel against the sandbox: real HTTP and WebSocket, real SQLite, real worker process.

The bot runs in the test's own event loop (`easel`), or as a process that can be killed
(`tests/e2e/process.py`). One diffusion worker serves the whole run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yarl
from discord import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app import Core, core
from bot.chat.client import EaselBot
from bot.engine.local import LocalExecutor
from bot.engine.seam import Executor
from bot.models.cards import EMBEDDED_CARD
from bot.sandbox import Sandbox
from bot.settings import Secret, Settings
from tests.e2e.launcher import STEPS, simulated


class SharedExecutor:
    """Passes everything on but the start and the end, which belong to the test run."""

    def __init__(self, executor: LocalExecutor) -> None:
        self._executor = executor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)

    async def start(self) -> None:
        """It runs already."""

    async def close(self, drain_s: float = 0) -> None:
        """Others still need it; what this test left is stopped with its streams."""


@pytest.fixture(autouse=True)
def discord_addresses():
    """What `point_at` changes is put back."""
    route, gateway, asset = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = route, yarl.URL(gateway), asset


@dataclass
class Easel:
    """A running bot with its sandbox."""

    sandbox: Sandbox
    core: Core
    bot: EaselBot
    settings: Settings


def settings_for(sandbox: Sandbox, folder: Path, **values: Any) -> Settings:
    return Settings(
        **{
            "discord_token": Secret(sandbox.token),
            "discord_api_url": sandbox.api_url,
            "data_dir": folder,
            "progress_seconds": 0.1,
            "model_steps": STEPS,
            **values,
        }
    )


@contextlib.asynccontextmanager
async def running(
    sandbox: Sandbox, settings: Settings, executor: Executor | None = None
) -> AsyncIterator[Easel]:
    """Core and client connected to the sandbox until the block ends."""
    async with core(settings, executor) as parts:
        bot = EaselBot(
            parts.service,
            settings.extensions,
            progress_seconds=settings.progress_seconds,
            api_url=settings.discord_api_url,
        )
        async with bot:
            serving = asyncio.create_task(bot.start(settings.discord_token.reveal()))
            ready = asyncio.create_task(sandbox.bot_ready())
            done, _ = await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
            if serving in done:
                ready.cancel()
                await serving
            try:
                yield Easel(sandbox, parts, bot, settings)
            finally:
                await bot.close()
                await serving


class Gate:
    """A file at which prompts with the word "slow" wait while it exists."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        self.path.touch()

    def open(self) -> None:
        self.path.unlink(missing_ok=True)


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
