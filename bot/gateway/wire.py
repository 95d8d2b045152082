"""One WebSocket to Discord's gateway: opened, kept alive, read as text.

Knows heartbeats and compression; what the text means is `session`'s. discord.py has such a thing,
which reads every event and needs a thread for each; here the text is passed on as it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
import zlib
from typing import Any

import aiohttp
import yarl

from bot.gateway.codes import KEEP

QUERY = {"v": "10", "encoding": "json", "compress": "zlib-stream"}
_END = b"\x00\x00\xff\xff"
OPEN_S = 20.0


class Closed(Exception):
    """The connection is over; `code` says why, 0 where nothing did."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}" if code else "cut off")
        self.code = code or 0


class Wire:
    """Open from `open` to `close`. `seq` is the last event's number, which heartbeats carry."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.seq: int | None = None
        self.latency_s: float | None = None
        self._socket = socket
        self._inflate = zlib.decompressobj()
        self._parts = bytearray()
        self._beaten: float | None = None
        self._beats: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, url: str) -> Wire:
        """Connected, and greeted. Raises Closed, OSError, TimeoutError and aiohttp's errors."""
        async with asyncio.timeout(OPEN_S):
            socket = await http.ws_connect(yarl.URL(url).with_query(QUERY), max_msg_size=0)
            wire = cls(socket)
            try:
                hello = json.loads(await wire.receive())
                interval = float(hello["d"]["heartbeat_interval"]) / 1000
            except BaseException:
                await wire.close()
                raise
        wire._beats = asyncio.create_task(wire._keep(interval))
        return wire

    async def receive(self) -> str:
        """The text of the next message. Raises Closed."""
        while True:
            message = await self._socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                return str(message.data)
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise Closed(self._socket.close_code)
            self._parts += message.data
            if self._parts.endswith(_END):
                text = self._inflate.decompress(self._parts)
                self._parts = bytearray()
                return text.decode()

    async def send(self, text: str) -> None:
        """Raises Closed."""
        try:
            await self._socket.send_str(text)
        except (ConnectionError, RuntimeError, aiohttp.ClientError):
            raise Closed(self._socket.close_code) from None

    async def say(self, op: int, data: Any) -> None:
        """Raises Closed."""
        await self.send(json.dumps({"op": op, "d": data}, separators=(",", ":")))

    async def beat(self) -> None:
        """Say that we live. Raises Closed."""
        self._beaten = time.monotonic()
        await self.say(1, self.seq)

    def beaten(self) -> None:
        """Discord heard that."""
        if self._beaten is not None:
            self.latency_s = time.monotonic() - self._beaten
            self._beaten = None

    async def close(self, code: int = KEEP) -> None:
        """Nothing is received any more."""
        if self._beats is not None and self._beats is not asyncio.current_task():
            self._beats.cancel()
        with contextlib.suppress(TimeoutError, ConnectionError, aiohttp.ClientError):
            async with asyncio.timeout(2):
                await self._socket.close(code=code)

    async def _keep(self, interval_s: float) -> None:
        """Beat; where Discord does not answer until the next one, hang up."""
        await asyncio.sleep(interval_s * random.random())
        with contextlib.suppress(Closed):
            while self._beaten is None:
                await self.beat()
                await asyncio.sleep(interval_s)
        await self.close()
