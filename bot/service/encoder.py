"""Has picture files made beside the bot's process, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.domain.errors import NotFound
from bot.service.errand import Errands


class Encoder:
    """Each may take at most `patience_s` seconds."""

    def __init__(self, errands: Errands, patience_s: float = 120.0) -> None:
        self._errands = errands
        self._patience_s = patience_s
        self._turn = asyncio.Lock()

    async def encode(
        self,
        tiles: Sequence[Path],
        limit: int,
        recipe: Mapping[str, Any],
        target: Path,
        file: str = "webp",
    ) -> str:
        """Make one file of at most `limit` bytes of the tiles at `target`, of the kind that `file`
        says where that fits; returns its extension.

        Raises NotFound when the tiles are gone or cannot be made small enough, StoreUnavailable
        when the file cannot be made for another reason.
        """
        order = {
            "tiles": [str(tile) for tile in tiles],
            "limit": limit,
            "recipe": dict(recipe),
            "file": file,
            "target": str(target),
        }
        async with self._turn:
            told = await self._errands.run("bot.worker.encode", order, self._patience_s)
        if "error" in told:
            raise NotFound(told["error"])
        return told["extension"]
