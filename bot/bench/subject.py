"""The measured process: a whole bot, as `python -m bot run` makes it, that also observes itself.

Its first line of input is an `Order`; "mark" then begins a measurement and "report" tells what was
seen since. Knows nothing about what its users do: they live with the sandbox in the bench.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bot.app import Core, core, model_of
from bot.bench import child, memory
from bot.bench.bare import Bare
from bot.bench.drawings import Watched
from bot.bench.order import Order
from bot.bench.ticker import Ticker
from bot.chat.client import EaselBot
from bot.engine.devices import devices
from bot.engine.local import DIFFUSION
from bot.executors import converted_folder, worker_options
from bot.ops.garbage import settle
from bot.settings import Secret, Settings


class Subject:
    """What is observed in this process."""

    def __init__(self, watched: Watched | None, parts: Core | None = None) -> None:
        self.ticker = Ticker()
        self._watched = watched
        self._parts = parts
        self._cpu = 0.0

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """ "mark" forgets, "report" tells; see the module."""
        if asked["ask"] == "mark":
            self.ticker.mark()
            memory.forget_peak()
            self._cpu = time.process_time()
            if self._watched:
                self._watched.drawings.clear()
            return {}
        return {
            "cpu": time.process_time() - self._cpu,
            "memory": memory.held(),
            "torch": "torch" in sys.modules,
            "lag": self.ticker.samples,
            "work": self.ticker.work,
            "drawings": [dataclasses.astuple(each) for each in self._drawings()],
            "devices": [worker.device for worker in self._workers()],
            "tasks": len(asyncio.all_tasks()),
            "queue": self._queue(),
        }

    def _queue(self) -> int:
        """Jobs that wait, wherever."""
        if self._parts is None:
            return 0
        census = self._parts.dispatcher.census(time.time())
        return sum(census.waiting.values()) + census.aside

    def _drawings(self) -> list[Any]:
        return self._watched.drawings if self._watched else []

    def _workers(self) -> list[Any]:
        return list(self._watched.workers()) if self._watched else []


def _settings(order: Order) -> Settings:
    return Settings(
        discord_token=Secret(order.token),
        discord_api_url=order.api_url,
        data_dir=Path(order.folder),
        # What a simulated card draws is looked at by nobody.
        safety_model="off" if order.engine else "",
        **order.settings,
    )


def _executor(order: Order, settings: Settings) -> Watched:
    if order.engine:
        return Watched(["simulated"], order.engine, order.options)
    options = worker_options(settings, [model_of(settings).card], converted_folder(settings))
    return Watched(devices(settings.device, os.environ), DIFFUSION, options)


@contextlib.asynccontextmanager
async def _bot(
    order: Order,
) -> AsyncIterator[tuple[EaselBot | Bare, Watched | None, Core | None]]:
    settings = _settings(order)
    if order.bare:
        yield Bare(order.api_url), None, None
        return
    watched = _executor(order, settings)
    async with core(settings, watched) as parts:
        yield (
            EaselBot(
                parts.service,
                settings.extensions,
                progress_seconds=settings.progress_seconds,
                api_url=settings.discord_api_url,
                supervisor=parts.supervisor,
            ),
            watched,
            parts,
        )


async def main() -> None:
    """Serve until standard input ends."""
    reader = await child.standard_input()
    order = Order(**json.loads(await reader.readline()))
    _log_to(Path(order.folder) / "bench.log")
    settle()
    async with _bot(order) as (bot, watched, parts), bot:
        subject = Subject(watched, parts)
        ticking = asyncio.create_task(subject.ticker.run() if order.ticking else asyncio.sleep(0))
        serving = asyncio.create_task(bot.start(order.token))
        asking = asyncio.create_task(child.serve(subject.answer, reader))
        child.say({"started": True})
        await asyncio.wait({serving, asking}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ticking, asking):
            task.cancel()
        await bot.close()
        await serving


def _log_to(file: Path) -> None:
    """As much as the bot logs by default, so that it costs as much."""
    file.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level="INFO", filename=file)
    logging.getLogger("discord.http").setLevel(logging.ERROR)


if __name__ == "__main__":
    asyncio.run(main())
