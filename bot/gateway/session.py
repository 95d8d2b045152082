"""One shard in a gateway process: its session with Discord, whatever happens to connections.

What comes is handed on as it came and kept until the core has taken it. While there is no core a
connection is kept and read; a new session, or the old one on a new connection, waits for the core.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.domain.backoff import Backoff
from bot.gateway.codes import FINAL, KEEP
from bot.gateway.named import Named
from bot.gateway.unacked import Unacked
from bot.gateway.wire import Closed, Wire

log = logging.getLogger(__name__)

DEEDS = ("INTERACTION_", "ENTITLEMENT_", "MESSAGE_REACTION_")
"""What people do, beside which events only tell how things are."""
_HEAD = re.compile(
    r'\{(?:"t":"(?P<t>[A-Z_]+)","s":(?P<s>[0-9]+),"op":0|"op":0,"t":"(?P<t2>[A-Z_]+)","s":(?P<s2>[0-9]+)),"d":'
)

Say = Callable[..., None]
"""Hands a frame to the core: its kind, its data, its payloads."""


class _Again(Exception):
    """This connection is over; another one goes on."""


@dataclass(frozen=True)
class Order:
    """What the core wants of a shard: connect to `url` as `identify` says, but for the token."""

    shard: int
    url: str
    identify: dict[str, Any]
    token: str


class Shard:
    """`run` until `close`. `say` tells the core; what it says itself is told by methods."""

    def __init__(self, order: Order, http: aiohttp.ClientSession, say: Say) -> None:
        self.order = order
        self.session = ""
        self.told = ""
        """The session that the core knows of."""
        self.resume_url = ""
        self.unacked = Unacked()
        self.leaving = False
        """The core begins anew with another session, and wants of this one only what people do."""
        self.welcomed = asyncio.Event()
        """There is a session, by READY."""
        self.wire: Wire | None = None
        self._named = Named()
        self._seq = 0
        self._http = http
        self._say_core = say
        self._flows = asyncio.Event()
        self._permitted = asyncio.Event()
        self._asking = False
        self._code = KEEP
        self._task: asyncio.Task[None] | None = None

    # What the core says

    def start(
        self, session: str = "", resume_url: str = "", seq: int = 0, ready: bytes = b""
    ) -> None:
        """Connect: with the session that another process had, which began with the text `ready`,
        or a new one."""
        if ready:
            self._named.begin(ready)
        self.session, self.resume_url, self._seq = session, resume_url, seq
        self.told = session
        self._flows.set()
        self._task = asyncio.create_task(self._run(), name=f"shard {self.order.shard}")

    def pause(self) -> None:
        """The core is gone: what comes is kept."""
        self._flows.clear()

    def go_on(self, seq: int) -> None:
        """The core is back, and had taken everything up to `seq`."""
        self.unacked.ack(seq)
        self._flows.set()
        for each in self.unacked.all():
            self._tell(*each)
        if self._asking:
            self._say("asks")

    def leave(self) -> None:
        """There is a core that knows nothing of this session: see `leaving`."""
        self.leaving = True
        self._flows.set()
        self.unacked.keep(lambda name: name.startswith(DEEDS))
        if ready := self._named.ready():
            self._say_core("deed", {"shard": self.order.shard, "seq": 0}, ready)
        for each in self.unacked.all():
            self._tell(*each)

    def permit(self) -> None:
        """It may identify."""
        self._permitted.set()

    async def command(self, text: str) -> None:
        """Send what the core says; without a connection it is not sent."""
        if self.wire is not None:
            try:
                await self.wire.send(text)
            except Closed:
                log.info("shard %d: a command was not sent", self.order.shard)

    async def close(self, code: int = KEEP) -> None:
        """Hang up. By LEAVE the session ends, by KEEP another process goes on with it."""
        self._code = code
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def latency_s(self) -> float | None:
        return self.wire.latency_s if self.wire else None

    # What Discord says

    async def _run(self) -> None:
        rests = Backoff(0.25, 30.0)
        while True:
            began = time.monotonic()
            try:
                await self._connected()
            except _Again:
                pass
            except Closed as end:
                if end.code in FINAL:
                    self._say("refused", code=end.code)
                    return
                log.info("shard %d: %s", self.order.shard, end)
            except (OSError, TimeoutError, aiohttp.ClientError, ValueError) as error:
                log.warning("shard %d cannot be connected: %s", self.order.shard, error)
            except Exception:
                log.exception("shard %d: what Discord says cannot be read", self.order.shard)
            if time.monotonic() - began > 10:
                rests.reset()
            self._say("lost")
            await asyncio.sleep(rests.next())

    async def _connected(self) -> None:
        await self.unacked.room.wait()
        await self._flows.wait()
        if not self.session:
            await self._ask()
        url = self.resume_url if self.session else self.order.url
        wire = await Wire.open(self._http, url)
        self.wire = wire
        try:
            # Another process may have this session, if we were still for long.
            await self._flows.wait()
            await self._greet(wire)
            while True:
                await self._hear(wire, await wire.receive())
                await self.unacked.room.wait()
        finally:
            self.wire = None
            await wire.close(self._code)

    async def _ask(self) -> None:
        """Returns when it may identify."""
        self.told = ""
        self._permitted.clear()
        self._asking = True
        self._say("asks")
        await self._permitted.wait()
        self._asking = False

    async def _greet(self, wire: Wire) -> None:
        token = self.order.token
        if self.session:
            wire.seq = self._seq
            said = {"token": token, "session_id": self.session, "seq": self._seq}
            await wire.say(6, said)
            return
        properties = {"os": sys.platform, "browser": "Easel", "device": "Easel"}
        said = {"token": token, "properties": properties, "compress": False}
        await wire.say(2, said | self.order.identify)
        self._say("identified")

    async def _hear(self, wire: Wire, text: str) -> None:
        if found := _HEAD.match(text):
            name, seq = found["t"] or found["t2"], int(found["s"] or found["s2"])
            self._event(wire, name, seq, text)
            return
        payload = json.loads(text)
        match payload["op"]:
            case 0:
                self._event(wire, payload["t"], payload["s"], text)
            case 1:
                await wire.beat()
            case 7:
                raise _Again
            case 9:
                if not payload["d"]:
                    self._forget()
                raise _Again
            case 11:
                wire.beaten()

    def _forget(self) -> None:
        """Discord knows this session no more; the core may still want what came of it."""
        log.info("shard %d: its session has ended", self.order.shard)
        self.session, self._seq = "", 0
        if self._flows.is_set():
            self.unacked.clear()

    def _event(self, wire: Wire, name: str, seq: int, text: str) -> None:
        self._seq = wire.seq = seq
        body = text.encode()
        if name == "READY":
            self._begun(json.loads(text)["d"])
            self._named.begin(body)
        self._named.hear(name, text)
        if not self.leaving or name.startswith(DEEDS):
            self.unacked.add(seq, name, body)
        if self._flows.is_set():
            self._tell(seq, name, body)

    def _begun(self, said: dict[str, Any]) -> None:
        if not self._flows.is_set():  # the core left meanwhile, and its numbers are another's
            raise _Again
        self.unacked.clear()
        self.session, self.resume_url = said["session_id"], said["resume_gateway_url"]
        self.told = self.session
        self._say("session", session=self.session, url=self.resume_url)
        self.welcomed.set()

    def _tell(self, seq: int, name: str, body: bytes) -> None:
        deed = name.startswith(DEEDS)
        said = {"shard": self.order.shard, "seq": seq}
        if not self.leaving:
            self._say_core("event", {**said, "deed": deed, "at": time.time()}, body)
        elif deed:
            self._say_core("deed", said, body)

    def _say(self, kind: str, **more: Any) -> None:
        if not self.leaving and self._flows.is_set():
            self._say_core(kind, {"shard": self.order.shard, **more})
