"""Has picture files made by a process of their own, one at a time.

The bot's process would keep the memory that a large grid takes, and hold the interpreter meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.domain.errors import NotFound, StoreUnavailable

_ROOT = str(Path(__file__).parents[2])


class Encoder:
    """Starts `bot.worker.encode` when it is needed; it may take at most `patience_s` seconds."""

    def __init__(self, patience_s: float = 120.0) -> None:
        self._patience_s = patience_s
        self._turn = asyncio.Lock()

    async def encode(
        self, tiles: Sequence[Path], limit: int, recipe: Mapping[str, Any], target: Path
    ) -> str:
        """Make one file of at most `limit` bytes of the tiles at `target`; returns its extension.

        Raises NotFound when the tiles are gone or cannot be made small enough, StoreUnavailable
        when the file cannot be made for another reason.
        """
        order = {
            "tiles": [str(tile) for tile in tiles],
            "limit": limit,
            "recipe": dict(recipe),
            "target": str(target),
        }
        async with self._turn:
            told = await self._run(json.dumps(order).encode())
        if "error" in told:
            raise NotFound(told["error"])
        return told["extension"]

    async def _run(self, order: bytes) -> dict[str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.worker.encode"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if "TOKEN" not in name}
            | {"PYTHONPATH": _ROOT},
        )
        try:
            async with asyncio.timeout(self._patience_s):
                said, trouble = await process.communicate(order)
        except TimeoutError:
            raise StoreUnavailable("io", "a picture took too long to be encoded") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            last = trouble.decode(errors="replace").strip().rpartition("\n")[2]
            raise StoreUnavailable("io", f"a picture could not be encoded: {last}")
        return json.loads(said)
