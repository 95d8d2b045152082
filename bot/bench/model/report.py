"""What was measured of a model, as a Markdown table to paste and as plain data.

Says nothing that names the machine or its folders.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.bench import report
from bot.bench.model.drawn import Drawn
from bot.models.cards import ModelCard

THOUSAND = 1000
_UNKNOWN = "–"


@dataclass(frozen=True)
class Processor:
    """What the machine can do: matrix products in TFLOP/s at `dtype`, and what a job takes of it,
    in TFLOP; None where that could not be told. `name` is the card's, empty for a CPU."""

    tflops: float | None = None
    dtype: str = ""
    name: str = ""
    teraflop: float | None = None


@dataclass(frozen=True)
class Report:
    """`price` is of an hour of this machine, in any currency; memory is in MiB."""

    card: ModelCard
    drawn: Drawn
    processor: Processor
    worker_mib: float | None = None
    card_mib: float | None = None
    price: float | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def images_per_hour(self) -> float:
        """While others wait."""
        return 3600 * self.drawn.images_per_second

    @property
    def share(self) -> float | None:
        """Of what the machine could do if it only multiplied matrices."""
        told = self.processor
        if not told.tflops or told.teraflop is None:
            return None
        each = told.teraflop / self.drawn.request.count
        return each * self.drawn.images_per_second / told.tflops

    @property
    def price_per_thousand(self) -> float | None:
        """In the currency of the price of an hour."""
        return None if self.price is None else THOUSAND * self.price / self.images_per_hour

    def plain(self) -> dict[str, Any]:
        """Everything, for machines; times in seconds."""
        drawn, request = self.drawn, self.drawn.request
        return {
            "model": self.card.name,
            "family": self.card.family,
            "device": drawn.device,
            "card": self.processor.name,
            "engine": drawn.engine,
            "pictures": request.count,
            "width": request.size.width,
            "height": request.size.height,
            "steps": request.sampling.steps,
            "guidance": request.sampling.guidance,
            "sampler": request.sampling.sampler,
            "start_s": drawn.start,
            "load_s": drawn.load,
            "first_grid_s": drawn.first.seconds,
            "preparing_s": drawn.preparing,
            "grids_s": [each.seconds for each in drawn.alone],
            "grid_s": drawn.grid,
            "step_s": drawn.step,
            "images_per_hour": self.images_per_hour,
            "grid_tflop": self.processor.teraflop,
            "matmul_tflops": self.processor.tflops,
            "matmul_dtype": self.processor.dtype,
            "matmul_share": self.share,
            "worker_peak_mib": self.worker_mib,
            "card_peak_mib": self.card_mib,
            "price_per_hour": self.price,
            "price_per_thousand": self.price_per_thousand,
            "notes": list(self.notes),
            "machine": report.machine(),
            "versions": report.versions(),
            "date": dt.date.today().isoformat(),
        }

    def table(self) -> str:
        """A Markdown table with its heading and what it was measured on."""
        rows = [f"| {what} | {result} |" for what, result in self._rows()]
        notes = [f"- {note}" for note in (*self._origin(), *self.notes)]
        head = ["| measured | result |", "| --- | ---: |"]
        return "\n".join([f"### {self._title()}", "", *head, *rows, "", *notes]) + "\n"

    def _title(self) -> str:
        request = self.drawn.request
        pictures = "one picture" if request.count == 1 else f"{request.count} pictures"
        return f"{self.card.name}: {pictures} of {request.size}, {request.sampling.steps} steps"

    def _rows(self) -> Iterator[tuple[str, str]]:
        drawn, told = self.drawn, self.processor
        yield "start of the worker", _seconds(drawn.start)
        yield "loading the model", _seconds(drawn.load)
        yield "first grid after that", _seconds(drawn.first.seconds)
        if drawn.preparing:
            yield "until it is ready to draw faster", _seconds(drawn.preparing)
        yield f"a grid alone, median of {len(drawn.alone)}", _seconds(drawn.grid)
        yield "a step of it", _seconds(drawn.step)
        yield f"images an hour, while {drawn.crowd} grids wait", f"{self.images_per_hour:,.0f}"
        yield "operations of a grid", _told(told.teraflop, "TFLOP")
        yield f"matrix products of this machine, {told.dtype}", _told(told.tflops, "TFLOP/s")
        yield "images an hour as a share of them", _share(self.share)
        yield "peak memory of the worker", _told(self.worker_mib, "MiB")
        if self.card_mib is not None:
            yield "peak memory of the card", _told(self.card_mib, "MiB")
        if self.price is not None:
            words = f"a thousand pictures, at {self.price:.2f} an hour"
            yield words, f"{self.price_per_thousand:.3g}"

    def _origin(self) -> Iterator[str]:
        named = f"{self.processor.name}, " if self.processor.name else ""
        yield f"On {named}{report.machine()}; drawn by {self.drawn.engine} on {self.drawn.device}."
        yield f"{report.versions()}, {dt.date.today().isoformat()}."


def _seconds(value: float | None) -> str:
    if value is None:
        return _UNKNOWN
    return f"{1000 * value:.3g} ms" if value < 1 else _told(value, "s")


def _told(value: float | None, unit: str) -> str:
    """Three figures, and never an exponent."""
    if value is None:
        return _UNKNOWN
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _share(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{100 * value:.3g} %"
