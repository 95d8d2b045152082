"""What an errand's process does when a test says so."""

from __future__ import annotations

import os
import time
from typing import Any


def run(order: dict[str, Any]) -> dict[str, Any]:
    """`print` it, `exit` with a status, `raise` an error that says it, `linger` for seconds, `say`
    it, or tell a variable's value by its `name`."""
    print(order.get("print", ""), flush=True)  # as libraries do
    if "exit" in order:
        os._exit(order["exit"])
    time.sleep(order.get("linger", 0))
    if "raise" in order:
        raise OSError(order["raise"])
    told = {"pid": os.getpid(), "said": order.get("say", "")}
    return told | ({"value": os.environ.get(order["name"])} if "name" in order else {})
