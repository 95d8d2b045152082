"""`python -m tests.kit.errands`: a child of a worker that does what the order says, and no work."""

from __future__ import annotations

import os
import time
from typing import Any

from bot.worker import child


def run(order: dict[str, Any]) -> None:
    """`print` it, `exit` with a status, get a `signal`, `raise` an error that says it, or `linger`
    for seconds."""
    print(order.get("print", ""), flush=True)  # as libraries do
    os.write(1, b"noise\n")
    if "exit" in order:
        os._exit(order["exit"])
    if "signal" in order:
        os.kill(os.getpid(), order["signal"])
    time.sleep(order.get("linger", 0))
    if "raise" in order:
        raise OSError(order["raise"])


if __name__ == "__main__":
    child.serve(run)
