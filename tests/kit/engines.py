"""The simulated engine for tests that stop the world at a moment of their choice.

A prompt with the word "slow" waits at its fourth step while the file `gate` exists; one with
"doomed" fails when it is drawn; one with "noise" gives pictures that hardly compress.
`"tests.kit.engines:create"` names it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from bot.domain.errors import RenderFailed
from bot.engine.seam import Attempt, Event
from bot.worker.simulated import SimulatedEngine

HELD_AT = 4


def create(options: Mapping[str, Any]) -> GatedEngine:
    return GatedEngine(options)


class GatedEngine(SimulatedEngine):
    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._gate = Path(options["gate"])

    def draw(
        self,
        attempt: Attempt,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> Sequence[Image.Image]:
        steps = 0

        def gated() -> bool:
            nonlocal steps
            steps += 1
            while steps == HELD_AT and self._gate.exists() and not cancelled():
                time.sleep(0.005)
            return cancelled()

        slow = "slow" in attempt.request["text"]
        pictures = super().draw(attempt, emit, gated if slow else cancelled)
        if "doomed" in attempt.request["text"]:
            raise RenderFailed("bad_input", "This was asked to fail.")
        if "noise" in attempt.request["text"]:
            return [_noise(picture.size, index) for index, picture in enumerate(pictures)]
        return pictures


def _noise(size: tuple[int, int], seed: int) -> Image.Image:
    data = random.Random(seed).randbytes(3 * size[0] * size[1])
    return Image.frombytes("RGB", size, data)
