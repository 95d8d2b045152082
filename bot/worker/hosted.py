"""A worker inside a process that another program owns, such as an actor of Ray.

It has the threads and the code of a worker in a process of its own; only the two streams are made
of calls instead of pipes. It outlives whoever talks to it: a new one adopts it, with the models in
its memory, and what the one before wanted is stopped. Knows no Ray.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import queue
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from bot.engine import frames
from bot.engine.frames import Frame
from bot.worker.here import Here
from bot.worker.serving import Outgoing, serve

INLINE = 90_000
"""Bytes that travel in one piece without a detour through shared memory."""
Chunk = bytes | tuple[bytes, int]
"""Whole frames; with a number where it is to be said that they have come."""
HEARD_S = 0.5
"""So long that is waited for."""
LEASE_S = 30.0
"""Who was not heard of for so long wants nothing any more …"""
KEPT_S = 3600.0
"""… and after so long the worker ends, and gives its card back."""


class Inlet:
    """A byte stream that one side feeds and another thread reads."""

    def __init__(self) -> None:
        self._parts: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """More of it."""
        self._parts.put(data)

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, as soon as there are any; it never ends."""
        while not self._rest:
            self._rest = self._parts.get()
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


class Outlet(Outgoing):
    """What all threads say, for whoever listens on the event loop; each frame with the name under
    which the worker is known. `news` keeps what somebody who looks on is told.

    What is not heard yet when the process dies is lost. So what decides who is to blame for that is
    waited for, until `heard` says that it has come.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._guard = threading.Lock()
        self._unheard: deque[tuple[int, bytes]] = deque()
        self._woken = asyncio.Event()
        self._said = self._vital = 0
        self._answered = threading.Condition()
        self._heard = 0
        self.name = ""
        self.news = News()

    def open(self, name: str) -> None:
        """Somebody new listens, to whom nothing was said yet."""
        with self._guard:
            self.name = name
            self._unheard.clear()
        self._woken.set()

    def send(self, *together: Frame) -> None:
        """From any thread."""
        with self._guard:
            for frame in together:
                self.news.hear(frame)
                named = replace(frame, data={"worker": self.name, **frame.data})
                self._said += 1
                self._unheard.append((self._said, frames.pack(named)))
            number = self._said
            if vital := any(map(_is_vital, together)):
                self._vital = number
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the process does
            self._loop.call_soon_threadsafe(self._woken.set)
        if vital:
            with self._answered:
                self._answered.wait_for(lambda: self._heard >= number, HEARD_S)

    def heard(self, number: int) -> None:
        """All up to this one has come."""
        with self._answered:
            self._heard = max(self._heard, number)
            self._answered.notify_all()

    async def listen(self, name: str) -> AsyncIterator[Chunk]:
        """Whole frames, as they come, until somebody new listens; small ones together."""
        while self.name == name:
            self._woken.clear()
            while self.name == name and (chunk := self._next()):
                yield chunk
            await self._woken.wait()

    def _next(self) -> Chunk | None:
        with self._guard:
            parts: list[bytes] = []
            size = number = 0
            while self._unheard and (not parts or size + len(self._unheard[0][1]) <= INLINE):
                number, data = self._unheard.popleft()
                parts.append(data)
                size += len(data)
            if self._heard < self._vital <= number:
                return b"".join(parts), number
        return b"".join(parts) or None


def _is_vital(frame: Frame) -> bool:
    if frame.kind == "event":
        return frame.data["event"] == "Begun"
    return frame.kind == "state" and bool(frame.data["loading"])


class News:
    """How a worker stands, from what it says, for people."""

    def __init__(self) -> None:
        self.state: Mapping[str, Any] = {}
        self.ready: Mapping[str, Any] = {}
        self.drawing: dict[str, str] = {}

    def hear(self, frame: Frame) -> None:
        """It said this."""
        said = frame.data
        match frame.kind:
            case "event" if said["event"] == "Progress":
                step = said["fields"]
                self.drawing[said["job"]] = f"{step['step']}/{step['of']}"
            case "event" if said["event"] in ("Begun", "LoadingModel"):
                self.drawing.setdefault(said["job"], "")
            case "end":
                self.drawing.pop(said["job"], None)
            case "state":
                self.state = said
            case "ready":
                self.ready = said


class Host:
    """Makes the worker at the first `adopt`, on the loop that runs then."""

    def __init__(self, lease_s: float = LEASE_S, kept_s: float = KEPT_S) -> None:
        self._lease_s = lease_s
        self._kept_s = kept_s
        self._inlet = Inlet()
        self._outlet: Outlet | None = None
        self._here = Here()
        self._made_for: Any = None
        self._owner = ""
        self._heard = time.monotonic()

    @property
    def name(self) -> str:
        """Under which it is known just now."""
        return self._outlet.name if self._outlet else ""

    def adopt(self, name: str, owner: str, hello: bytes) -> str:
        """From here on it is `owner`'s, who knows it by `name` and says `hello`.

        Empty where it is so; "taken" where somebody else was heard of just now, and "other" where
        it was made for another engine, or with other options.
        """
        said = frames.read(io.BytesIO(hello))
        assert said is not None
        cards = said.data["options"].get("cards", [])
        made_for = said.data["engine"], {**said.data["options"], "cards": None}
        if self._outlet is None:
            self._made_for = made_for
            self._begin(name, hello)
        elif owner != self._owner and time.monotonic() - self._heard < self._lease_s:
            return "taken"
        elif made_for != self._made_for:
            return "other"
        else:
            self._outlet.open(name)  # before there is an answer
            self._inlet.feed(frames.pack(Frame("adopt", {"cards": cards})))
        self._owner, self._heard = owner, time.monotonic()
        return ""

    def _begin(self, name: str, hello: bytes) -> None:
        self._outlet = Outlet(asyncio.get_running_loop())
        self._outlet.open(name)  # its threads may speak before they are all started
        self._inlet.feed(hello)
        for run in (self._serve, self._watch):
            threading.Thread(target=run, name=run.__name__, daemon=True).start()

    def _serve(self) -> None:
        assert self._outlet
        serve(self._receive, self._outlet)
        time.sleep(1)  # for its last words
        os._exit(1)

    def _receive(self) -> Frame | None:
        return self._here.of(frames.read(self._inlet))

    def _watch(self) -> None:
        """Nothing is drawn for somebody who is gone."""
        while True:
            time.sleep(self._lease_s / 10)
            silence = time.monotonic() - self._heard
            if silence > self._lease_s:
                self._inlet.feed(frames.pack(Frame("stop", {})))
            if silence > self._kept_s:
                os._exit(0)

    def take(self, name: str, data: bytes) -> bool:
        """Orders, as whole frames; False from whom it is no more."""
        if name != self.name:
            return False
        self._heard = time.monotonic()
        if data:
            self._inlet.feed(data)
        return True

    async def listen(self, name: str) -> AsyncIterator[Chunk]:
        """What it says, as long as it is known by this name."""
        if self._outlet:
            async for chunk in self._outlet.listen(name):
                yield chunk

    def heard(self, number: int) -> None:
        """What was said with this number has come."""
        if self._outlet:
            self._outlet.heard(number)

    def standing(self) -> dict[str, Any]:
        """How it stands, as plain data for people."""
        news = self._outlet.news if self._outlet else News()
        state = news.state
        return {
            "worker": self.name,
            "pid": os.getpid(),
            "alone_s": time.monotonic() - self._heard,
            "device": news.ready.get("device", ""),
            "vram_mb": news.ready.get("vram_mb", 0),
            "loaded": sorted(state.get("loaded", ())),
            "loading": sorted(state.get("loading", ())),
            "failed": dict(state.get("failed", {})),
            "drawing": dict(news.drawing),
        }
