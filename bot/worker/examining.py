"""Pictures that somebody sent, checked on a thread of their own, whatever is drawn or loaded
meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.engine.frames import Frame
from bot.worker.questions import Asked
from bot.worker.safety import Checker, Unchecked

log = logging.getLogger(__name__)


class Examiner:
    """Answers questions of the kind `SCORES`, one after the other."""

    def __init__(self, checker: Checker, send: Callable[[Frame], None]) -> None:
        self._checker = checker
        self._send = send
        self._pool = ThreadPoolExecutor(1, "examining")

    def put(self, asked: Asked) -> None:
        """Have it answered; from any thread."""
        self._pool.submit(self._answer, asked)

    def _answer(self, asked: Asked) -> None:
        try:
            said = {"answer": {"scores": [self._score(each) for each in asked.question.pictures]}}
        except RenderFailed as failure:
            said = {"code": failure.code, "text": str(failure)}
        except Exception as error:
            log.exception("a picture that was sent cannot be checked")
            said = {"code": "error", "text": f"{type(error).__name__}: {error}"}
        self._send(Frame("answer", {"number": asked.number, **said}))

    def _score(self, data: bytes) -> float:
        try:
            return self._checker.examined(imaging.decode(data))
        except imaging.PictureError as error:
            raise RenderFailed("bad_input", str(error)) from None
        except Unchecked as why:
            raise RenderFailed("model_missing", str(why)) from None
