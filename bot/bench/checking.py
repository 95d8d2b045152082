"""A process that checks pictures as a worker does: how long that takes on one core, and what comes
of pictures that the embedded model draws, none of which is unsafe."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Iterator
from typing import Any

from bot.bench import child
from bot.bench.grainy import grainy
from bot.engine.seam import Attempt
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.worker.safety import Checker

_SIDE = 512
_GRID = 4


def timed(times: int) -> list[float]:
    """Seconds of each picture of 512², on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    checker, picture = Checker(""), grainy(_SIDE, seed=1)
    checker.examined(picture)
    return [_seconds(checker, picture) for _ in range(times)]


def _seconds(checker: Checker, picture: Any) -> float:
    begun = time.perf_counter()
    checker.examined(picture)
    return time.perf_counter() - begun


def scores(pictures: int) -> list[float]:
    """Of so many pictures of all that the embedded model knows."""
    from bot.worker.diffusion import DiffusionEngine

    checker, card = Checker(""), EMBEDDED_CARD
    engine = DiffusionEngine({card.id: card}, "cpu")
    engine.load(card.id, lambda _text: None)
    found: list[float] = []
    for number, text in enumerate(itertools.islice(_prompts(), -(-pictures // _GRID))):
        request = requests.imagine(card, f"{text} --seed {number}")
        attempt = Attempt("bench", 1, card.id, (0, 1, 2, 3), request.wire())
        run = engine.begin(attempt, lambda _event: None, lambda: False)
        while not run.done:
            engine.step([run])
        found += [checker.examined(picture) for picture in engine.retire(run)]
    return found[:pictures]


def _prompts() -> Iterator[str]:
    """Every thing, in places and styles that go round."""
    known = EMBEDDED_CARD.vocabulary()
    assert known
    scenes, styles = itertools.cycle(known.scenes), itertools.cycle(known.styles)
    for thing in itertools.cycle(known.objects):
        yield f"a {thing} in the {next(scenes)}, {next(styles)}"


def answer(message: child.Message) -> child.Message:
    """{"times": …} or {"pictures": …}."""
    if "times" in message:
        return {"seconds": timed(message["times"])}
    return {"scores": scores(message["pictures"])}


if __name__ == "__main__":
    asyncio.run(child.serve(answer))
