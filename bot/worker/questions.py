"""Questions that came to a worker: answered one after the other, a little between two steps."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import RenderFailed
from bot.engine.frames import Frame
from bot.engine.seam import Answer, Engine, Question

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A question and the number that its answer is known by."""

    number: int
    question: Question

    @property
    def model(self) -> str:
        return self.question.model


@dataclass(frozen=True)
class Forgotten:
    """Nobody waits any more for the answer to the question of this number."""

    number: int


class Questions:
    """Of one engine; every question is answered once, unless it is forgotten before."""

    def __init__(self, engine: Engine, send: Callable[[Frame], None]) -> None:
        self._engine = engine
        self._send = send
        self._open: deque[tuple[Asked, Generator[None, None, Answer]]] = deque()

    def __bool__(self) -> bool:
        """Whether there is something to be done."""
        return bool(self._open)

    def begin(self, asked: Asked, load: Callable[[str], None]) -> None:
        """`load` brings its model into memory, where it is asked of one."""
        try:
            if asked.model:
                load(asked.model)
        except RenderFailed as failure:
            self._refuse(asked, failure)
        else:
            self._open.append((asked, self._engine.answer(asked.question)))

    def forget(self, number: int) -> None:
        """Do no more for it."""
        kept = [each for each in self._open if each[0].number != number]
        self._open = deque(kept)

    def forget_all(self) -> None:
        """Nobody waits for any answer."""
        self._open.clear()

    def advance(self) -> None:
        """Do a piece of the first one's work."""
        if not self._open:
            return
        asked, working = self._open[0]
        try:
            next(working)
            return
        except StopIteration as done:
            self._say(asked, answer=done.value)
        except RenderFailed as failure:
            self._refuse(asked, failure)
        except Exception as error:
            log.exception("a question of %s cannot be answered", asked.model or "no model")
            self._refuse(asked, RenderFailed("error", f"{type(error).__name__}: {error}"))
        self._open.popleft()

    def _refuse(self, asked: Asked, failure: RenderFailed) -> None:
        self._say(asked, code=failure.code, text=str(failure))

    def _say(self, asked: Asked, **said: Any) -> None:
        self._send(Frame("answer", {"number": asked.number, **said}))
