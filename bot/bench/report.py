"""BENCHMARKS.md: sections of figures, and the machine they were taken on.

Says nothing that names the machine or its folders.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from bot.bench.figures import Figure, Section

PACKAGES = ("easel-bot", "discord.py", "aiohttp", "aiosqlite", "pillow", "torch", "diffusers")
_HEAD = """\
# Benchmarks

Written by `{command}` on {date}, in {minutes:.1f} minutes. Aims that were missed are marked as
such. The bot runs in a process of its own against the sandbox, by HTTP and WebSocket on loopback,
with real SQLite and a real worker process.

- Machine: {machine}
- Load when it began: {load}
- Versions: {versions}
"""


BY_HAND = "<!-- What follows was measured elsewhere; a run of the bench leaves it as it is. -->"


def by_hand(before: str) -> str:
    """What a document says that no run on this machine could; empty where it says nothing."""
    _, mark, rest = before.partition(BY_HAND)
    return f"\n{mark}{rest}" if mark else ""


def render(sections: Sequence[Section], *, command: str, minutes: float, load: str) -> str:
    """The whole document as Markdown."""
    head = _HEAD.format(
        command=command,
        date=dt.date.today().isoformat(),
        minutes=minutes,
        machine=machine(),
        load=load,
        versions=versions(),
    )
    return "\n".join([head, *map(of_section, sections)])


def of_section(section: Section) -> str:
    """One part of it."""
    rows = ["| Measured | Result | Aim | |", "| --- | ---: | ---: | --- |"]
    rows += map(_row, section.figures)
    parts = [f"## {section.title}", section.how]
    if section.figures:
        parts.append("\n".join(rows))
    if section.notes:
        parts.append("\n".join(f"- {note}" for note in section.notes))
    return "\n\n".join(parts) + "\n"


def _row(figure: Figure) -> str:
    verdict = {True: "met", False: "**missed**", None: ""}[figure.met]
    return f"| {figure.what} | {figure.result} | {figure.aim} | {verdict} |"


def machine() -> str:
    """Cores, processor, memory and system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [f"{cores} cores", _processor(), _memory(), f"{platform.system()} {platform.machine()}"]
    return ", ".join(filter(None, parts))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), ""
    )


def _memory() -> str:
    try:
        held = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return ""
    return f"{held / 2**30:.0f} GiB"


def load() -> str:
    """Processes that wanted a core in the last minute, before the bench asked for one."""
    try:
        return f"{os.getloadavg()[0]:.1f}"
    except (AttributeError, OSError):
        return "unknown"


def versions() -> str:
    """Python, SQLite and what is installed of `PACKAGES`, without importing any of it."""
    found = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)
