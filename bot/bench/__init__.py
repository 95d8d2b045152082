"""`python -m bot bench`: measures this machine and writes BENCHMARKS.md.

Each scenario of `program.SCENARIOS` is a module with `measure(quick)`. The bot runs in a process
of its own (`subject`); the sandbox and its people live in this one (`stage`). No result is taken
from anywhere but the run.
"""

from __future__ import annotations

from pathlib import Path


def bench(out: Path | None = None, *, quick: bool = False) -> int:
    """Run every scenario and write the report to `out`, BENCHMARKS.md of the project by default.

    `quick` measures for seconds instead of minutes: enough to see that everything works, too
    little to quote. Returns 1 when a scenario could not be measured; missed aims are in the
    report only.
    """
    # Here, because the measured process imports this package too and should stay as it is.
    from bot.bench.program import run

    return run(out, quick)
