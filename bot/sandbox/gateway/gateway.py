"""The bot's gateway: identify, heartbeats, events, resume.

Knows sessions and the WebSocket protocol; what happens in the world reaches it as news.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.gateway.connection import Close, Connection, Session, decode
from bot.sandbox.gateway.payloads import interaction_create
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.entities import Channel, Guild, StoredMessage
from bot.sandbox.world.interactions import Interaction, Interactions
from bot.sandbox.world.shapes import Renderer, emoji_json
from bot.sandbox.world.world import BOT_ID, World

GUILDS, MEMBERS, PRESENCES, CONTENT = 1 << 0, 1 << 1, 1 << 8, 1 << 15
GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 9, 1 << 12
GUILD_REACTIONS, DIRECT_REACTIONS = 1 << 10, 1 << 13
_PRIVILEGED = MEMBERS | PRESENCES | CONTENT
_ALL_INTENTS = (1 << 26) - 1
_HEARTBEAT_MS = 41_250
_RESUMABLE_SECONDS = 180

Payload = dict[str, Any]


class Gateway:
    def __init__(
        self,
        world: World,
        renderer: Renderer,
        bus: Bus,
        *,
        token: Callable[[], str],
        url: Callable[[], str],
        privileged: int = 0,
    ) -> None:
        self._world = world
        self._renderer = renderer
        self._bus = bus
        self._token = token
        self._url = url
        self._privileged = privileged
        self._interactions: Interactions | None = None
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.identified = 0
        """How many times a bot has identified."""
        self.resumed = 0
        """How many times a session was resumed."""
        bus.subscribe(self._hear)

    def attach(self, interactions: Interactions) -> None:
        self._interactions = interactions

    @property
    def online(self) -> bool:
        return any(each.connection is not None for each in self._sessions.values())

    def listening(self) -> bool:
        """Whether a bot is there or may still come back to its session."""
        self._forget_lost()
        return bool(self._sessions)

    # Faults and lifecycle

    def drop(self) -> None:
        for connection in list(self._connections):
            connection.cut()

    def reconnect(self) -> None:
        for connection in list(self._connections):
            connection.send({"op": 7, "d": None})

    def invalidate(self) -> None:
        for session in list(self._sessions.values()):
            connection, session.connection = session.connection, None
            del self._sessions[session.id]
            if connection is not None:
                connection.session = None
                connection.send({"op": 9, "d": False})
        self._presence()

    def shut(self) -> None:
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
        connection.send({"op": 10, "d": {"heartbeat_interval": _HEARTBEAT_MS}})
        try:
            await self._read(connection)
        finally:
            self._connections.discard(connection)
            self._lose(connection)
            if not socket.closed:
                await asyncio.wait([writer], timeout=1)
            writer.cancel()
        return socket

    async def _read(self, connection: Connection) -> None:
        patience = _HEARTBEAT_MS / 1000 * 2
        arrivals: deque[float] = deque(maxlen=120)
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await connection.socket.receive(timeout=patience)
            except TimeoutError:
                connection.close(4009, "Session timed out.")
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if len(arrivals) == 120 and loop.time() - arrivals[0] < 60:
                connection.close(4008, "Rate limited.")
                return
            arrivals.append(loop.time())
            try:
                self._take(connection, decode(message.data))
            except Close as error:
                connection.close(error.code, str(error))
                return

    def _lose(self, connection: Connection) -> None:
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection = None
        session.lost_at = self._world.clock()
        if connection.socket.close_code in (1000, 1001):
            self._sessions.pop(session.id, None)
        self._presence()

    def _forget_lost(self) -> None:
        oldest = self._world.clock() - _RESUMABLE_SECONDS
        for session in list(self._sessions.values()):
            if session.connection is None and session.lost_at < oldest:
                del self._sessions[session.id]

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
            self._chunk(connection.session, data or {})
        elif op not in (3, 4):
            raise Close(4001, "Unknown opcode.")

    def _identify(self, connection: Connection, data: Payload) -> None:
        if connection.session is not None:
            raise Close(4005, "Already authenticated.")
        if data.get("token") != self._token():
            raise Close(4004, "Authentication failed.")
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= _ALL_INTENTS:
            raise Close(4013, "Invalid intent(s).")
        if intents & _PRIVILEGED & ~self._privileged:
            raise Close(4014, "Disallowed intent(s).")
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            raise Close(4010, "Invalid shard.")
        session = Session(secrets.token_hex(16), (number, count), intents, connection)
        self._sessions[session.id] = session
        connection.session = session
        self._welcome(session)
        self.identified += 1
        self._presence()

    def _welcome(self, session: Session) -> None:
        guilds = [each for each in self._world.guilds.values() if _routed(session, each.id)]
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": self._world.bot.json() | {"verified": True, "mfa_enabled": True},
                "guilds": [{"id": each.id, "unavailable": True} for each in guilds],
                "session_id": session.id,
                "resume_gateway_url": self._url(),
                "shard": list(session.shard),
                "application": {"id": BOT_ID, "flags": 1 << 23},
                "private_channels": [],
            },
        )
        if session.intents & GUILDS:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", self._renderer.guild(guild))

    def _resume(self, connection: Connection, data: Payload) -> None:
        if data.get("token") != self._token():
            raise Close(4004, "Authentication failed.")
        self._forget_lost()
        session = self._sessions.get(str(data.get("session_id")))
        sequence = data.get("seq") or 0
        oldest = session.sent[0]["s"] if session and session.sent else 1
        if session is None or not oldest - 1 <= sequence <= session.sequence:
            connection.send({"op": 9, "d": False})
            return
        if session.connection is not None:
            session.connection.session = None
            session.connection.close(4000, "Resumed elsewhere.")
        connection.session, session.connection = session, connection
        for payload in session.sent:
            if payload["s"] > sequence:
                connection.send(payload)
        session.dispatch("RESUMED", {"_trace": ["sandbox"]})
        self.resumed += 1
        self._presence()

    def _chunk(self, session: Session, data: Payload) -> None:
        guild = self._world.guilds.get(str(data.get("guild_id")))
        if guild is None:
            return
        wanted = data.get("user_ids")
        names = {str(each) for each in (wanted if isinstance(wanted, list) else [wanted])}
        members = [each.json() for key, each in guild.members.items() if key in names]
        shape = {"guild_id": guild.id, "members": members, "chunk_index": 0, "chunk_count": 1}
        if data.get("nonce"):
            shape["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", shape)

    def _presence(self) -> None:
        self._bus.publish(News("SANDBOX_PRESENCE", self.online))

    # News

    def _hear(self, news: News) -> None:
        intent = _needed_intent(news)
        if intent is None:
            return
        data: Any = None
        for session in list(self._sessions.values()):
            if (intent and not session.intents & intent) or not _routed(session, news.guild_id):
                continue
            if data is None:
                data = self._payload(news)
            if data is not None:
                session.dispatch(news.name, data)

    def _payload(self, news: News) -> Any:
        subject = news.subject
        if isinstance(subject, Interaction):
            assert self._interactions is not None
            limit = self._interactions.file_limit(subject)
            return interaction_create(subject, self._world, self._renderer, limit)
        if isinstance(subject, StoredMessage):
            return self._message_payload(news, subject)
        if isinstance(subject, Guild):
            return self._renderer.guild(subject)
        return subject.json() if isinstance(subject, Channel) else subject

    def _message_payload(self, news: News, message: StoredMessage) -> Payload | None:
        channel = self._world.channels.get(message.channel_id)
        if message.audience is not None or channel is None:
            return None
        if not self._world.may(BOT_ID, channel):
            return None
        if news.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            return self._renderer.event(message)
        where: Payload = {"channel_id": message.channel_id}
        if message.guild_id:
            where["guild_id"] = message.guild_id
        if news.name == "MESSAGE_DELETE":
            return where | {"id": message.id}
        shape = where | {
            "message_id": message.id,
            "user_id": news.user_id,
            "emoji": emoji_json(news.emoji or ""),
            "burst": False,
            "type": 0,
        }
        guild = self._world.guilds.get(message.guild_id or "")
        if news.name == "MESSAGE_REACTION_ADD":
            shape["message_author_id"] = message.author.id
            if guild is not None and news.user_id in guild.members:
                shape["member"] = guild.members[news.user_id].json()
        return shape


def _needed_intent(news: News) -> int | None:
    """The intent bit an event needs, 0 for none, None when it is no gateway event."""
    direct = news.guild_id is None
    if news.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"):
        return DIRECT_MESSAGES if direct else GUILD_MESSAGES
    if news.name in ("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"):
        return DIRECT_REACTIONS if direct else GUILD_REACTIONS
    if news.name == "INTERACTION_CREATE":
        return 0
    return None if news.name.startswith("SANDBOX_") else GUILDS


def _routed(session: Session, guild_id: str | None) -> bool:
    number, count = session.shard
    return number == (int(guild_id) >> 22) % count if guild_id else number == 0


def _known_parameters(request: web.Request) -> bool:
    query = request.query
    compress = query.get("compress")
    return (
        query.get("v", "10") == "10"
        and query.get("encoding", "json") == "json"
        and compress in (None, "", "zlib-stream", "zstd-stream")
    )
