"""The devices of this machine, and what a worker's process must be told to see only its own.

A process that sees every card opens a context on the first one, and asks that one what it can do,
whichever it draws on. So each sees one card, which it calls "cuda". Knows no torch.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.errors import SettingsError

PROCESSOR = "cpu"
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_CARD = re.compile(r"cuda:(\d+)")


@dataclass(frozen=True)
class Device:
    """`name` is for people; `engine` is what the engine inside the process calls it."""

    name: str
    engine: str
    environment: Mapping[str, str] = field(default_factory=dict)


def devices(wanted: str, environ: Mapping[str, str]) -> list[str]:
    """Device names, one for each worker process.

    "none" is none; "auto" counts NVIDIA cards without loading torch into this process; with one or
    no card the worker itself picks.
    """
    if wanted == "none":
        return []
    if wanted != "auto":
        return [part.strip() for part in wanted.split(",") if part.strip()]
    visible = _visible(environ)
    count = nvidia_cards() if visible is None else len(visible)
    return [f"cuda:{index}" for index in range(count)] if count > 1 else ["auto"]


def device(name: str, environ: Mapping[str, str]) -> Device:
    """The device called `name` under `environ`, the bot's own environment.

    "cuda:1" is the second of the cards that the operator left visible, by index or UUID. Raises
    SettingsError where there is none.
    """
    card = _CARD.fullmatch(name)
    if card is None:
        return Device(name, name)
    index = int(card[1])
    visible = _visible(environ)
    if visible is None:
        return Device(name, "cuda", {_VISIBLE: str(index)})
    if index >= len(visible):
        raise SettingsError(
            f"DEVICE names {name}, but {_VISIBLE} leaves {len(visible)} cards visible: "
            f"use cuda:0 to cuda:{len(visible) - 1}, or change {_VISIBLE}."
        )
    return Device(name, "cuda", {_VISIBLE: visible[index]})


def _visible(environ: Mapping[str, str]) -> list[str] | None:
    """The operator's own choice of cards; None where every card may be used.

    As CUDA reads it: the list ends at the first entry that names no card.
    """
    said = environ.get(_VISIBLE)
    if said is None:
        return None
    cards: list[str] = []
    for part in (part.strip() for part in said.split(",")):
        if not part or part.startswith("-"):
            break
        cards.append(part)
    return cards


def nvidia_cards() -> int:
    """How many this machine has."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    try:
        listed = subprocess.run(
            [tool, "-L"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
