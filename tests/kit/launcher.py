"""`python -m tests.kit.launcher GATE`: what `python -m bot run` does, with a simulated engine.

Settings come from the environment as usual; only the executor is another.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from bot.commands.run import run
from bot.engine.blame import Retry
from bot.engine.local import LocalExecutor
from bot.ops.logfile import log_to_file
from bot.ops.logs import log_to_stderr
from bot.settings import Settings

# Drawing steps of every simulated job: percentages do not hang on the embedded model then.
STEPS = 12


def simulated(gate: Path, **options: Any) -> LocalExecutor:
    """A worker process whose engine takes its time instead of a GPU."""
    plain = {
        "gate": str(gate),
        "slots": 1,
        "step_seconds": 0.002,
        "crash_on": ["crash"],
        "fail_on": ["fail"],
        "bad_input_on": ["unfit"],
        **options,
    }
    return LocalExecutor(
        ["simulated"], "tests.kit.engines:create", plain, retry=Retry(backoff=0.05)
    )


def main() -> int:
    settings = Settings.read(os.environ)
    log_to_stderr(settings.log_level, settings.secrets(), settings.log_format)
    log_to_file(settings.log_file, settings.log_file_mb)
    return asyncio.run(run(settings, executor=simulated(Path(sys.argv[1]))))


if __name__ == "__main__":
    raise SystemExit(main())
