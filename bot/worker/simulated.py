"""An engine that takes its time and draws flat pictures: a slow or faulty GPU without one.

For the bench and for tests; `"bot.worker.simulated:create"` names it. It keeps the contract of a
real engine (progress after each step, previews, cancel within a step, errors by code) and needs
nothing but Pillow. Faults are asked for by words in the prompt.

Options, all plain data:
  device, vram_mb       what it claims to be ("simulated", 0)
  start_seconds         how long the engine takes to come up (0)
  load_seconds          how long a model takes to load (0)
  step_seconds          how long a step takes (0.01), however many make it …
  picture_seconds       … and how much longer for each picture of it (0)
  previews              previews of each job (3)
  ahead                 whether pictures come to be while others make a step (no)
  model_mb              what a model takes of the memory, by its id; of `vram_mb`, where that is
                        not 0, so much has to be free for one, and who was drawn with longest ago
                        leaves for it
  missing               path of a file; while it exists, no model can be loaded
  crash_on              words in a prompt that kill the process
  hang_on               words at which nothing follows the first step, while the heart beats on
  fail_on               words at which drawing fails with code "error"
  bad_input_on          … with code "bad_input"
  out_of_memory_on      … with code "out_of_memory", retryable
  room                  pictures of one step above which the memory runs out (without limit)
  print_on              words at which rubbish is printed to standard output
"""

from __future__ import annotations

import colorsys
import hashlib
import itertools
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Generator, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.engine.seam import (
    CAPTIONS,
    PLACE,
    Answer,
    Attempt,
    Event,
    Preview,
    Progress,
    Question,
    Run,
)

_FOREVER_S = 1e6


def create(options: Mapping[str, Any]) -> SimulatedEngine:
    """The factory that a worker calls."""
    return SimulatedEngine(options)


class SimulatedRun:
    """Satisfies `bot.engine.seam.Run`. Its pictures are flat; their colours depend on the prompt
    and each one's own seed."""

    def __init__(
        self, attempt: Attempt, emit: Callable[[Event], None], cancelled: Callable[[], bool],
        previews: int,
    ) -> None:  # fmt: skip
        request = attempt.request
        self.attempt = attempt
        self.cancelled = cancelled
        self.pictures = [_picture(request, index) for index in attempt.indices]
        self.cost = float(len(self.pictures) * request["width"] * request["height"] // 64)
        self.company: Hashable | None = attempt.model, request["width"], request["height"]
        self.steps = self.left = request["steps"]
        self._emit = emit
        self._shown = _preview_steps(self.steps, previews)

    @property
    def made(self) -> int:
        """Steps that lie behind it."""
        return self.steps - self.left

    @property
    def done(self) -> bool:
        return self.left == 0

    def advance(self) -> None:
        """One more step is made."""
        self.left -= 1
        self._emit(Progress(self.made, self.steps, time.monotonic()))

    def show(self) -> None:
        """A preview, where one is due."""
        if self.made in self._shown and not self.cancelled():
            self._emit(Preview(imaging.preview(self.pictures), time.monotonic()))


class SimulatedEngine:
    """Satisfies `bot.engine.seam.Engine`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.device: str = options.get("device", "simulated")
        self.vram_mb: int = options.get("vram_mb", 0)
        self._options = options
        self._loaded: dict[str, None] = {}
        self._cards = {card["id"]: card for card in options.get("cards", ())}
        time.sleep(options.get("start_seconds", 0))

    def learn(self, cards: Sequence[Mapping[str, Any]]) -> Collection[str]:
        """It loads whatever it is asked for, and tells what it heard of each."""
        before, self._cards = self._cards, {card["id"]: card for card in cards}
        changed = {id for id, card in self._cards.items() if before.get(id) != card}
        for gone in changed | (before.keys() - self._cards.keys()):
            self._loaded.pop(gone, None)
        return changed

    def load(self, model: str, say: Callable[[str], None]) -> None:
        """Wait `load_seconds`. Raises RenderFailed while the file `missing` exists."""
        say(f"loading {model}")
        time.sleep(self._options.get("load_seconds", 0))
        missing = self._options.get("missing")
        if missing and Path(missing).exists():
            raise RenderFailed("model_missing", f"The model {model} is not there.")
        self._loaded.pop(model, None)
        self._make_room(self._mb(model))
        self._loaded[model] = None

    def _make_room(self, mb: int) -> None:
        pinned = [id for id, card in self._cards.items() if card.get("pinned")]
        able = [one for one in self._loaded if one not in pinned]
        while self.vram_mb and sum(self.sizes().values()) + mb > self.vram_mb:
            if not able:
                raise RenderFailed("out_of_memory", "The memory is too small for the model.")
            del self._loaded[able.pop(0)]

    def _mb(self, model: str) -> int:
        return self._options.get("model_mb", {}).get(model, 0)

    def sizes(self) -> Mapping[str, int]:
        """As its options say."""
        return {model: self._mb(model) for model in self._loaded}

    def loaded(self) -> Mapping[str, Mapping[str, Any]]:
        """What `load` brought in, each with its card; it has no files that could say more."""
        return {model: self._cards.get(model, {}) for model in sorted(self._loaded)}

    def drawn_by(self, model: str) -> str:
        """Says that nothing was drawn."""
        return "simulated"

    def begin(
        self,
        attempt: Attempt,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> SimulatedRun:
        """Nothing has to be prepared."""
        if attempt.model in self._loaded:
            self._loaded[attempt.model] = self._loaded.pop(attempt.model)
        return SimulatedRun(attempt, emit, cancelled, self._options.get("previews", 3))

    def step(self, runs: Sequence[Run]) -> None:
        """Wait as long as a step of so many pictures takes. Faults strike before it."""
        mine = [run for run in runs if isinstance(run, SimulatedRun)]
        texts = [run.attempt.request["text"] for run in mine]
        for text in texts:
            self._fault(text)
        pictures = sum(len(run.pictures) for run in mine)
        if pictures > self._options.get("room", math.inf):
            raise RenderFailed("out_of_memory", "The memory does not suffice.", retryable=True)
        each = self._options.get("picture_seconds", 0)
        time.sleep(self._options.get("step_seconds", 0.01) + each * pictures)
        for run in mine:
            run.advance()
        if any(self._asked("hang_on", text) for text in texts):
            time.sleep(_FOREVER_S)
        for run in mine:
            run.show()

    def answer(self, question: Question) -> Generator[None, None, Answer]:
        """Long pieces matter most to it, things are at the left, and it counts the pictures that it
        saw. Faults strike as in drawing."""
        if question.kind == CAPTIONS:
            return (yield from self._counted(question.asked))
        if question.kind == PLACE:
            yield
            self._fault(question.asked["thing"])
            return {"place": [[1.0, 0.0, 0.0, 0.0]] * 4}
        pieces: Sequence[str] = question.asked["pieces"]
        for piece in pieces:
            yield
            self._fault(piece)
        return {"importance": [len(piece) / max(map(len, pieces)) for piece in pieces]}

    def _counted(self, asked: Mapping[str, Any]) -> Generator[None, None, Answer]:
        numbers = itertools.count(1)
        captions: list[str] = []
        while len(captions) < asked["count"]:
            yield
            caption = f"a red fox, number {next(numbers)}"
            captions += [caption] if caption not in asked["besides"] else []
        return {"captions": captions}

    def idle(self, say: Callable[[str], None]) -> bool:
        """Nothing makes it faster."""
        return False

    def finish(self, run: Run) -> bool:
        """There is nothing to wait for."""
        return bool(self._options.get("ahead"))

    def retire(self, run: Run) -> Sequence[Image.Image]:
        """Its pictures."""
        assert isinstance(run, SimulatedRun)
        return run.pictures

    def _fault(self, text: str) -> None:
        if self._asked("print_on", text):
            print("rubbish from a library", flush=True)
            os.write(1, b"\x00\x00\x00\x04rubbish below Python\n")
        if self._asked("crash_on", text):
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        if self._asked("bad_input_on", text):
            raise RenderFailed("bad_input", "The source picture cannot be used.")
        if self._asked("out_of_memory_on", text):
            raise RenderFailed("out_of_memory", "The memory does not suffice.", retryable=True)
        if self._asked("fail_on", text):
            raise RenderFailed("error", "The picture cannot be drawn.")

    def _asked(self, fault: str, text: str) -> bool:
        return any(word in text for word in self._options.get(fault, ()))


def _preview_steps(steps: int, count: int) -> set[int]:
    return {round(steps * part / (count + 1)) for part in range(1, count + 1)} - {0, steps}


def _picture(request: Mapping[str, Any], index: int) -> Image.Image:
    digest = hashlib.sha256(f"{request['seeds'][index]} {request['text']}".encode()).digest()
    colour = colorsys.hsv_to_rgb(digest[0] / 255, 0.6, 0.5 + digest[1] / 510)
    size = request["width"], request["height"]
    return Image.new("RGB", size, tuple(round(255 * part) for part in colour))
