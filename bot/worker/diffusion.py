"""The engine: draws with diffusers' models on one device. Imported in a worker only.

Each picture has its own generator on the CPU, seeded by its own seed in the request, so it can be
drawn again alone. Kernels round differently by the number of rows they are given; in float32 that
shows in the last of eight bits at most, whoever else is drawn beside. In half precision it shows
more (50 dB and better), so there a grid that is drawn alone is always drawn in full: it is then
bit-equal on every day.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from bot.engine.seam import CAPTIONS, Answer, Attempt, Begun, Event, LoadingModel, Question
from bot.models.cards import ModelCard
from bot.worker import failures
from bot.worker.asked import loras_of, size_of
from bot.worker.describing import Describing
from bot.worker.hastening import Hastening
from bot.worker.library import Library
from bot.worker.models import Models, speeding_up
from bot.worker.precision import NotFinite, pick_device, pick_dtype
from bot.worker.upscalers import Upscalers

if TYPE_CHECKING:
    from bot.worker.model import Model
    from bot.worker.runs import Run


_PLACES = [field.name for field in dataclasses.fields(Library)]


def create(options: Mapping[str, Any]) -> DiffusionEngine:
    """The factory that a worker calls.

    Options, all plain data: cards (a list of ModelCard fields), device, dtype, threads (0: as
    torch likes), cache_dir, token, configs, shelf, converted (the folder of networks that are
    converted for OpenVINO; empty: torch draws alone), compiled (the folder of code that is compiled
    for a card; empty: torch draws as it is), compiler (what torch compiles with), speed ("eager",
    "exact", "balanced" or "fast") and describe (the folder of a model that says what pictures show;
    empty: the one in the box).
    """
    if threads := int(options.get("threads") or 0):
        torch.set_num_threads(threads)
    cards = [ModelCard(**fields) for fields in options.get("cards", ())]
    return DiffusionEngine(
        {card.id: card for card in cards},
        device=options.get("device") or "auto",
        dtype=options.get("dtype") or "auto",
        library=Library(**{key: options.get(key) or "" for key in _PLACES}),
        more=options,
    )


class DiffusionEngine:
    """Satisfies `bot.engine.seam.Engine` for the models in `cards`, by id.

    `more` are options of `Hastening`.
    """

    def __init__(
        self,
        cards: Mapping[str, ModelCard],
        device: str = "auto",
        dtype: str = "auto",
        library: Library | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        on = pick_device(device)
        library = library or Library()
        self._upscalers = Upscalers(library, on)
        hastening = Hastening(more or {}, library, on)
        self._models = Models(cards, on, pick_dtype(dtype, on), library, hastening)
        self._drawn_by: dict[str, str] = {}
        self._finishing: list[Run] = []
        self._describing = Describing((more or {}).get("describe") or "")
        self.device = str(on)
        self.vram_mb = _video_memory(on)
        self.ahead = on.type == "cuda"
        """Whether the device goes on with what it was told while others are told more."""

    def learn(self, cards: Sequence[Mapping[str, Any]]) -> Collection[str]:
        """See `Engine`. A model whose files are others now leaves memory with the next load."""
        return self._models.learn({one["id"]: ModelCard(**one) for one in cards})

    def loaded(self) -> Mapping[str, Mapping[str, Any]]:
        """The models in memory, each with what its own files say."""
        return self._models.confirmed()

    def sizes(self) -> Mapping[str, int]:
        """See `Engine`."""
        return self._models.sizes()

    def load(self, model: str, say: Callable[[str], None]) -> None:
        """Bring a model into memory; others leave it if the device is too small for both."""
        self._models.load(model, say)

    def drawn_by(self, model: str) -> str:
        """The library and precision that drew last with a model in memory."""
        return self._drawn_by.get(model, "")

    def begin(
        self, attempt: Attempt, emit: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> Run:
        """Everything that comes before the first step. Raises Cancelled or RenderFailed."""

        def say(text: str) -> None:
            _say(emit, text)

        self._models.load(attempt.model, say)
        if self._models.lowered(attempt.model, size_of(attempt.request), say):
            emit(Begun(time.monotonic()))
        model = self._models[attempt.model]
        if model.due:
            say(speeding_up(model.card))
            model.hasten()
            emit(Begun(time.monotonic()))
        run = self._run(model, attempt, emit, cancelled)
        self._models.draws(attempt.model, run)
        return run

    def _run(
        self, model: Model, attempt: Attempt, emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> Run:  # fmt: skip
        from bot.worker import enlarging
        from bot.worker.drawing import CalledRun
        from bot.worker.runs import SteppedRun

        if enlarging.is_larger(attempt.request):
            network = self._upscalers.of(model.card)
            return enlarging.EnlargingRun(model, attempt, emit, cancelled, network)
        kind = SteppedRun if model.family else CalledRun
        return kind(model, attempt, emit, cancelled)

    def step(self, runs: Sequence[Run]) -> None:
        """One step of each; all are of one company. What goes wrong with one of them, or was
        cancelled, is said by its `retire`. Raises WorkerLost."""
        going = [run for run in runs if not run.done]
        if going:
            going[0].step_with(going[1:])
        while self._finishing:  # while a card makes that step
            self._finishing.pop().fetch()
        self._settle()

    def finish(self, run: Run) -> bool:
        """See `Engine`: only a card goes on by itself."""
        if not self.ahead:
            return False
        run.finish()
        self._finishing.append(run)
        return True

    def idle(self, say: Callable[[str], None]) -> bool:
        """See `Engine`: drawing waits for it otherwise, a quarter of a minute for a large network
        on a card."""
        return self._models.hasten(say)

    def answer(self, question: Question) -> Generator[None, None, Answer]:
        """See `Engine`."""
        from bot.worker import answers

        if question.kind == CAPTIONS:
            return (yield from self._describing.answer(question))
        with failures.told(), torch.no_grad():
            return (yield from answers.answer(self._models[question.model], question))

    def _settle(self) -> None:
        """Wait for a card, which is told what to do long before it does it: else its steps would
        seem to take no time, and a cancelled drawing would be drawn to its end."""
        with failures.told():
            if self.device.startswith("cuda"):
                torch.cuda.current_stream(self.device).synchronize()
            elif self.device.startswith("mps"):
                torch.mps.synchronize()

    def retire(self, run: Run) -> Sequence[Image.Image]:
        """The pictures of `attempt.indices` of a run that is done, in order.

        A model that overflowed is loaded again in float32, for ever if that helps and no LoRA was
        on, and draws them to the end.
        Raises Cancelled or RenderFailed.
        """
        model, loras = run.attempt.model, loras_of(run.attempt)
        try:
            return self._finished(run)
        except NotFinite:
            if run.dtype is torch.float32:
                raise self._models.hopeless(model, loras) from None
        attempt, emit, cancelled = run.attempt, run.emit, run.cancelled
        run.release()
        self._models.widen(model, loras, lambda text: _say(emit, text))
        emit(Begun(time.monotonic()))
        try:
            return self._finished(self._stepped(attempt, emit, cancelled))
        except NotFinite:
            raise self._models.hopeless(model, loras) from None
        finally:
            if loras:
                self._models.narrow(model)

    def _stepped(
        self, attempt: Attempt, emit: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> Run:
        run = self.begin(attempt, emit, cancelled)
        while not run.done:
            self.step([run])
        return run

    def _finished(self, run: Run) -> Sequence[Image.Image]:
        if run in self._finishing:
            self._finishing.remove(run)
        images = run.pictures()
        self._models.proven(run.attempt.model, run.dtype)
        self._drawn_by[run.attempt.model] = run.drawn_by
        return images


def _say(emit: Callable[[Event], None], text: str) -> None:
    emit(LoadingModel(text, time.monotonic()))


def _video_memory(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    return torch.cuda.get_device_properties(device).total_memory >> 20
