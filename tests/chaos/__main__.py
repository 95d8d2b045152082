"""`python -m tests.chaos`: hundreds of jobs of dozens of people through every fault, by a seed.

The status is 1 where anything did not hold; the same options play the same schedule again.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import random
import signal
import sys
from pathlib import Path

from tests.chaos.faults import table
from tests.chaos.report import document
from tests.chaos.run import Result, play, say


def options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--runs", type=int, default=1, help="with this seed and those after it")
    parser.add_argument("--jobs", type=int, default=600, help="to be accepted in each run")
    parser.add_argument("--every", type=int, default=12, help="about so many jobs to a fault")
    parser.add_argument("--executor", choices=("local", "ray", "both"), default="local")
    parser.add_argument("--faults", default="", help="only those with one of these words, as a,b")
    parser.add_argument("--together", action="store_true", help="now and then two faults at once")
    parser.add_argument("--busy", type=int, default=12, help="people that do something at a time")
    parser.add_argument("--report", type=Path, help="a Markdown file for what came of it")
    return parser.parse_args(words)


async def main(said: argparse.Namespace) -> int:
    """Play, and leave nothing behind when told to end."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # of those that were killed
    results: list[Result] = []
    executors = ("local", "ray") if said.executor == "both" else (said.executor,)
    seeds = range(said.seed, said.seed + said.runs)
    for executor, seed in itertools.product(executors, seeds):
        say(f"{executor}, seed {seed}, {said.jobs} jobs")
        faults = table(executor, said.faults)
        played = await play(executor, seed, said.jobs, said.every, faults, said.busy, said.together)
        results.append(played)
        if said.report:
            said.report.write_text(document(results), encoding="utf-8")
    sys.stdout.write(document(results))
    return int(any(each.violations for each in results))


if __name__ == "__main__":
    try:
        raise SystemExit(asyncio.run(main(options())))
    except ValueError as wrong:
        raise SystemExit(str(wrong)) from None
