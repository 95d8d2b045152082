"""What the bot asks for, read on its own thread while the engine works."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import SCORES, Question
from bot.worker.attempts import Attempts
from bot.worker.examining import Examiner
from bot.worker.painter import Learn, Painter, Prepare
from bot.worker.questions import Asked, Forgotten


class Orders:
    """Hands them to the painter, and pictures that are to be checked to the examiner; a cancel of
    what does not draw takes effect at once. `ready` is what the worker said when it was."""

    def __init__(
        self, receive: Callable[[], Frame | None], attempts: Attempts, painter: Painter,
        examiner: Examiner, ready: Frame,
    ) -> None:  # fmt: skip
        self._receive = receive
        self._attempts = attempts
        self._painter = painter
        self._examiner = examiner
        self._ready = ready

    def read(self) -> None:
        """Take orders until the input ends, and the process with it."""
        with contextlib.suppress(frames.FrameError, OSError):
            while frame := self._receive():
                self._take(frame)
        os._exit(0)

    def _take(self, frame: Frame) -> None:
        if frame.kind == "prepare":
            for model in frame.data["models"]:
                self._painter.put(Prepare(model))
        elif frame.kind == "cards":
            self._painter.put(Learn(frame.data["cards"]))
        elif frame.kind == "ask":
            said = frame.data
            question = Question(said["kind"], said["model"], said["asked"], frame.payloads)
            asked = Asked(said["number"], question)
            (self._examiner if question.kind == SCORES else self._painter).put(asked)
        elif frame.kind == "forget":
            self._painter.put(Forgotten(frame.data["number"]))
        elif frame.kind == "run":
            for attempt in frames.unpack_attempts(frame):
                self._attempts.add((attempt.job, attempt.no))
                self._painter.put(attempt)
        elif frame.kind == "cancel":
            self._attempts.cancel((frame.data["job"], frame.data["no"]))
        elif frame.kind == "stop":
            self._attempts.cancel_all()
        elif frame.kind == "adopt":
            self._attempts.cancel_all()
            self._painter.put(Learn(frame.data["cards"], self._ready))
