"""The core's side of one gateway process: what is known of it, and what it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.gateway.line import Line, Unwelcome
from bot.gateway.shards import MOST


@dataclass(eq=False)
class Member:
    """`wants` are the shards that it is for, None for any. It is `own` if the core started it."""

    line: Line
    name: str
    wants: range | None = None
    holds: Mapping[int, str] = field(default_factory=dict)
    of: int = 0
    own: bool = False
    shards: set[int] = field(default_factory=set)
    heard_at: float = field(default_factory=time.monotonic)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of_words(cls, line: Line, said: Mapping[str, Any], *, own: bool) -> Member:
        """As a process said of itself. Raises Unwelcome for what cannot be."""
        try:
            wants = range(*map(int, said["wants"])) if said["wants"] else None
            holds = {int(one["shard"]): str(one["session"]) for one in said["holds"]}
            of = int(said["of"])
        except (KeyError, TypeError, ValueError):
            raise Unwelcome("the process is another version of Easel") from None
        if len(holds) > MOST or (wants is not None and not 0 <= wants.start < wants.stop <= MOST):
            raise Unwelcome("there are no such shards")
        return cls(line, str(said.get("name"))[:80], wants, holds, of, own)


@dataclass
class Record:
    """What the core keeps of a shard, whoever holds it: how its session goes on."""

    no: int
    session: str = ""
    resume_url: str = ""
    seq: int = 0
    up: bool = False
    member: Member | None = None
    orphan: bool = False
    """Somebody held it before."""
    latency_s: float | None = None
    ready: bytes = b""
    """The text of its session's first event."""
    events: int = 0

    def ended(self) -> None:
        """Its session is no more."""
        self.session, self.resume_url, self.ready = "", "", b""
        self.seq, self.up = 0, False
