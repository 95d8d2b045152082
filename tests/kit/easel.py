"""A whole Easel against the sandbox: real HTTP and WebSocket, real SQLite, real worker process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from bot.app import Core, core
from bot.chat.client import EaselBot
from bot.chat.pace import Pauses
from bot.domain.news import Tell
from bot.engine.local import LocalExecutor
from bot.engine.seam import Attempt, Event, Executor
from bot.sandbox import Sandbox
from bot.service.errand import Errands
from bot.settings import Secret, Settings
from tests.kit import blank, books
from tests.kit.beside import ERRANDS
from tests.kit.launcher import STEPS

QUICK = Pauses(away=(0.05,), rest=0.05, poll=0.1)
"""Nobody waits for seconds in a test."""


class Again(Loader):
    """Finds a module as it was executed for another bot of this run."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """It was."""


class QuickBot(EaselBot):
    """Identifies anew at once, where discord.py waits five seconds, and is ready soon after its
    last server, where that waits two. Features are executed, and commands said in all languages,
    once for a run."""

    _modules: ClassVar[dict[str, ModuleType]] = {}
    _commands: ClassVar[dict[str, list[Any]]] = {}

    async def setup_hook(self) -> None:
        self._connection.guild_ready_timeout = 0.1
        self.tree.sync = self._sync
        await super().setup_hook()

    async def _load_from_module_spec(self, spec: ModuleSpec, key: str) -> None:
        if key in self._modules:
            spec = ModuleSpec(key, Again(self._modules[key]))
        await super()._load_from_module_spec(spec, key)
        if key.startswith("cogs."):
            self._modules[key] = sys.modules[key]

    async def _call_module_finalizers(self, lib: ModuleType, key: str) -> None:
        if key not in self._modules:
            await super()._call_module_finalizers(lib, key)
            return
        # None of ours has any; discord.py looks through all modules of the process for parts of it.
        self._BotBase__extensions.pop(key, None)
        sys.modules.pop(key, None)

    async def _sync(self) -> list[Any]:
        tree, commands = self.tree, self.tree._get_all_commands(guild=None)
        key = json.dumps([each.to_dict(tree) for each in commands])
        if key not in self._commands:
            translator = tree.translator
            self._commands[key] = [
                await each.get_translated_payload(tree, translator) for each in commands
            ]
        said = self._commands[key]
        return await self.http.bulk_upsert_global_commands(self.application_id, payload=said)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The sandbox takes many at once."""


class SharedExecutor:
    """Passes everything on but the start and the end, which belong to the test run."""

    def __init__(self, executor: LocalExecutor) -> None:
        self._executor = executor
        self._drawing: set[asyncio.Task[Any]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)

    async def start(self) -> None:
        """It runs already."""

    def serve(self, cards: object) -> None:
        """It knows models that others still need."""

    async def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        task = asyncio.current_task()
        assert task is not None
        self._drawing.add(task)
        try:
            stream = self._executor.run_batch(worker_id, attempts)
            async with contextlib.aclosing(stream) as events:
                async for each in events:
                    yield each
        finally:
            self._drawing.discard(task)

    async def close(self, drain_s: float = 0) -> None:
        """Others still need it; what this test left is stopped with its streams."""
        for task in self._drawing:
            task.cancel()


@dataclass
class Easel:
    """A running bot with its sandbox."""

    sandbox: Sandbox
    core: Core
    bot: EaselBot
    settings: Settings

    async def settled(self) -> None:
        """Return when nothing is to be shown any more, and the database says where results are."""
        await books.settled(self.core.parts.jobs._database)


def settings_for(sandbox: Sandbox, folder: Path, **values: Any) -> Settings:
    return Settings(
        **{
            "discord_token": Secret(sandbox.token),
            "discord_api_url": sandbox.api_url,
            "data_dir": folder,
            "progress_seconds": 0.1,
            "model_steps": STEPS,
            "cpu_engine": "torch",
            "safety_model": "off",
            **values,
        }
    )


@contextlib.asynccontextmanager
async def running(
    sandbox: Sandbox, settings: Settings, executor: Executor | None = None,
    hears: Sequence[Tell] = (), errands: Errands = ERRANDS,
) -> AsyncIterator[Easel]:  # fmt: skip
    """Core and client connected to the sandbox until the block ends; `hears` hear what happens."""
    blank.put(settings.data_dir / "easel.sqlite3")
    async with core(settings, executor, errands, hears) as parts:
        bot = QuickBot(
            parts.service,
            settings.extensions,
            progress_seconds=settings.progress_seconds,
            api_url=settings.discord_api_url,
            supervisor=parts.supervisor,
            pauses=QUICK,
            tell=parts.watching.tell,
        )
        parts.watching.join(bot.presence.standing)
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
