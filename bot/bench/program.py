"""One run of the whole bench: every scenario, then the report."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.bench import (
    busy,
    checked,
    cluster,
    cold,
    crowd,
    embedded,
    history,
    lag,
    larger,
    ledger,
    outage,
    overview,
    prompts,
    queue,
    report,
    sharing,
    users,
    waits,
)
from bot.bench.child import ROOT
from bot.bench.figures import Section
from bot.domain.errors import EaselError

Scenario = Callable[[bool], Awaitable[Section]]

SCENARIOS: tuple[tuple[str, Scenario], ...] = (
    (lag.TITLE, lag.measure),
    (busy.TITLE, busy.measure),
    (crowd.TITLE, crowd.measure),
    (outage.TITLE, outage.measure),
    (prompts.TITLE, prompts.measure),
    (queue.TITLE, queue.measure),
    (waits.TITLE, waits.measure),
    (ledger.TITLE, ledger.measure),
    (history.TITLE, history.measure),
    (overview.TITLE, overview.measure),
    (embedded.TITLE, embedded.measure),
    (checked.TITLE, checked.measure),
    (users.TITLE, users.measure),
    (sharing.TITLE, sharing.measure),
    (larger.TITLE, larger.measure),
    (cold.TITLE, cold.measure),
    (cluster.TITLE, cluster.measure),
)


def run(out: Path | None, quick: bool) -> int:
    """See `bot.bench.bench`."""
    load, began = report.load(), time.monotonic()
    sections, failed = asyncio.run(_measured(quick))
    command = "python -m bot bench" + (" --quick" if quick else "")
    minutes = (time.monotonic() - began) / 60
    text = report.render(sections, command=command, minutes=minutes, load=load)
    place = out or ROOT / "BENCHMARKS.md"
    if place.exists():
        text += report.by_hand(place.read_text(encoding="utf-8"))
    place.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{text}\nWritten to {place}\n")
    return int(failed)


async def _measured(quick: bool) -> tuple[list[Section], bool]:
    sections, failed = [], False
    for title, measure in SCENARIOS:
        sys.stderr.write(f"measuring: {title}\n")
        try:
            sections.append(await measure(quick))
        except (EaselError, OSError, TimeoutError) as error:
            failed = True
            sections.append(Section(title, f"Could not be measured: {error}", ()))
    return sections, failed
