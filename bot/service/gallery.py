"""What there is to choose from, in pictures: a sample of each, on sheets with their names."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.domain.errors import StoreUnavailable
from bot.domain.prompt import Prompt
from bot.domain.request import GRID, GenerationRequest
from bot.domain.style import Style
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service import requests
from bot.service.errand import Errands
from bot.service.samples import Samples

SUBJECT, SEED = "a fox in the forest", 7
"""What every sample shows, from the same noise."""
COLUMNS, ROWS = 4, 2
SIDE = 192
"""Pixels of a sample on a sheet: a sheet is as wide as Discord shows pictures."""
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Cell:
    """Something to choose, in one picture or grid or several beside each other, each `repeated` so
    many times."""

    caption: str
    requests: tuple[GenerationRequest, ...]
    repeated: int = 1


@dataclass(frozen=True)
class Effect:
    """A parameter as one types it. Some are seen in a grid alone, some where a picture lies beside
    itself."""

    typed: str
    count: int = 1
    repeated: int = 1


SHOWN = (
    Effect("--ar 3:2"),
    Effect("--seed 8"),
    Effect("--quality 0.25"),
    Effect("--no green"),
    Effect("--stylize 1000"),
    Effect("--chaos 100", count=GRID),
    Effect("--weird 3000"),
    Effect("--stop 50"),
    Effect("--tile", repeated=4),
    Effect("--raw"),
    Effect("--exp 100"),
    Effect("--sref 7"),
)
"""In the order of the table of parameters."""


@dataclass(frozen=True)
class Sheet:
    """A picture file, and what is on it in words."""

    path: Path
    description: str


@dataclass(frozen=True)
class Sheets:
    """None while nothing is drawn. Of so many cells pictures are `missing` that will come."""

    sheets: tuple[Sheet, ...]
    missing: int


class Gallery:
    """Makes sheets of samples. Their files are for reading alone, and soon."""

    def __init__(
        self, samples: Samples, catalogue: Catalogue, folder: Path, errands: Errands
    ) -> None:
        self._samples = samples
        self._catalogue = catalogue
        self._folder = folder
        self._errands = errands
        self._turn = asyncio.Lock()
        # Not those of an earlier run, whose version may have laid them out otherwise.
        self._made: set[Path] = set()

    def styles(self, styles: Sequence[Style]) -> list[Cell]:
        """A cell for each."""
        card = self._catalogue.default
        return [Cell(style.name, (sample(card, "", style),)) for style in styles]

    def parameters(self) -> list[Cell]:
        """A pair for each that acts on this model: without it, and with it."""
        card = self._catalogue.default
        pairs = [_pair(card, one) for one in SHOWN]
        return [pair for pair in pairs if not requests.warnings(card, pair.requests[1])]

    async def sheets(self, cells: Sequence[Cell]) -> Sheets:
        """As far as they are drawn; what is missing is wanted from now on. Raises StoreUnavailable
        where they cannot be made."""
        shown = [await self._order(cell) for cell in cells]
        missing = sum(None in each["pictures"] for each in shown)
        if missing == len(shown):
            return Sheets((), missing)
        columns = COLUMNS // max(len(cell.requests) for cell in cells)
        pages = [shown[at : at + columns * ROWS] for at in range(0, len(shown), columns * ROWS)]
        async with self._turn:
            return Sheets(tuple([await self._sheet(page, columns) for page in pages]), missing)

    async def until_drawn(self, cells: Sequence[Cell], patience_s: float) -> bool:
        """Return when all are drawn that can be, or nobody has so much patience; False where no
        more are drawn."""
        wanted = [request for cell in cells for request in cell.requests]
        return await self._samples.until_drawn(wanted, patience_s)

    async def keep(self) -> None:
        """Draw what is missing, whenever nobody waits, until cancelled."""
        await self._samples.keep()

    async def _order(self, cell: Cell) -> dict[str, Any]:
        found = [await self._samples.of(request) for request in cell.requests]
        pictures = [paths and [*map(str, paths)] * cell.repeated for paths in found]
        return {"caption": cell.caption, "pictures": pictures}

    async def _sheet(self, page: Sequence[dict[str, Any]], columns: int) -> Sheet:
        said = json.dumps(page, sort_keys=True).encode()
        target = self._folder / f"sheet-{hashlib.sha256(said).hexdigest()}.webp"
        if target not in self._made or not await asyncio.to_thread(target.is_file):
            order = {"cells": page, "columns": columns, "side": SIDE, "target": str(target)}
            told = await self._errands.run("bot.worker.sheet", order, PATIENCE_S)
            if "error" in told:
                raise StoreUnavailable("io", told["error"])
            self._made.add(target)
        return Sheet(target, ", ".join(cell["caption"] for cell in page))


def _pair(card: ModelCard, one: Effect) -> Cell:
    beside = (sample(card, typed, count=one.count) for typed in ("", one.typed))
    return Cell(one.typed, tuple(beside), one.repeated)


def sample(
    card: ModelCard, typed: str, style: Style | None = None, count: int = 1
) -> GenerationRequest:  # fmt: skip
    """The subject with what was typed behind it, in so many pictures."""
    prompt = Prompt.parse(f"{SUBJECT} --seed {SEED} {typed}")
    return replace(requests.imagine(card, prompt, style), count=count)
