"""The sessions of the bot: begun, resumed, ended, and fed with events.

Knows what a session is told and what it missed; does not know sockets nor their protocol.
"""

from __future__ import annotations

import secrets

from bot.sandbox.gateway.backlog import Backlog
from bot.sandbox.gateway.connection import Connection, Payload, Session
from bot.sandbox.gateway.events import GUILDS, Events, needed_intent
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import World

RESUMABLE_SECONDS = 180
"""How long a session without connection can be resumed, by the world's clock."""


class Sessions:
    """Keeps sessions by id and passes the world's news on to them."""

    def __init__(self, world: World, renderer: Renderer, bus: Bus) -> None:
        self.backlog = Backlog()
        """What holds events up on their way."""
        self._world = world
        self._renderer = renderer
        self._bus = bus
        self._events = Events(world, renderer)
        self._all: dict[str, Session] = {}
        bus.subscribe(self._hear)

    @property
    def online(self) -> bool:
        """Whether a bot is connected."""
        return any(each.connection is not None for each in self._all.values())

    @property
    def shards(self) -> set[int]:
        """Which of them are connected."""
        return {each.shard[0] for each in self._all.values() if each.connection is not None}

    @property
    def ids(self) -> list[str]:
        """Of every session that goes on or may."""
        self._forget_lost()
        return list(self._all)

    def listening(self) -> bool:
        """Whether a bot is there or may still come back to its session."""
        self._forget_lost()
        return bool(self._all)

    def begin(self, connection: Connection, shard: tuple[int, int], intents: int, url: str) -> None:
        """A new session, told READY and its guilds; `url` is where it may be resumed."""
        made = Session(secrets.token_hex(16), shard, intents, connection)
        self._all[made.id] = made
        connection.session = made
        self._welcome(made, url)

    def _welcome(self, session: Session, url: str) -> None:
        guilds = [
            each
            for each in self._world.guilds.values()
            if _routed(session, each.id) and self._world.rights.has_bot(each.id)
        ]
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": self._world.bot.json() | {"verified": True, "mfa_enabled": True},
                "guilds": [{"id": each.id, "unavailable": True} for each in guilds],
                "session_id": session.id,
                "resume_gateway_url": url,
                "shard": list(session.shard),
                "application": {"id": BOT_ID, "flags": 1 << 23},
                "private_channels": [],
            },
        )
        if session.intents & GUILDS:
            for guild in (each for each in guilds if each.reachable):
                self._pass_on(session, "GUILD_CREATE", self._renderer.guild(guild))

    def resume(self, connection: Connection, session_id: str, sequence: int) -> bool:
        """Whether the session goes on here, after a replay of what it missed."""
        self._forget_lost()
        session = self._all.get(session_id)
        oldest = session.sent[0]["s"] if session and session.sent else 1
        if session is None or not oldest - 1 <= sequence <= session.sequence:
            return False
        if session.connection is not None:
            session.connection.session = None
            session.connection.close(4000, "Resumed elsewhere.")
        connection.session, session.connection = session, connection
        for payload in session.sent:
            if payload["s"] > sequence:
                connection.send(payload)
        session.dispatch("RESUMED", {"_trace": ["sandbox"]})
        return True

    def lose(self, connection: Connection) -> bool:
        """Its connection ended; whether that left a session alone."""
        session = connection.session
        if session is None or session.connection is not connection:
            return False
        session.connection = None
        session.lost_at = self._world.clock()
        if connection.socket.close_code in (1000, 1001):
            self._all.pop(session.id, None)
        return True

    def invalidate(self) -> None:
        """End every session for good."""
        for session in list(self._all.values()):
            connection, session.connection = session.connection, None
            del self._all[session.id]
            if connection is not None:
                connection.session = None
                connection.send({"op": 9, "d": False})

    def send_members(self, session: Session, wish: Payload) -> None:
        """Answer a request for guild members by id."""
        guild = self._world.guilds.get(str(wish.get("guild_id")))
        if guild is None:
            return
        wanted = wish.get("user_ids")
        names = {str(each) for each in (wanted if isinstance(wanted, list) else [wanted])}
        members = [each.json() for key, each in guild.members.items() if key in names]
        shape = {"guild_id": guild.id, "members": members, "chunk_index": 0, "chunk_count": 1}
        if wish.get("nonce"):
            shape["nonce"] = wish["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", shape)

    def _forget_lost(self) -> None:
        oldest = self._world.clock() - RESUMABLE_SECONDS
        for session in list(self._all.values()):
            if session.connection is None and session.lost_at < oldest:
                del self._all[session.id]

    def _hear(self, news: News) -> None:
        intent = needed_intent(news)
        if intent is None:
            return
        meant = [
            each
            for each in self._all.values()
            if (not intent or each.intents & intent) and _routed(each, news.guild_id)
        ]
        data = self._events.payload(news) if meant else None
        if data is None:
            return
        for session in meant:
            self._pass_on(session, news.name, data)

    def _pass_on(self, session: Session, name: str, data: object) -> None:
        self.backlog.pass_on(name, lambda: session.dispatch(name, data))


def _routed(session: Session, guild_id: str | None) -> bool:
    number, count = session.shard
    return number == (int(guild_id) >> 22) % count if guild_id else number == 0
