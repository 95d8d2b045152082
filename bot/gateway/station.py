"""A gateway process: the core's orders, its shards, and what becomes of them without a core.

One that the core started ends with it. One that was started on its own keeps its sessions for a
while, with what people did meanwhile, and gives them to the core that comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.engine.frames import Frame, FrameError
from bot.gateway.codes import KEEP, LEAVE
from bot.gateway.line import Line, Unwelcome, greet
from bot.gateway.session import Order, Shard

log = logging.getLogger(__name__)

BEAT_S = 0.25
REST_S = 0.2
"""Between two tries to reach the core. Whoever clicked waits for it, for three seconds."""
LEAVING_S = 2.0
"""So long an old session is listened to beside the new one."""
PATIENCE_S = 120.0
"""Without a core for so long, sessions are ended."""

Dial = Callable[[], Awaitable[Line]]


class Station:
    """`dial` reaches the core. `wants` are the shards that it is for, of `of` in all; without them
    it is for those that the core says. `token` is Discord's, empty where the core tells it."""

    def __init__(
        self, dial: Dial, *, wants: range | None = None, of: int = 0, secret: str = "",
        token: str = "", patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self._dial = dial
        self._about = {
            "name": f"{socket.gethostname()} {os.getpid()}",
            "wants": [wants.start, wants.stop] if wants else None,
            "of": of,
        }
        self._secret = secret
        self._token = token
        self._patience_s = patience_s
        self._shards: dict[int, Shard] = {}
        self._old: dict[int, Shard] = {}
        self._line: Line | None = None
        self._behind: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._heard: Mapping[str, Callable[[Mapping[str, Any], tuple[bytes, ...]], None]] = {
            "take": self._take,
            "release": self._release,
            "permit": lambda said, _: self._shards[said["shard"]].permit(),
            "ack": self._ack,
            "done": lambda said, _: self._old[said["shard"]].unacked.drop(said["seq"]),
            "command": self._command,
        }

    def stop(self) -> None:
        """End; the sessions stay for whoever takes them over."""
        self._stopping.set()

    async def serve_once(self) -> None:
        """Serve the core until it is gone or `stop`, and leave."""
        async with aiohttp.ClientSession() as self._http:
            with contextlib.suppress(Unwelcome, OSError):
                await self._until_stopped(self._served())
            await self._close(KEEP if self._stopping.is_set() else LEAVE)

    async def serve(self) -> None:
        """Serve one core after another until `stop`."""
        alone_since, said = time.monotonic(), ""
        async with aiohttp.ClientSession() as self._http:
            while not self._stopping.is_set():
                try:
                    await self._until_stopped(self._served())
                    alone_since, said = time.monotonic(), ""
                except (Unwelcome, OSError) as why:
                    if said != str(why):
                        log.warning("the core cannot be reached: %s", why)
                    said = str(why)
                if self._shards and time.monotonic() - alone_since > self._patience_s:
                    log.warning("no core for %g s: the sessions end", self._patience_s)
                    await self._close(LEAVE)
                await self._until_stopped(asyncio.sleep(REST_S))
            await self._close(KEEP)

    async def _until_stopped(self, work: Any) -> None:
        task, stop = asyncio.ensure_future(work), asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    async def _served(self) -> None:
        line = await self._dial()
        try:
            core = await greet(line, self._secret, {**self._about, "holds": self._holds()})
            self._token = core.get("token") or self._token
            self._line = line
            self._later(self._beat(line))
            log.info("at the core")
            while frame := await line.receive():
                if frame.kind == "bye":
                    return
                self._hear(frame)
        except FrameError as error:
            log.warning("%s", error)
        finally:
            self._line = None
            for shard in self._held():
                shard.pause()
            line.close()

    def _hear(self, frame: Frame) -> None:
        hear = self._heard.get(frame.kind)
        if hear is not None:
            with contextlib.suppress(KeyError):  # of a shard that we have no more
                hear(frame.data, frame.payloads)

    # Orders

    def _take(self, said: Mapping[str, Any], payloads: tuple[bytes, ...]) -> None:
        """A shard is ours: to go on with, to take over, or to begin."""
        order = Order(said["shard"], said["url"], said["identify"], self._token)
        old = self._shards.get(order.shard)
        if old is not None and old.told == said["session"]:
            old.go_on(said["seq"])
            return
        new = self._shards[order.shard] = Shard(order, self._http, self._say)
        if old is not None and old.session and not said["session"]:
            self._old[order.shard] = old
            old.leave()
            self._later(self._replaced(old, new))
        elif old is not None:
            self._later(old.close(KEEP))
        new.start(said["session"], said["resume_url"], said["seq"], payloads[0])

    async def _replaced(self, old: Shard, new: Shard) -> None:
        """End an old session some time after the new one has begun."""
        await new.welcomed.wait()
        await asyncio.sleep(LEAVING_S)
        await old.close(LEAVE)
        if self._old.get(old.order.shard) is old:
            del self._old[old.order.shard]

    def _release(self, said: Mapping[str, Any], _: object) -> None:
        self._later(self._shards.pop(said["shard"]).close(KEEP))

    def _ack(self, said: Mapping[str, Any], _: object) -> None:
        for shard, seq in said["seqs"].items():
            if int(shard) in self._shards:
                self._shards[int(shard)].unacked.ack(seq)

    def _command(self, said: Mapping[str, Any], payloads: tuple[bytes, ...]) -> None:
        self._later(self._shards[said["shard"]].command(payloads[0].decode()))

    # Without orders

    def _say(self, kind: str, data: Mapping[str, Any], *payloads: bytes) -> None:
        if self._line is not None:
            self._line.say(kind, data, *payloads)

    def _holds(self) -> list[dict[str, Any]]:
        """Sessions that go on. A new one that has not begun gives way to the old one."""
        for no, new in list(self._shards.items()):
            old = self._old.pop(no, None)
            if old is not None and not new.told:
                self._later(new.close(KEEP))
                old.leaving = False
                self._shards[no] = old
            elif old is not None:
                self._later(old.close(LEAVE))
        return [{"shard": no, "session": shard.told} for no, shard in self._shards.items()]

    async def _beat(self, line: Line) -> None:
        while self._line is line:
            latency = {no: shard.latency_s for no, shard in self._shards.items()}
            line.say("beat", {"latency": latency})
            await asyncio.sleep(BEAT_S)

    def _held(self) -> list[Shard]:
        return [*self._shards.values(), *self._old.values()]

    async def _close(self, code: int) -> None:
        closing = [shard.close(code) for shard in self._held()]
        self._shards.clear()
        self._old.clear()
        await asyncio.gather(*closing)

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
