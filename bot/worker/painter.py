"""The loop of a worker's main thread: attempts begin, make their steps and are retired.

What was ordered is looked at before every step, so an attempt joins those under way at a step
boundary, and leaves at one when it is done, cancelled or has failed. One whose turn it is not is
paused: it keeps what it has in memory, and is told of nothing. What has to wait for a model
waits until the others are done, for models are loaded while nothing is drawn. Knows how attempts
end; not how pictures are drawn or encoded, nor whose turn it is.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.batching import Key as Member
from bot.domain.batching import Limits, Turns
from bot.domain.errors import Cancelled, RenderFailed, WorkerLost
from bot.engine.frames import Frame
from bot.engine.seam import Attempt, Engine
from bot.worker.attempts import Attempts, Key
from bot.worker.encoding import Drawn
from bot.worker.painting import Painting, Voice, painting, ran_out_of_memory
from bot.worker.questions import Asked, Forgotten, Questions
from bot.worker.rooms import Rooms
from bot.worker.stock import Stock

log = logging.getLogger(__name__)

_IDLE_S = 0.5
"""Between two looks at what is being made to draw faster, while nobody waits."""


@dataclass(frozen=True)
class Prepare:
    """Load a model ahead of need."""

    model: str


@dataclass(frozen=True)
class Learn:
    """These are the models from here on, by the fields of their cards. Who says that may be new,
    and is told that all is `ready` and how it stands."""

    cards: Sequence[Mapping[str, Any]]
    ready: Frame | None = None


Order = Attempt | Prepare | Learn | Asked | Forgotten


class Painter:
    """`put` orders from any thread; what was drawn goes to `finish`, frames go to `send`."""

    def __init__(
        self,
        engine: Engine,
        attempts: Attempts,
        finish: Callable[[Drawn], None],
        send: Callable[[Frame], None],
    ) -> None:
        self._engine = engine
        self._attempts = attempts
        self._drawn = finish
        self._send = send
        self._stock = Stock(engine, attempts, send)
        self._rooms = Rooms(send)
        self._questions = Questions(engine, send)
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._waiting: deque[Order] = deque()
        self._turns = Turns()
        self._paintings: dict[Member, Painting] = {}
        self._finishing: list[Painting] = []

    def put(self, order: Order) -> None:
        """Have something done when its turn comes."""
        self._orders.put(order)

    def run(self) -> None:
        """For ever."""
        while True:
            self.turn()

    def turn(self) -> None:
        """Begin what can begin, then make one step; waits for an order while nothing is to be
        done."""
        self._receive()
        while self._waiting and self._may_begin(self._waiting[0]):
            self._begin(self._waiting.popleft())
        for one in list(self._paintings.values()):
            if self._attempts.cancelled(one.key):
                self._end(one.attempt, "cancelled")
        finishing = len(self._finishing)
        if members := self._turns.next(self._limits):
            together = [self._paintings[member] for member in members]
            self._tell_paused(together)
            self._step(together)
        self._conclude(finishing)
        self._questions.advance()

    def _receive(self) -> None:
        if not (self._waiting or self._paintings or self._questions):
            self._waiting.append(self._awaited())
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.append(self._orders.get(block=False))

    def _awaited(self) -> Order:
        """The next order, whenever it comes."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._orders.get(block=False)
            more = self._engine.idle(self._attempts.loading)
            self._attempts.loading("")
            with contextlib.suppress(queue.Empty):
                return self._orders.get(timeout=_IDLE_S if more else None)

    def _limits(self, member: Member) -> Limits:
        return self._rooms.limits(self._paintings[member])

    # Beginning

    def _may_begin(self, order: Order) -> bool:
        """Others are not kept waiting by a load; nobody by what is not wanted any more."""
        if isinstance(order, Attempt) and self._attempts.cancelled((order.job, order.no)):
            return True
        return (
            not self._paintings
            or isinstance(order, Learn | Forgotten)
            or order.model in self._stock
            or not order.model
        )

    def _begin(self, order: Order) -> None:
        match order:
            case Learn(cards=cards, ready=ready):
                if ready:
                    self._send(ready)
                    self._questions.forget_all()
                    self._rooms.tell_all()
                self._stock.learn(cards)
            case Prepare(model=model):
                with contextlib.suppress(RenderFailed):  # its state tells how it went
                    self._stock.load(model)
            case Forgotten(number=number):
                self._questions.forget(number)
            case Asked():
                self._questions.begin(order, self._stock.load)
            case Attempt():
                self._start(order)

    def _start(self, order: Attempt) -> None:
        with self._answering(order):
            voice = Voice(order, self._attempts, self._stock)
            if not voice.cancelled():
                self._stock.load(order.model)
            self._attempts.begin((order.job, order.no))
            voice.begun()
            started = time.monotonic()
            run = self._engine.begin(order, voice.emit, voice.cancelled)
            begun = painting(order, run, self._engine, time.monotonic() - started)
            self._paintings[begun.key] = begun
            self._rooms.begun(begun)
            self._turns.join(
                begun.key, run.company, begun.cost, begun.left, order.person or None, order.before
            )
            if not begun.left:
                self._retire(begun)

    # Steps

    def _tell_paused(self, together: Sequence[Painting]) -> None:
        for one in self._paintings.values():
            if not one.finishing and (event := one.awaited(one in together)):
                self._attempts.say(one.key, event)

    def _step(self, together: Sequence[Painting]) -> None:
        """One step of each; what fails together is tried again in smaller companies."""
        failure: Exception | None = None
        started = time.monotonic()
        try:
            self._engine.step([one.run for one in together])
        except Exception as error:
            failure = error if len(together) == 1 else _without_frames(error)
        took = time.monotonic() - started
        stepped = [one for one in together if one.stepped()]
        self._count(stepped, took)
        if failure is None:
            self._rooms.stepped(together, took)
        else:
            self._apart(together, [one for one in together if one not in stepped], failure)
        for one in stepped:
            if not one.left and one.key in self._paintings:
                self._finish(one)

    def _finish(self, one: Painting) -> None:
        """Where others are under way, and the engine can, they make a step meanwhile."""
        with self._answering(one.attempt):
            others = any(each.left for each in self._paintings.values())
            if others and self._engine.finish(one.run):
                one.finishing = True
                self._finishing.append(one)
                self._turns.leave(one.key)
            else:
                self._conclude(len(self._finishing))
                self._retire(one)

    def _conclude(self, most: int) -> None:
        """Retire the first that were finishing, at most so many."""
        due, self._finishing = self._finishing[:most], self._finishing[most:]
        for one in due:
            if one.key in self._paintings:
                self._retire(one)

    def _count(self, stepped: Sequence[Painting], seconds: float) -> None:
        cost = sum(one.cost for one in stepped)
        for one in stepped:
            one.seconds += seconds * one.cost / cost
            self._turns.stepped(one.key)

    def _apart(
        self, together: Sequence[Painting], left: Sequence[Painting], failure: Exception
    ) -> None:
        """A failure of a company is nobody's yet: only who fails alone has failed."""
        if len(together) == 1 or isinstance(failure, WorkerLost):
            with self._answering(together[0].attempt):
                raise failure
            return
        size = 1
        if ran_out_of_memory(failure):
            self._rooms.failed(together)
            size = max(1, len(left) // 2)
        for first in range(0, len(left), size):
            self._step(left[first : first + size])

    def _retire(self, one: Painting) -> None:
        attempt = one.attempt
        with self._answering(attempt):
            started = time.monotonic()
            images = self._engine.retire(one.run)
            one.seconds += time.monotonic() - started
            if not self._attempts.drawn(one.key):
                raise Cancelled
            by = self._engine.drawn_by(attempt.model)
            self._drawn(Drawn(attempt, images, one.seconds, by))
            self._leave(attempt)

    # Ends

    @contextlib.contextmanager
    def _answering(self, attempt: Attempt) -> Iterator[None]:
        """Have an attempt end whatever goes wrong with it."""
        try:
            yield
        except Cancelled:
            self._end(attempt, "cancelled")
        except RenderFailed as failure:
            self._end(attempt, "failed", failure)
        except MemoryError:
            failure = RenderFailed("out_of_memory", "The memory does not suffice.")
            self._end(attempt, "failed", failure)
        except WorkerLost:
            log.exception("the engine is beyond repair")
            os._exit(1)
        except Exception as error:
            log.exception("job %s cannot be drawn", attempt.job)
            failure = RenderFailed("error", f"{type(error).__name__}: {error}")
            self._end(attempt, "failed", failure)

    def _end(
        self, attempt: Attempt, outcome: str, failure: RenderFailed | None = None
    ) -> None:  # fmt: skip
        self._attempts.end((attempt.job, attempt.no), outcome, failure)
        self._leave(attempt)

    def _leave(self, attempt: Attempt) -> None:
        """Its place is free."""
        key: Key = attempt.job, attempt.no
        one = self._paintings.pop(key, None)
        if one and not one.finishing:
            self._turns.leave(key, one.left)
        self._stock.drawn_with()
        self._send(Frame("free", {"job": attempt.job, "no": attempt.no}))


def _without_frames(error: Exception) -> Exception:
    """The frames of a traceback hold tensors that there may be no room for any more."""
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)
