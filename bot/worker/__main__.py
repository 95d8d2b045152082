"""The child process that owns one engine: `python -m bot.worker`.

Reads frames from its standard input and writes frames to its standard output. The engine runs on
the main thread; a second thread reads orders, a third proves life, a fourth encodes finished
pictures while the next job is already drawn. The process ends when its input ends, so it never
outlives the bot. Knows jobs and engines; not queues, users or other workers.

Orders      hello {engine, options, heartbeat_s} · prepare {models} · run · cancel {job, no}
Answers     ready {device, vram_mb} · broken {text} · beat
            state {loaded: {model: card fields}, loading: {model: text}, failed: {model: text}}
            event · free {job, no} · end {job, no, outcome, code, text, retryable}
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from bot import imaging
from bot.domain.errors import Cancelled, RenderFailed, UnknownModel, WorkerLost
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import Attempt, Begun, Done, Engine, Event, Image, LoadingModel

log = logging.getLogger(__name__)

NICENESS = 5
BACKLOG = 4
"""Jobs that may wait for the encoder before drawing waits for it."""

Key = tuple[str, int]


def build(factory: str, options: Mapping[str, Any]) -> Engine:
    """The engine made by `"package.module:function"` from plain options."""
    module, _, name = factory.partition(":")
    return getattr(importlib.import_module(module), name)(options)


class WorkerMain:
    """Everything that happens in the child, between two byte streams."""

    def __init__(self, incoming: frames.Readable, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._writing = threading.Lock()
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._finished: queue.Queue[tuple[Attempt, Sequence[Any], float]] = queue.Queue(BACKLOG)
        self._guard = threading.Lock()
        self._open: set[Key] = set()
        self._waiting: set[Key] = set()
        self._drawing: set[Key] = set()
        self._cancelled: set[Key] = set()
        self._loading: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._engine: Engine

    def run(self) -> None:
        """Serve until the input ends or the engine is beyond repair."""
        hello = frames.read(self._incoming)
        if hello is None:
            return
        self._thread(self._beat, hello.data["heartbeat_s"])
        try:
            self._engine = build(hello.data["engine"], hello.data["options"])
        except Exception as error:
            log.exception("the engine %s cannot be made", hello.data["engine"])
            self._send(Frame("broken", {"text": f"{type(error).__name__}: {error}"}))
            return
        if self._engine.device == "cpu" and hasattr(os, "nice"):
            os.nice(NICENESS)
        self._thread(self._encode)
        self._send(Frame("ready", {"device": self._engine.device, "vram_mb": self._engine.vram_mb}))
        self._thread(self._read)
        while True:
            self._orders.get()()

    def _thread(self, target: Callable[..., None], *args: Any) -> None:
        threading.Thread(target=target, args=args, name=target.__name__, daemon=True).start()

    def _send(self, frame: Frame) -> None:
        data = frames.pack(frame)
        with self._writing, contextlib.suppress(BrokenPipeError):
            self._outgoing.write(data)
            self._outgoing.flush()

    def _beat(self, every_s: float) -> None:
        while True:
            self._send(Frame("beat", {}))
            time.sleep(every_s)

    # Orders, on the reading thread

    def _read(self) -> None:
        with contextlib.suppress(frames.FrameError, OSError):
            while frame := frames.read(self._incoming):
                self._order(frame)
        os._exit(0)

    def _order(self, frame: Frame) -> None:
        if frame.kind == "prepare":
            for model in frame.data["models"]:
                self._orders.put(lambda model=model: self._prepare(model))
        elif frame.kind == "run":
            for attempt in frames.unpack_attempts(frame):
                key = attempt.job, attempt.no
                with self._guard:
                    self._open.add(key)
                    self._waiting.add(key)
                    text = next(iter(self._loading.values()), "")
                if text:
                    self._say(key, LoadingModel(text, time.monotonic()))
                self._orders.put(lambda attempt=attempt: self._draw(attempt))
        elif frame.kind == "cancel":
            self._cancel((frame.data["job"], frame.data["no"]))

    def _cancel(self, key: Key) -> None:
        with self._guard:
            if key not in self._open:
                return
            self._cancelled.add(key)
            waiting = key not in self._drawing
        if waiting:  # queued, loading or being encoded: nothing needs to be interrupted
            self._end(key, "cancelled")

    # Work, on the main thread

    def _prepare(self, model: str) -> None:
        with contextlib.suppress(RenderFailed):
            self._load(model)

    def _load(self, model: str) -> None:
        """Bring `model` into memory, and always end by telling the bot how every model stands."""
        try:
            if model in self._engine.loaded():
                return
            self._engine.load(model, lambda text: self._say_loading(model, text))
            self._failed.pop(model, None)
        except UnknownModel:
            raise
        except RenderFailed as failure:
            self._failed[model] = str(failure)
            raise
        except MemoryError:
            self._failed[model] = f"There is not enough memory for the model {model}."
            raise RenderFailed("out_of_memory", self._failed[model]) from None
        except WorkerLost:
            raise
        except Exception as error:
            log.exception("the model %s cannot be loaded", model)
            self._failed[model] = f"The model {model} cannot be loaded: {error}"
            raise RenderFailed("model_missing", self._failed[model]) from error
        finally:
            with self._guard:
                self._loading.clear()
            self._send_state()

    def _send_state(self) -> None:
        loaded = {model: dict(card) for model, card in self._engine.loaded().items()}
        failed = {model: text for model, text in self._failed.items() if model not in loaded}
        state = {"loaded": loaded, "loading": dict(self._loading), "failed": failed}
        self._send(Frame("state", state))

    def _say_loading(self, model: str, text: str) -> None:
        """Tell everybody who waits for the model, and those who come to wait."""
        with self._guard:
            self._loading = {model: text}
            waiting = list(self._waiting)
        self._send_state()
        for key in waiting:
            self._say(key, LoadingModel(text, time.monotonic()))

    def _draw(self, attempt: Attempt) -> None:
        key = attempt.job, attempt.no
        try:
            images, seconds = self._drawn(attempt, key)
        except Cancelled:
            self._end(key, "cancelled")
        except RenderFailed as failure:
            self._end(key, "failed", failure.code, str(failure), failure.retryable)
        except MemoryError:
            self._end(key, "failed", "out_of_memory", "The memory does not suffice.")
        except WorkerLost:
            log.exception("the engine is beyond repair")
            os._exit(1)
        except Exception as error:
            log.exception("job %s cannot be drawn", attempt.job)
            self._end(key, "failed", "error", f"{type(error).__name__}: {error}")
        else:
            with self._guard:
                self._drawing.discard(key)
            if key in self._cancelled:
                self._end(key, "cancelled")
            else:
                self._finished.put((attempt, images, seconds))
        finally:
            self._send(Frame("free", {"job": attempt.job, "no": attempt.no}))

    def _drawn(self, attempt: Attempt, key: Key) -> tuple[Sequence[Any], float]:
        def emit(event: Event) -> None:
            self._say(key, event)

        def cancelled() -> bool:
            return key in self._cancelled

        if not cancelled():
            self._load(attempt.model)
        with self._guard:
            self._waiting.discard(key)
            if key not in self._open:
                raise Cancelled
            self._drawing.add(key)
        started = time.monotonic()
        emit(Begun(started))
        images = self._engine.draw(attempt, emit, cancelled)
        return images, time.monotonic() - started

    # Encoding, on its own thread

    def _encode(self) -> None:
        while True:
            attempt, images, seconds = self._finished.get()
            key = attempt.job, attempt.no
            try:
                for index, image in zip(attempt.indices, images, strict=True):
                    if key not in self._open:
                        break
                    data = imaging.encode_tile(image)
                    self._say(key, Image(index, data, time.monotonic()))
            except Exception as error:
                log.exception("a picture of job %s cannot be encoded", attempt.job)
                self._end(key, "failed", "error", f"{type(error).__name__}: {error}")
                continue
            self._say(key, Done(seconds, self._engine.device, time.monotonic()))
            self._end(key, "done")

    def _say(self, key: Key, event: Event) -> None:
        if key in self._open:
            self._send(frames.pack_event(*key, event))

    def _end(
        self, key: Key, outcome: str, code: str = "", text: str = "", retryable: bool = False
    ) -> None:
        """Say once how an attempt ended."""
        with self._guard:
            if key not in self._open:
                return
            self._open.discard(key)
            self._waiting.discard(key)
            self._drawing.discard(key)
            self._cancelled.discard(key)
        said = {"job": key[0], "no": key[1], "outcome": outcome}
        self._send(Frame("end", said | {"code": code, "text": text, "retryable": retryable}))


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the bot's to handle
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING, format="worker: %(levelname)s %(message)s")
    WorkerMain(*claim_pipes()).run()
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
