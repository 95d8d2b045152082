"""The worker's side: what draws, one step of several attempts at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Hashable, Mapping, Sequence
from typing import Any, Protocol

from bot.engine.seam.attempt import Attempt, Event
from bot.engine.seam.question import Answer, Question


class Run(Protocol):
    """An attempt that is being drawn: its pictures share one sampler, and nothing with others.

    company   runs of equal company may make their steps together; None with nobody
    cost      what a step of it takes, in a unit that its company shares: pictures × latent cells,
              twice that with guidance
    left      steps that are still to be made
    """

    @property
    def attempt(self) -> Attempt: ...

    @property
    def company(self) -> Hashable | None: ...

    @property
    def cost(self) -> float: ...

    @property
    def left(self) -> int: ...

    @property
    def done(self) -> bool:
        """Whether none is left."""
        ...


class Engine(Protocol):
    """Blocking drawing inside a worker process. One call at a time, all from one thread."""

    device: str
    vram_mb: int

    def learn(self, cards: Sequence[Mapping[str, Any]]) -> Collection[str]:
        """Know these models from here on, by the fields of their cards, and no others; returns the
        ids of those that are not what they were. What is being drawn is drawn to its end."""
        ...

    def load(self, model: str, say: Callable[[str], None]) -> None:
        """Bring a model into memory, while nothing is drawn. Raises
        RenderFailed("model_missing", …)."""
        ...

    def loaded(self) -> Mapping[str, Mapping[str, Any]]:
        """The models in memory: id → what the model's own files say, as fields of `ModelCard`."""
        ...

    def sizes(self) -> Mapping[str, int]:
        """What each of them takes of the device's memory, in MB, where that is known."""
        ...

    def drawn_by(self, model: str) -> str:
        """What drew last with a model in memory, in words for a recipe: library and precision."""
        ...

    def begin(
        self,
        attempt: Attempt,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> Run:
        """Everything before the first step; its model is in memory, others may be under way.

        `cancelled` is asked between stages; when true, raises Cancelled. Raises RenderFailed.
        """
        ...

    def step(self, runs: Sequence[Run]) -> None:
        """One step of each of these, which are of one company; none of them changes a picture of
        another. Emits progress, and a few previews, by each run's own `emit`.

        Raises RenderFailed. Runs whose `left` is what it was may then be tried again, fewer at
        once; one that was alone is over. Who cancels a run forgets it between two steps; only a
        run that draws everything in one step asks by itself and raises Cancelled.
        """
        ...

    def finish(self, run: Run) -> bool:
        """Begin what comes after the last step of a run that is done, where the device goes on with
        that by itself, so that others can make a step before `retire`; else nothing happens, and
        it returns False. Raises WorkerLost."""
        ...

    def idle(self, say: Callable[[str], None]) -> bool:
        """Nobody waits: have what makes drawing faster take its place, where it is ready. Whether
        there is more to come. Who comes meanwhile is told what was said."""
        ...

    def answer(self, question: Question) -> Generator[None, None, Answer]:
        """Of a model that is in memory. It yields wherever others may make a step meanwhile. Raises
        RenderFailed("bad_input") for what the model cannot be asked."""
        ...

    def retire(self, run: Run) -> Sequence[Any]:
        """One PIL image for each of `attempt.indices`, in order, of a run that is done.

        Raises RenderFailed and, where it has to draw once more, Cancelled.
        """
        ...
