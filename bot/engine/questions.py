"""Questions that were sent to a worker and are not answered yet, on the bot's side."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from bot.domain.errors import EngineError, RenderFailed, WorkerLost
from bot.engine.frames import Frame
from bot.engine.line import Line
from bot.engine.seam import Answer, Question


class Questions:
    """Of one worker. `ask` and `hear` know one another by numbers."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, asyncio.Future[Answer]] = {}
        self._lost: WorkerLost | None = None

    async def ask(self, question: Question, line: Line) -> Answer:
        """The answer; who gives up has the worker forget it. Raises what `put` and `hear` say."""
        frame, answer = self.put(question)
        await line.send(frame)
        try:
            return await answer
        except asyncio.CancelledError:
            line.write(Frame("forget", {"number": frame.data["number"]}))
            raise

    def put(self, question: Question) -> tuple[Frame, asyncio.Future[Answer]]:
        """What is to be sent, and where the answer comes. Raises WorkerLost."""
        if self._lost:
            raise self._lost
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._open[number] = future
        future.add_done_callback(lambda _: self._open.pop(number, None))
        said = {"kind": question.kind, "model": question.model, "asked": question.asked}
        return Frame("ask", {"number": number, **said}, question.pictures), future

    def hear(self, said: Mapping[str, Any]) -> None:
        """An answer came; nothing happens where nobody waits for it any more."""
        future = self._open.get(said["number"])
        if future is None or future.done():
            return
        if "answer" in said:
            future.set_result(said["answer"])
        else:
            self._end(future, RenderFailed(said["code"], said["text"]))

    def lose(self, error: WorkerLost) -> None:
        """There will be no answers."""
        self._lost = error
        for future in list(self._open.values()):
            self._end(future, error)

    @staticmethod
    def _end(future: asyncio.Future[Answer], error: EngineError) -> None:
        if not future.done():
            future.set_exception(error)
            future.exception()  # who gave up has no use for it
