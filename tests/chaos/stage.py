"""Where it is played: a sandbox with people and channels, the bot in a process of its own, and a
cluster of machines where Ray draws."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox import Person, Sandbox
from tests.chaos.checker import Limits
from tests.chaos.process import Bot
from tests.chaos.witness import Witness
from tests.kit.cluster import Machine, Town
from tests.kit.sources import FIRST, SD, weights

PEOPLE, PROBES = 36, 6
CHANNELS = ("one", "two", "three", "four", "five", "six", "seven")
DISPOSABLE = "fleeting"
"""A channel that is deleted now and then, and made again."""
ACK_S = 6.0
"""Twice what Discord gives, for this may be a slow machine and is about what gets lost."""
LIMITS = Limits(credits=60, running=3, waiting=6)
STEPS = 6
ROOM = "1g"


@dataclass
class Window:
    """When a fault was at work: from its first moment until a job was drawn again; loop seconds."""

    fault: str
    silent: bool
    """Whether answers may be missing while it lasts."""
    began: float
    ended: float = 0.0
    well: float = 0.0


@dataclass
class Stage:
    """What people and faults act upon."""

    sandbox: Sandbox
    bot: Bot
    witness: Witness
    people: list[Person]
    probes: list[Person]
    places: list[str]
    folder: Path
    town: Town | None = None
    machines: dict[str, Machine] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    mounted: bool = False
    """Whether the data lie on a small disk of their own, which can really be full."""

    @property
    def executor(self) -> str:
        return "ray" if self.town else "local"

    @property
    def missing(self) -> Path:
        """While this file exists, no worker can load a model."""
        return self.folder / "missing"

    @property
    def model(self) -> Path:
        """A second model, which `--v 7` means."""
        return self.folder / "models" / "other.safetensors"

    @property
    def ada(self) -> Person:
        return self.sandbox.person("Ada")

    def make_model(self) -> None:
        weights(self.model, {FIRST: [320, 4, 3, 3], SD: [320, 768]})

    def channel(self, place: int, person: Person) -> str | None:
        """Where somebody does something; None where there is no such channel now."""
        name = self.places[place]
        if name == "dm":
            return person.dm
        with contextlib.suppress(KeyError):
            return self.sandbox.world.find_channel(name).id
        return None


def settings(folder: Path) -> dict[str, str]:
    return {
        "MODELS_DIR": str(folder / "models"),
        "VERSIONS": "7=other",
        "MODEL_STEPS": str(STEPS),
        "MODEL_NATIVE": "64",
        "PROGRESS_SECONDS": "1.5",
        "SAFETY_MODEL": "off",
        "CREDITS": str(LIMITS.credits),
        "DM_CREDITS": str(LIMITS.credits),
        "RUNNING_LIMIT": str(LIMITS.running),
        "WAITING_LIMIT": str(LIMITS.waiting),
        "CLICKS_PER_MINUTE": "0",
        "DISK_FLOOR_GB": "0",
        "DEVICE": "none",
        "LOG_LEVEL": "INFO",
        "PYTHONWARNINGS": "ignore",
    }


@contextlib.asynccontextmanager
async def staged(executor: str) -> AsyncIterator[Stage]:
    """Everything is up, and nobody has asked for anything."""
    folder = Path(tempfile.mkdtemp(prefix="chaos", dir="/tmp"))
    (folder / "models").mkdir()
    (folder / "data").mkdir()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        mounted = _mounted(stack, folder / "data")
        sandbox = Sandbox(rate_limits=0.05, ack_seconds=ACK_S, heartbeat_seconds=1.0)
        await stack.enter_async_context(sandbox)
        told: dict[str, Any] = {"executor": executor, "options": _engine(folder)}
        town = await stack.enter_async_context(Town()) if executor == "ray" else None
        if town:
            told |= {"address": town.address, "token_file": str(town.token_file)}
        bot = Bot(sandbox, folder / "data", told, settings(folder))
        stack.push_async_callback(bot.close)
        stage = _peopled(sandbox, bot, folder, town)
        stage.mounted = mounted
        stage.make_model()
        if town:
            for name in ("north", "south"):
                stage.machines[name] = await town.join(name, cards=2)
        stage.witness.watch(sandbox)
        await bot.start()
        yield stage


def _engine(folder: Path) -> dict[str, Any]:
    return {
        "slots": 2,
        "step_seconds": 0.01,
        "previews": 0,
        "missing": str(folder / "missing"),
        "crash_on": ["crash"],
    }


def _peopled(sandbox: Sandbox, bot: Bot, folder: Path, town: Town | None) -> Stage:
    world = sandbox.world
    for name in (*CHANNELS, DISPOSABLE, "probe"):
        world.add_channel(name)
    annex = world.add_guild("Annex")
    people = []
    for number in range(PEOPLE + PROBES):
        user = world.add_user(f"Person{number}")
        if number < PEOPLE:
            world.join(user, annex)
        people.append(sandbox.person(user.id))
    places = [*CHANNELS, DISPOSABLE, "annex", "dm"]
    return Stage(
        sandbox, bot, Witness(), people[:PEOPLE], people[PEOPLE:], places, folder, town
    )  # fmt: skip


def _mounted(stack: contextlib.AsyncExitStack, folder: Path) -> bool:
    """Whether a disk of its own could be had, as root may."""
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(folder)],
            capture_output=True, check=False,
        )  # fmt: skip
    except OSError:
        return False
    if done.returncode == 0:
        words = ["umount", "-l", str(folder)]
        stack.callback(subprocess.run, words, capture_output=True, check=False)
    return done.returncode == 0


async def moment(seconds: float) -> None:
    """Faults take time: how long is part of the schedule."""
    await asyncio.sleep(seconds)


def now() -> float:
    return time.monotonic()
