"""Where gateway processes come to in the core: who holds which shard, and what they hand over.

Each event is taken once, by its shard's number; a shard whose process is gone or silent goes to a
process that has none, with the session that it had, and Discord tells again what was not taken.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from bot.domain.errors import EaselError
from bot.domain.measures import Spread
from bot.domain.snapshots import Front
from bot.engine.frames import Frame, FrameError
from bot.gateway.codes import FINAL
from bot.gateway.line import GREETING_S, Line, welcome
from bot.gateway.member import Member, Record
from bot.gateway.pacing import Pacing
from bot.gateway.seam import Client, Terms
from bot.gateway.seating import seat
from bot.gateway.shards import shown

log = logging.getLogger(__name__)

LAGS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LOOK_S = 0.25
SILENT_S = 1.5
"""A process that says nothing for so long is taken for gone."""
START_S = 60.0
"""A process that is started here has so long until it says something."""
GRACE_S = 10.0
"""After a start so long the shards of processes that come by themselves are theirs alone."""


class Hall:
    """Satisfies `bot.gateway.seam.Relay`. `parts` are the processes that shards are divided among,
    0 where each says what it is for. `token` is Discord's, told where nobody else can hear it."""

    def __init__(self, parts: int, token: str = "", secret: str = "") -> None:
        self.parts = parts
        self.core = secrets.token_hex(8)
        self._token = token
        self._secret = secret
        self._terms: Terms | None = None
        self._client: Client | None = None
        self._pacing = Pacing(1, 0)
        self._records: dict[int, Record] = {}
        self._members: list[Member] = []
        self._began = time.monotonic()
        self._resting = False
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lags = Spread(LAGS)

    # For the client

    async def serve(self, terms: Terms, client: Client) -> None:
        """Have all shards connected until `close`. Raises EaselError where Discord refuses one."""
        self._terms, self._client = terms, client
        self._pacing = Pacing(terms.concurrency, terms.left, terms.reset_s, terms.total)
        self._records = {no: Record(no) for no in range(terms.shards)}
        self._began = time.monotonic()
        for member in self._members:
            self._seat(member)
        self._place()
        looking = asyncio.create_task(self._keep())
        try:
            await asyncio.shield(self._over)
        finally:
            looking.cancel()

    def rest(self) -> None:
        """Take nothing more, where processes keep what comes for who is next."""
        if not self.parts:
            self._end()

    def _end(self) -> None:
        """Take nothing more, and acknowledge all that was taken."""
        self._resting = True
        self._ack()

    async def close(self) -> None:
        """Leave the processes, which end or wait for who is next."""
        self._end()
        for member in self._members:
            member.line.say("bye", {})
        for member in list(self._members):
            member.line.close()
        if not self._over.done():
            self._over.set_result(None)

    def command(self, shard: int, text: str) -> None:
        """Send Discord something."""
        member = self._records[shard].member
        if member is not None:
            member.line.say("command", {"shard": shard}, text.encode())

    def latency_s(self, shard: int) -> float | None:
        """Of the last heartbeat, where that is known."""
        return self._records[shard].latency_s

    def is_up(self, shard: int) -> bool:
        """Whether it has a session that is connected, as far as that is known."""
        return self._records[shard].up

    def seen(self) -> Front:
        """How the processes are."""
        return Front(
            wanted=self.parts + 1 if self.parts else 0,
            up=len(self._members),
            spare=sum(not member.shards for member in self._members),
            events={no: record.events for no, record in self._records.items()},
            lags=self._lags,
        )

    def words(self) -> str:
        """The same in a sentence."""
        up, seen = sum(record.up for record in self._records.values()), self.seen()
        shards = f"{up} of {len(self._records)} shards are connected"
        return f"{shards}, by {seen.up - seen.spare} processes; {seen.spare} more would take over"

    # Processes

    async def host(self, line: Line, *, own: bool = False, private: bool = True) -> None:
        """Serve a process until it is gone. Raises Unwelcome and OSError."""
        about = {"core": self.core, "token": self._token if private else ""}
        secret, patience_s = "" if private else self._secret, START_S if own else GREETING_S
        said = await welcome(line, secret, about, patience_s)
        member = Member.of_words(line, said, own=own)
        self._members.append(member)
        log.info("gateway process %s has come", member.name)
        try:
            self._seat(member)
            self._place()
            while frame := await line.receive():
                member.heard_at = time.monotonic()
                await self._hear(member, frame)
        except (FrameError, LookupError, TypeError, ValueError) as error:
            log.warning("gateway process %s says what means nothing: %r", member.name, error)
        finally:
            self._lose(member)

    def _lose(self, member: Member) -> None:
        if member.gone.is_set():
            return
        member.gone.set()
        self._members.remove(member)
        member.line.abort()
        if not self._resting:
            log.warning(
                "gateway process %s is gone, with shards %s", member.name, shown(member.shards)
            )
        for no in member.shards:
            record = self._records[no]
            record.member, record.orphan = None, True
            self._pacing.forget(no)
            self._down(record)
        self._place()

    def _seat(self, member: Member) -> None:
        """Give who came what it holds."""
        if self._terms is None:
            return
        if member.of not in (0, self._terms.shards):
            why = f"it is for one of {member.of} shards, and this bot has {self._terms.shards}"
            log.warning("gateway process %s: %s", member.name, why)
        for no in member.holds:
            record = self._records.get(no)
            if record is None or record.member or record.session not in ("", member.holds[no]):
                member.line.say("release", {"shard": no})
            else:
                self._give(record, member)

    def _place(self) -> None:
        """Give what nobody holds."""
        if self._terms is None or self._resting:
            return
        late = time.monotonic() - self._began > GRACE_S
        for record, member in seat(self._records, self._members, self.parts, late=late):
            self._give(record, member)

    def _give(self, record: Record, member: Member) -> None:
        assert self._terms is not None
        record.member = member
        member.shards.add(record.no)
        identify = {**self._terms.identify, "shard": [record.no, self._terms.shards]}
        said = {"shard": record.no, "url": self._terms.url, "identify": identify}
        went = {"session": record.session, "resume_url": record.resume_url, "seq": record.seq}
        member.line.say("take", {**said, **went}, record.ready)
        if record.session and member.holds.get(record.no) == record.session:
            record.up = True
            if self._client is not None:
                self._client.back(record.no)

    # What they say

    async def _hear(self, member: Member, frame: Frame) -> None:
        said = frame.data
        if frame.kind == "beat":
            self._beat(member, said["latency"])
            return
        record = self._records.get(said["shard"])
        if record is None or record.member is not member or self._resting:
            return
        match frame.kind:
            case "event":
                await self._event(record, member, said, frame.payloads[0])
            case "deed":
                await self._take(record, frame.payloads[0])
                member.line.say("done", {"shard": record.no, "seq": said["seq"]})
            case "session":
                record.ended()
                record.session, record.resume_url = said["session"], said["url"]
            case "asks":
                record.ended()
                self._pacing.ask(record.no)
                self._permit()
            case "identified":
                self._pacing.identified(record.no)
            case "lost":
                self._down(record)
            case "refused":
                self._refused(record.no, said["code"])

    async def _event(
        self, record: Record, member: Member, said: Mapping[str, Any], text: bytes
    ) -> None:
        """What people do is acknowledged before anything is begun for it: what is not was never
        begun, and may be told to who is next."""
        if said["seq"] <= record.seq:
            return
        if record.seq == 0:
            record.ready = text
        record.seq, record.up = said["seq"], True
        self._lags.add(max(0.0, time.time() - said["at"]))
        await self._take(record, text)
        if said["deed"]:
            member.line.say("ack", {"seqs": {record.no: record.seq}})

    async def _take(self, record: Record, text: bytes) -> None:
        record.events += 1
        assert self._client is not None
        try:
            await self._client.take(record.no, text.decode())
        except Exception:
            log.exception("an event of shard %d could not be read", record.no)

    def _down(self, record: Record) -> None:
        if record.up and self._client is not None:
            record.up, record.latency_s = False, None
            self._client.lost(record.no)

    def _refused(self, no: int, code: int) -> None:
        if not self._over.done():
            self._over.set_exception(
                EaselError(f"Discord refuses shard {no} of this bot ({code}): {FINAL[code]}.")
            )

    def _beat(self, member: Member, latency: Mapping[str, float | None]) -> None:
        for no, seconds in latency.items():
            record = self._records.get(int(no))
            if record is not None and record.member is member:
                record.latency_s = seconds

    # From time to time

    async def _keep(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            if now - last > SILENT_S / 2:  # we were still ourselves
                for member in self._members:
                    member.heard_at = now
            last = now
            for member in list(self._members):
                if now - member.heard_at > SILENT_S:
                    log.warning("gateway process %s says nothing", member.name)
                    self._lose(member)
            self._permit()
            self._ack()
            self._place()

    def _permit(self) -> None:
        for no in self._pacing.due():
            member = self._records[no].member
            if member is not None:
                member.line.say("permit", {"shard": no})

    def _ack(self) -> None:
        """Say what was taken, and that we live."""
        for member in self._members:
            records = (self._records[no] for no in member.shards)
            member.line.say("ack", {"seqs": {one.no: one.seq for one in records if one.seq}})
