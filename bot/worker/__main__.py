"""The child process that owns one engine: `python -m bot.worker`.

Reads frames from its standard input and writes frames to its standard output. The engine runs on
the main thread; a second thread reads orders, a third proves life, others encode finished pictures
while the next job is already drawn. The process ends when its input ends, so it never
outlives the bot. Knows threads and pipes; what is done with an order is its neighbours' work.

Orders      hello {engine, options, heartbeat_s} · cards {cards: [card fields]}
            prepare {models} · run · cancel {job, no} · forget {number}
            ask {number, kind, model, asked}, with pictures
Answers     ready {device, vram_mb, slots} · broken {text} · beat
            state {loaded: {model: card fields}, loading: {model: text}, failed: {model: text}}
            room {model, pixels, pictures}
            event · free {job, no} · end {job, no, outcome, code, text, retryable}
            answer {number, answer} or {number, code, text}
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

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


def serve(incoming: frames.Readable, outgoing: Outgoing) -> None:
    """Everything that happens between two streams, until the engine cannot be made.

    The process is left by `os._exit` when the input ends or the engine is beyond repair.
    """
    hello = frames.read(incoming)
    if hello is None:
        return
    _thread(outgoing.beat, hello.data["heartbeat_s"])
    try:
        engine = build(hello.data["engine"], hello.data["options"])
    except Exception as error:
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
    ready = {"device": engine.device, "vram_mb": engine.vram_mb, "slots": slots}
    outgoing.send(Frame("ready", ready))
    examiner = Examiner(checker, outgoing.send)
    _thread(Orders(incoming, attempts, painter, examiner).read)
    painter.run()


def _thread(target: Callable[..., None], *args: Any) -> None:
    threading.Thread(target=target, args=args, name=target.__name__, daemon=True).start()


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for frames alone.

    What libraries print goes to standard error from here on, and nothing can read our orders.
    """
    incoming = os.fdopen(os.dup(0), "rb", buffering=0)
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


def main() -> None:
    """Run one worker; the process ends without waiting for its threads."""
    # Ctrl-C in a terminal and a supervisor's SIGTERM are the bot's to handle: it ends the worker
    # by closing its input, or by SIGKILL.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hasattr(signal, "SIGTTOU"):  # a terminal may stop whom it does not read, for a line of log
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING, format="worker: %(levelname)s %(message)s")
    incoming, outgoing = claim_pipes()
    serve(incoming, Outgoing(outgoing))
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
