"""A worker between two streams: its engine, its threads, and what they hear of each other.

The engine runs on the thread that calls `serve`; a second thread reads orders, a third proves life,
others encode finished pictures while the next job is already drawn. Knows neither whether the
process is a worker's own nor who is at the other end of the streams.

Orders      hello {engine, options, heartbeat_s} · cards {cards: [card fields]}
            prepare {models} · run · cancel {job, no} · forget {number}
            ask {number, kind, model, asked}, with pictures
            stop · adopt {cards}
Answers     ready {device, vram_mb, slots} · broken {text} · beat
            state {loaded: {model: card fields}, loading: {model: text}, failed: {model: text},
            sizes: {model: MB}}
            room {model, pixels, pictures}
            event · free {job, no} · end {job, no, outcome, code, text, retryable}
            answer {number, answer} or {number, code, text}

Nobody wants what is drawn any more at "stop"; at "adopt" somebody new listens, who is told how
everything stands.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from bot.domain.errors import SettingsError
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import Engine
from bot.worker.attempts import Attempts
from bot.worker.causes import cause
from bot.worker.encoding import Encoder
from bot.worker.examining import Examiner
from bot.worker.orders import Orders
from bot.worker.painter import Painter
from bot.worker.safety import Checker

log = logging.getLogger(__name__)

NICENESS = 5
SLOTS = 16
"""Attempts that may be under way at once, however small they are; the option `slots` of any engine
says another number."""


def build(factory: str, options: Mapping[str, Any]) -> Engine:
    """The engine made by `"package.module:function"` from plain options."""
    module, _, name = factory.partition(":")
    return getattr(importlib.import_module(module), name)(options)


class Outgoing:
    """The stream of answers, which every thread writes to."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._writing = threading.Lock()

    def send(self, *together: Frame) -> None:
        """Write whole frames; nothing happens when nobody reads any more."""
        packed = [frames.pack(frame) for frame in together]
        with self._writing, contextlib.suppress(BrokenPipeError):
            for data in packed:
                self._stream.write(data)
            self._stream.flush()

    def beat(self, every_s: float) -> None:
        """Prove life, for ever."""
        while True:
            self.send(Frame("beat", {}))
            time.sleep(every_s)


def serve(receive: Callable[[], Frame | None], outgoing: Outgoing) -> None:
    """Everything that happens between two streams, until the engine cannot be made.

    `receive` waits for the next order; None says that there will be none. The process is left by
    `os._exit` then, and where the engine is beyond repair.
    """
    hello = receive()
    if hello is None:
        return
    _thread(outgoing.beat, hello.data["heartbeat_s"])
    try:
        engine = build(hello.data["engine"], hello.data["options"])
    except Exception as error:
        if not isinstance(error, SettingsError):  # which says all
            log.exception("the engine %s cannot be made", hello.data["engine"])
        outgoing.send(Frame("broken", {"text": cause(error)}))
        return
    if engine.device == "cpu" and hasattr(os, "nice"):
        os.nice(NICENESS)
    attempts, checker = Attempts(outgoing.send), Checker.of(hello.data["options"])
    encoder = Encoder(attempts, engine.device, checker.score)
    painter = Painter(engine, attempts, encoder.put, outgoing.send)
    _thread(encoder.run)
    _thread(checker.prepare)
    slots = hello.data["options"].get("slots", SLOTS)
    said = {"device": engine.device, "vram_mb": engine.vram_mb, "slots": slots}
    outgoing.send(ready := Frame("ready", said))
    examiner = Examiner(checker, outgoing.send)
    _thread(Orders(receive, attempts, painter, examiner, ready).read)
    painter.run()


def _thread(target: Callable[..., None], *args: Any) -> None:
    threading.Thread(target=target, args=args, name=target.__name__, daemon=True).start()
