"""One gateway connection, and the session that outlives it.

Knows frames, compression and the replay buffer; does not know what the events mean.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.gateway.compression import compressor

_REPLAY = 2000
"""Events a session remembers for a resume."""

Payload = dict[str, Any]


class Close(Exception):
    """The connection must be closed with a Discord close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass
class Session:
    """What Discord remembers of a shard between connections."""

    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None = None
    sequence: int = 0
    sent: deque[Payload] = field(default_factory=lambda: deque(maxlen=_REPLAY))
    lost_at: float = 0.0

    def dispatch(self, name: str, data: Any) -> None:
        """Tell an event, now or after a resume."""
        self.sequence += 1
        payload = {"op": 0, "t": name, "s": self.sequence, "d": data}
        self.sent.append(payload)
        if self.connection is not None:
            self.connection.send(payload)


class Connection:
    """One WebSocket; messages go out in order through a queue."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.session: Session | None = None
        self.mute = False
        """Nothing is sent any more, as on a line that is dead and not cut."""
        self._compress = compressor(request.query.get("compress"))
        self._queue: asyncio.Queue[Payload | Close] = asyncio.Queue()

    def send(self, payload: Payload) -> None:
        self._queue.put_nowait(payload)

    def close(self, code: int, reason: str = "") -> None:
        """Send what is queued, then a close frame."""
        self._queue.put_nowait(Close(code, reason))

    def cut(self) -> None:
        """End the connection with no close frame, as a broken network does."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        """Send what is queued until the connection ends."""
        while True:
            item = await self._queue.get()
            if self.mute:
                continue
            try:
                if isinstance(item, Close):
                    await self.socket.close(code=item.code, message=str(item).encode())
                    return
                text = json.dumps(item, separators=(",", ":"))
                if self._compress is None:
                    await self.socket.send_str(text)
                else:
                    await self.socket.send_bytes(self._compress(text))
            except (ConnectionError, RuntimeError):
                return


def decode(data: str | bytes) -> Payload:
    """The payload of a frame. Raises Close 4002 when it is none."""
    if len(data.encode() if isinstance(data, str) else data) > 4096:
        raise Close(4002, "The payload is larger than 4096 bytes.")
    try:
        payload = json.loads(data)
    except ValueError:
        raise Close(4002, "Error while decoding payload.") from None
    if not isinstance(payload, dict):
        raise Close(4002, "Error while decoding payload.")
    return payload
