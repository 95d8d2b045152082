"""One measurement of one model, from the settings to the report."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.app import catalogue_of
from bot.bench import memory
from bot.bench.child import Child, Message
from bot.bench.model.card_memory import CardMemory
from bot.bench.model.drawn import Drawn, Measurement, Surroundings, request_of
from bot.bench.model.report import Processor, Report
from bot.commands.check import runs
from bot.domain.errors import EaselError, EngineError
from bot.engine.devices import device, devices
from bot.engine.local import LocalExecutor
from bot.engine.seam import Worker
from bot.executors import compiled_folder, converted_folder, engine_options, local_executor
from bot.models.catalogue import Catalogue
from bot.service.choice import Choice
from bot.settings import Settings
from bot.worker.converted.store import Store

_POLL_S = 0.2
_DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
_ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}
"""Or a busy neighbour would slow products down many times."""
_PROCESSOR = "bot.bench.model.processor"


@dataclass(frozen=True)
class Wanted:
    """What is to be measured; what is None in `choice` is as the model likes it. `price` is of an
    hour of this machine."""

    choice: Choice = field(default_factory=Choice)
    price: float | None = None
    quick: bool = False


async def measure(settings: Settings, wanted: Wanted, say: Callable[[str], None]) -> Report:
    """Draw with the model of the settings on their first device.

    Raises UserError for what it cannot be asked for, EaselError when it cannot draw, or when a bot
    draws on this machine meanwhile.
    """
    if runs(settings):
        raise EaselError(
            "A bot runs with these settings, and would be measured too; stop it first."
        )
    settings = replace(settings, device=devices(settings.device, os.environ)[0])
    catalogue = catalogue_of(settings)
    request_of(catalogue.default, wanted.choice)  # what is wrong is said before anything is loaded
    memory_of = _Memory()
    drawn = await _drawn(settings, catalogue, wanted, say, memory_of)
    processor, notes = await _processor(settings, catalogue, drawn, say)
    return Report(
        catalogue.default, drawn, processor, memory_of.worker_mib, memory_of.card.peak_mib,
        wanted.price, notes,
    )  # fmt: skip


class _Memory:
    """The most that the worker and its card were seen to hold, in MiB."""

    def __init__(self) -> None:
        self.card = CardMemory()
        self.worker_mib: float | None = None

    async def look(self, executor: LocalExecutor, worker: Worker) -> None:
        if process := executor.process(worker.id):
            self.worker_mib = memory.peak_of(process) or self.worker_mib
        await asyncio.to_thread(self.card.look)


async def _drawn(
    settings: Settings,
    catalogue: Catalogue,
    wanted: Wanted,
    say: Callable[[str], None],
    memory_of: _Memory,
) -> Drawn:
    folder = converted_folder(settings)
    executor = local_executor(settings, [catalogue.default], folder)
    around = Surroundings(
        say, lambda: _until_idle(settings), lambda worker: memory_of.look(executor, worker)
    )
    began = time.monotonic()
    await executor.start()
    try:
        measurement = Measurement(executor, catalogue, wanted.choice, around)
        return await measurement.run(began, quick=wanted.quick)
    except EngineError as error:
        raise EaselError(f"{catalogue.default.name} could not draw this: {error}") from error
    finally:
        await executor.close()


async def _until_idle(settings: Settings) -> bool:
    stores = [Store(folder(settings)) for folder in (converted_folder, compiled_folder)]
    waited = any(store.busy for store in stores)
    while any(store.busy for store in stores):  # noqa: ASYNC110 - nobody could wake us
        await asyncio.sleep(_POLL_S)
    return waited


async def _processor(
    settings: Settings, catalogue: Catalogue, drawn: Drawn, say: Callable[[str], None]
) -> tuple[Processor, list[str]]:
    """What the machine can do, and what could not be told of it."""
    place = device(settings.device, os.environ)
    environment = _ENVIRONMENT | dict(place.environment)
    options = engine_options(settings, [catalogue.default])
    asked = {"device": place.engine, "dtype": dtype_of(drawn.engine) or settings.dtype}
    work = {
        "card": dataclasses.asdict(catalogue.default),
        "request": drawn.request.wire(),
        "places": {name: options[name] for name in ("cache_dir", "token")},
    }
    say("multiplying matrices")
    rate = await _asked(environment, asked)
    say("counting operations")
    counted = await _asked(environment, work)
    notes = [each["trouble"] for each in (rate, counted) if "trouble" in each]
    found = {**rate, **counted}
    found.pop("trouble", None)
    return Processor(**found), [f"Could not be told: {note}." for note in notes]


async def _asked(environment: Mapping[str, str], question: Message) -> Message:
    """An answer of the other process; one process for each question, so that one that is killed for
    its memory spoils one answer only."""
    try:
        async with Child(_PROCESSOR, environment) as child:
            return await child.ask(**question)
    except EaselError as error:
        return {"trouble": str(error).rstrip(".")}


def dtype_of(engine: str) -> str:
    """The number format in the words of a recipe; empty where they do not name one."""
    words = [_DTYPES.get(word, word) for word in engine.split()]
    return next((word for word in words if word in _DTYPES.values()), "")
