"""One piece of work in a process of its own, which ends with it: the bot's process would keep the
memory that large pictures take, and hold the interpreter meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from bot.domain.errors import StoreUnavailable

_ROOT = str(Path(__file__).parents[2])


async def run_errand(module: str, order: Any, patience_s: float) -> Any:
    """What `python -m module` answers to an order, both as JSON.

    Raises StoreUnavailable where it fails, or takes more than `patience_s` seconds.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if "TOKEN" not in name}
        | {"PYTHONPATH": _ROOT},
    )
    try:
        async with asyncio.timeout(patience_s):
            said, trouble = await process.communicate(json.dumps(order).encode())
    except TimeoutError:
        raise StoreUnavailable("io", f"{module} took too long for a picture") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = trouble.decode(errors="replace").strip().rpartition("\n")[2]
        raise StoreUnavailable("io", f"{module} failed: {last}")
    return json.loads(said)
