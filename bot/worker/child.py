"""A process beside the worker, for work that would hold Python's lock or take memory that drawing
needs: it is given one order, gives way to drawing, and answers one sentence.

The order is a JSON object, the first line of standard input. The rest of the input only tells that
the worker lives: when it ends, so does the child. Standard output is a JSON object with `error`,
which is empty where everything went well.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.worker.causes import cause

log = logging.getLogger(__name__)

_NICENESS = 5
"""Beyond the worker's own: with much more it would not get on beside one that always draws."""


class ChildFailed(Exception):
    """The text completes a sentence in brackets."""


# The worker's end


def ask(module: str, order: Mapping[str, Any]) -> None:
    """Have `python -m module` carry an order out, and wait for that. Raises ChildFailed."""
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin
        assert child.stdout
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
        said = child.stdout.read()
    if not said:
        raise ChildFailed(_ended(child.returncode or 0))
    if error := json.loads(said)["error"]:
        raise ChildFailed(error)


def _ended(status: int) -> str:
    if status == -signal.SIGKILL:
        return "the process was killed, as the system does where memory runs out"
    return f"the process ended with status {status}"


# The child's end


def serve(carry_out: Callable[[dict[str, Any]], None]) -> None:
    """Take the order, and end."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print
    _step_back()
    try:
        carry_out(order)
        error = ""
    except Exception as raised:
        log.exception("the order cannot be carried out")
        error = cause(raised)
    said.write(json.dumps({"error": error}))
    said.flush()
    os._exit(0)  # the thread that reads holds the input


def _step_back() -> None:
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)
