"""A process that draws grids with the embedded model, by Easel's engine and by plain diffusers.

Both have the same weights, prompt, steps, guidance and threads, and take turns, so that whatever
else the machine does meanwhile falls on both.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from bot.bench import child, memory, plain
from bot.engine.seam import Attempt
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests

PROMPT = "a cat in the forest"
_SEED = 7


class Painter:
    """The embedded model twice: in Easel's engine, and as a stock pipeline. On the CPU."""

    def __init__(self, dtype: str) -> None:
        begun = time.perf_counter()
        import torch

        from bot.worker.diffusion import DiffusionEngine

        self.imports_s = time.perf_counter() - begun
        self.threads = torch.get_num_threads()
        self._engine = DiffusionEngine({EMBEDDED_CARD.id: EMBEDDED_CARD}, "cpu", dtype)
        begun = time.perf_counter()
        self._engine.load(EMBEDDED_CARD.id, lambda _text: None)
        self.load_s = time.perf_counter() - begun
        self.by_engine(1)
        self.peak_mib = memory.held()["peak"]
        self._plain = plain.Plain(EMBEDDED_CARD.source, dtype)
        self.by_diffusers(1)

    def by_engine(self, steps: int) -> float:
        """Seconds of one grid as a worker draws it, previews included."""
        card = replace(EMBEDDED_CARD, steps=steps)
        request = requests.imagine(card, f"{PROMPT} --seed {_SEED}")
        attempt = Attempt("bench", 1, card.id, (0, 1, 2, 3), request.wire())
        begun = time.perf_counter()
        run = self._engine.begin(attempt, lambda _event: None, lambda: False)
        while not run.done:
            self._engine.step([run])
        self._engine.retire(run)
        return time.perf_counter() - begun

    def by_diffusers(self, steps: int) -> float:
        """Seconds of the same four pictures by the pipeline alone."""
        return self._plain.drawn(**_asked(steps))["seconds"]

    def teraflop(self, steps: int) -> float:
        """Floating-point operations of a grid, in 10¹², as torch counts them."""
        from bot.bench.model.work import teraflop

        return teraflop(self._plain.pipeline, self._plain.asked(**_asked(steps)))


def _asked(steps: int) -> dict[str, Any]:
    card = EMBEDDED_CARD
    return {
        "prompt": PROMPT,
        "count": 4,
        "side": card.native,
        "steps": steps,
        "guidance": card.guidance,
        "seed": _SEED,
    }


def compare(painter: Painter, steps: int, rounds: int) -> dict[str, Any]:
    """Seconds of each way, `rounds` times in turns."""
    ways = {"engine": painter.by_engine, "diffusers": painter.by_diffusers}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, draw in ways.items():
            found[name].append(draw(steps))
    return {
        **found,
        "imports_s": painter.imports_s,
        "load_s": painter.load_s,
        "peak_mib": painter.peak_mib,
        "teraflop": painter.teraflop(steps),
        "threads": painter.threads,
    }


def answer(message: child.Message) -> child.Message:
    """{"native": …} or {"dtype": …, "steps": …, "rounds": …}; see `compare`."""
    if "native" in message:
        return {"native": plain.native_half()}
    return compare(Painter(message["dtype"]), message["steps"], message["rounds"])


if __name__ == "__main__":
    asyncio.run(child.serve(answer))
