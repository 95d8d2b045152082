"""The bot's gateway: its sockets and what they may say.

Knows the WebSocket protocol: heartbeats, identify, resume, close codes; what a session is told
is in `sessions`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.gateway.connection import Close, Connection, decode
from bot.sandbox.gateway.events import ALL_INTENTS, PRIVILEGED
from bot.sandbox.gateway.sessions import Sessions
from bot.sandbox.gateway.starts import Starts
from bot.sandbox.world.bus import Bus, News

_MOST_A_MINUTE = 120

Payload = dict[str, Any]


class Gateway:
    """Every connection of the bot; `token` and `url` are asked for when they are needed."""

    def __init__(
        self,
        sessions: Sessions,
        bus: Bus,
        *,
        token: Callable[[], str],
        url: Callable[[], str],
        privileged: int = 0,
        heartbeat_seconds: float = 41.25,
        starts: Starts | None = None,
    ) -> None:
        self._sessions = sessions
        self._bus = bus
        self._token = token
        self._url = url
        self._privileged = privileged
        self._heartbeat_ms = round(heartbeat_seconds * 1000)
        self._starts = starts or Starts()
        self._connections: set[Connection] = set()
        self.identified = 0
        """How many times a bot has identified."""
        self.resumed = 0
        """How many times a session was resumed."""

    @property
    def online(self) -> bool:
        """Whether a bot is connected."""
        return self._sessions.online

    @property
    def shards(self) -> set[int]:
        """Which shards are connected."""
        return self._sessions.shards

    @property
    def sessions(self) -> list[str]:
        """Ids of those that are connected or may be resumed."""
        return self._sessions.ids

    # Faults and lifecycle

    def drop(self) -> None:
        """Cut every connection with no close frame."""
        for connection in list(self._connections):
            connection.cut()

    def reconnect(self) -> None:
        """Ask every connection to come back and resume (op 7)."""
        for connection in list(self._connections):
            connection.send({"op": 7, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """End every session for good (op 9); or say that it may be resumed, and keep it."""
        if resumable:
            for connection in list(self._connections):
                connection.send({"op": 9, "d": True})
            return
        self._sessions.invalidate()
        self._tell_presence()

    def mute(self) -> None:
        """Say nothing more on the connections there are, not even to a heartbeat."""
        for connection in self._connections:
            connection.mute = True

    def shut(self) -> None:
        """Close every connection, as a server that goes away does."""
        for connection in list(self._connections):
            connection.close(WSCloseCode.GOING_AWAY)

    # The connection

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """The handler of /gateway."""
        socket = web.WebSocketResponse(max_msg_size=16 * 1024, autoping=True)
        await socket.prepare(request)
        if not _known_parameters(request):
            await socket.close(code=4012, message=b"Invalid API version or encoding")
            return socket
        connection = Connection(socket, request)
        self._connections.add(connection)
        writer = asyncio.get_running_loop().create_task(connection.write())
        connection.send({"op": 10, "d": {"heartbeat_interval": self._heartbeat_ms}})
        try:
            await self._read(connection)
        finally:
            self._connections.discard(connection)
            if self._sessions.lose(connection):
                self._tell_presence()
            if not socket.closed:
                await asyncio.wait([writer], timeout=1)
            writer.cancel()
        return socket

    async def _read(self, connection: Connection) -> None:
        patience = self._heartbeat_ms / 1000 * 2
        arrivals: deque[float] = deque(maxlen=_MOST_A_MINUTE)
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await connection.socket.receive(timeout=patience)
            except TimeoutError:
                connection.close(4009, "Session timed out.")
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if len(arrivals) == _MOST_A_MINUTE and loop.time() - arrivals[0] < 60:
                connection.close(4008, "Rate limited.")
                return
            arrivals.append(loop.time())
            try:
                self._take(connection, decode(message.data))
            except Close as error:
                connection.close(error.code, str(error))
                return

    def _take(self, connection: Connection, payload: Payload) -> None:
        op, data = payload.get("op"), payload.get("d")
        if op == 1:
            connection.send({"op": 11})
        elif op == 2:
            self._identify(connection, data or {})
        elif op == 6:
            self._resume(connection, data or {})
        elif connection.session is None:
            raise Close(4003, "Not authenticated.")
        elif op == 8:
            self._sessions.send_members(connection.session, data or {})
        elif op not in (3, 4):
            raise Close(4001, "Unknown opcode.")

    def _identify(self, connection: Connection, data: Payload) -> None:
        if connection.session is not None:
            raise Close(4005, "Already authenticated.")
        if data.get("token") != self._token():
            raise Close(4004, "Authentication failed.")
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= ALL_INTENTS:
            raise Close(4013, "Invalid intent(s).")
        if intents & PRIVILEGED & ~self._privileged:
            raise Close(4014, "Disallowed intent(s).")
        number, count = _shard(data.get("shard"))
        if not self._starts.take(number, asyncio.get_running_loop().time()):
            connection.send({"op": 9, "d": False})
            return
        self.identified += 1
        self._sessions.begin(connection, (number, count), intents, self._url())
        self._tell_presence()

    def _resume(self, connection: Connection, data: Payload) -> None:
        if data.get("token") != self._token():
            raise Close(4004, "Authentication failed.")
        session_id, sequence = str(data.get("session_id")), data.get("seq") or 0
        if not self._sessions.resume(connection, session_id, sequence):
            connection.send({"op": 9, "d": False})
            return
        self.resumed += 1
        self._tell_presence()

    def _tell_presence(self) -> None:
        self._bus.publish(News("SANDBOX_PRESENCE", self.online))


def _shard(said: Any) -> tuple[int, int]:
    """Which of how many. Raises Close 4010 for one that there is not."""
    match said:
        case None:
            return 0, 1
        case [int(number), int(count)] if 0 <= number < count:
            return number, count
    raise Close(4010, "Invalid shard.")


def _known_parameters(request: web.Request) -> bool:
    query = request.query
    compress = query.get("compress")
    return (
        query.get("v", "10") == "10"
        and query.get("encoding", "json") == "json"
        and compress in (None, "", "zlib-stream", "zstd-stream")
    )
