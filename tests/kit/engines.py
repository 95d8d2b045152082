"""The simulated engine for tests that stop the world at a moment of their choice.

A prompt with the word "slow", or without any, waits at its fourth step while the file `gate`
exists; one with "doomed" fails when it is drawn; one with "noise" gives pictures that hardly
compress.
`"tests.kit.engines:create"` names it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from bot.domain.errors import RenderFailed
from bot.engine.seam import Run
from bot.worker.simulated import SimulatedEngine, SimulatedRun

HELD_AT = 4


def create(options: Mapping[str, Any]) -> GatedEngine:
    return GatedEngine(options)


class GatedEngine(SimulatedEngine):
    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._gate = Path(options["gate"])

    def step(self, runs: Sequence[Run]) -> None:
        super().step(runs)
        for run in runs:
            assert isinstance(run, SimulatedRun)
            text = run.attempt.request["text"]
            slow = ("slow" in text or not text) and run.made == HELD_AT
            while slow and self._gate.exists() and not run.cancelled():
                time.sleep(0.005)

    def retire(self, run: Run) -> Sequence[Image.Image]:
        text, pictures = run.attempt.request["text"], super().retire(run)
        if "doomed" in text:
            raise RenderFailed("bad_input", "This was asked to fail.")
        if "noise" in text:
            return [_noise(picture.size, index) for index, picture in enumerate(pictures)]
        return pictures


def _noise(size: tuple[int, int], seed: int) -> Image.Image:
    data = random.Random(seed).randbytes(3 * size[0] * size[1])
    return Image.frombytes("RGB", size, data)
