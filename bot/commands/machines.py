"""`easel cluster status`, `drain` and `manifest`: the machines of a cluster, for who runs it."""

from __future__ import annotations

import argparse
import asyncio
import importlib.resources
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.domain.errors import EaselError
from bot.engine.access import Access
from bot.engine.cluster import ask
from bot.executors import access_of
from bot.settings import Settings

HEAD = "127.0.0.1:6379"
_COLUMNS = ("machine", "card", "draws", "in memory")


def status(settings: Settings, options: argparse.Namespace) -> int:
    """Print every machine with its cards, what they have in memory and what they draw."""
    access = _access(settings, options)
    nodes = _asked("standing", access)["nodes"]
    rows = [_COLUMNS, *(row for node in nodes for row in _rows(node))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    return 0


def drain(settings: Settings, options: argparse.Namespace) -> int:
    """Take a machine out, by default this one, after what it draws; returns when it has left."""
    name = options.node or socket.gethostname()
    sys.stdout.write(f"{name} leaves as soon as what it draws is done.\n")
    sys.stdout.flush()
    _asked("drain", _access(settings, options), name, seconds=None)
    sys.stdout.write(f"{name} has left.\n")
    return 0


def manifest() -> int:
    """Print an example for KubeRay."""
    file = importlib.resources.files("bot.commands").joinpath("kuberay.yaml")
    sys.stdout.write(file.read_text(encoding="utf-8"))
    return 0


def _access(settings: Settings, options: argparse.Namespace) -> Access:
    return access_of(settings, options.address or settings.cluster_address or HEAD)


def _asked(
    what: str, access: Access, *more: str, seconds: float | None = 60.0
) -> Mapping[str, Any]:
    said = asyncio.run(ask(what, access, *more, seconds=seconds))
    if error := said.get("error"):
        raise EaselError(error)
    return said


def _rows(node: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    name = node["name"] + (" (leaves)" if node["draining"] else "")
    if not node["cards"]:
        yield name, "-", "", ""
    for card in node["cards"]:
        yield name, card["device"], _drawn(card), _memory(card)
        name = ""


def _drawn(card: Mapping[str, Any]) -> str:
    if card.get("silent"):
        return "does not answer"
    if "worker" not in card:
        return "no bot uses it"
    jobs = [f"{job} {steps}".strip() for job, steps in card["drawing"].items()]
    return ", ".join(jobs) or "nothing"


def _memory(card: Mapping[str, Any]) -> str:
    parts = [*card.get("loaded", ()), *(f"{one} (loading)" for one in card.get("loading", ()))]
    return ", ".join([*parts, *(f"{one} (failed)" for one in card.get("failed", ()))])
