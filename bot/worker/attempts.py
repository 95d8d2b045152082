"""The attempts that were handed over and have not ended, as all threads of a worker see them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from bot.domain.errors import Cancelled, RenderFailed
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import Event, LoadingModel

Key = tuple[str, int]
"""An attempt: the job's id and the fencing number."""


class Send(Protocol):
    """Writes frames, together."""

    def __call__(self, *frames: Frame) -> None: ...


class Attempts:
    """Each attempt waits, is drawn, is encoded and ends, which is said exactly once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._guard = threading.Lock()
        self._open: set[Key] = set()
        self._waiting: set[Key] = set()
        self._drawing: set[Key] = set()
        self._cancelled: set[Key] = set()
        self._loading = ""

    def add(self, key: Key) -> None:
        """An attempt came in; it hears at once what is being loaded."""
        with self._guard:
            self._open.add(key)
            self._waiting.add(key)
            if self._loading:
                # Under the guard, so that it cannot come after the word that drawing begins.
                self.say(key, LoadingModel(self._loading, time.monotonic()))

    def loading(self, text: str) -> None:
        """Tell everybody who waits for a model, and those who come to wait; empty: no longer."""
        with self._guard:
            self._loading = text
            for key in self._waiting if text else ():
                self.say(key, LoadingModel(text, time.monotonic()))

    def begin(self, key: Key) -> None:
        """Drawing begins. Raises Cancelled where the attempt ended meanwhile."""
        with self._guard:
            self._waiting.discard(key)
            if key not in self._open:
                raise Cancelled
            self._drawing.add(key)

    def drawn(self, key: Key) -> bool:
        """Drawing ended; False where the attempt was cancelled meanwhile."""
        with self._guard:
            self._drawing.discard(key)
            return key not in self._cancelled

    def cancel(self, key: Key) -> None:
        """Have the attempt end; at once where nothing needs to be interrupted."""
        with self._guard:
            if key not in self._open:
                return
            self._cancelled.add(key)
            interrupting = key in self._drawing
        if not interrupting:  # queued, loading or being encoded
            self.end(key, "cancelled")

    def cancel_all(self) -> None:
        """Nobody wants any of them."""
        with self._guard:
            keys = list(self._open)
        for key in keys:
            self.cancel(key)

    def cancelled(self, key: Key) -> bool:
        """True once somebody asked for the attempt's end."""
        return key in self._cancelled or key not in self._open

    def say(self, key: Key, event: Event) -> None:
        """Pass on an event of an attempt that has not ended."""
        if key in self._open:
            self._send(frames.pack_event(*key, event))

    def done(self, key: Key, events: Sequence[Event]) -> None:
        """Say the last events of an attempt and that it ended well, together: who reads them is
        woken once."""
        if self._close(key):
            packed = [frames.pack_event(*key, event) for event in events]
            self._send(*packed, _ended(key, "done"))

    def end(
        self, key: Key, outcome: str, failure: RenderFailed | None = None
    ) -> None:  # fmt: skip
        """Say once how an attempt ended: "cancelled" or "failed", by a failure."""
        if self._close(key):
            self._send(_ended(key, outcome, failure))

    def _close(self, key: Key) -> bool:
        """Whether it was open."""
        with self._guard:
            if key not in self._open:
                return False
            for keys in (self._open, self._waiting, self._drawing, self._cancelled):
                keys.discard(key)
        return True


def _ended(key: Key, outcome: str, failure: RenderFailed | None = None) -> Frame:
    said: dict[str, Any] = {"job": key[0], "no": key[1], "outcome": outcome}
    if failure:
        said |= {"code": failure.code, "text": str(failure)}
        said |= {"retryable": failure.retryable, "fits": failure.fits}
    return Frame("end", said)
