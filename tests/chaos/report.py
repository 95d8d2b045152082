"""What came of the runs, as Markdown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from tests.chaos.run import Result

KINDS = ("lost", "twice", "overspent")


def share(values: Sequence[float], part: float) -> float:
    """The value below or at which that part of them lies."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def recoveries(results: Sequence[Result]) -> str:
    """A row for each fault: how often it came, and how long it took until a job was drawn."""
    rows = [
        "| Fault | Executor | Times | Recovery p50 | p99 |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for result in results:
        for fault, seconds in result.recoveries:
            what = "two at once" if " and " in fault else fault
            found[what, result.executor].append(seconds)
    for (fault, executor), times in sorted(found.items()):
        half, most = share(times, 0.5), share(times, 0.99)
        rows.append(f"| {fault} | {executor} | {len(times)} | {half:.2f} s | {most:.2f} s |")
    return "\n".join(rows)


def runs(results: Sequence[Result]) -> str:
    """A row for each run."""
    head = "| Executor | Seed | Jobs | Faults | Minutes | Lost | Twice | Overspent | Other |"
    rows = [head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for each in results:
        counts = [sum(said.startswith(kind) for said in each.violations) for kind in KINDS]
        other = len(each.violations) - sum(counts)
        told = " | ".join(map(str, counts))
        rows.append(
            f"| {each.executor} | {each.seed} | {each.accepted} | {len(each.windows)} |"
            f" {each.seconds / 60:.1f} | {told} | {other} |"
        )
    return "\n".join(rows)


def states(result: Result) -> str:
    """How its jobs ended, and what else was counted, in a line."""
    ends = ", ".join(f"{count} {state}" for state, count in sorted(result.states.items()))
    notes = ", ".join(f"{what}: {count}" for what, count in sorted(result.notes.items()))
    return f"- {result.executor}, seed {result.seed}: {ends}. {notes}."


def document(results: Sequence[Result]) -> str:
    """Everything, with what was wrong and how it came to it."""
    parts = [runs(results), recoveries(results), "\n".join(map(states, results))]
    for each in results:
        if each.violations:
            told = "\n".join(f"- {said}" for said in each.violations)
            begun = "\n".join(f"- {step}" for step in each.begun)
            parts.append(
                f"### {each.executor}, seed {each.seed}\n\n{told}\n\nUp to there:\n\n{begun}"
            )
    return "\n\n".join(parts) + "\n"
