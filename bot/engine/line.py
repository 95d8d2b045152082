"""Who a worker is, and how it is reached. Plain values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.engine.frames import Frame


@dataclass(frozen=True)
class Identity:
    """`id` is never used again; `device` is its place's name, or "auto" where the worker picks."""

    id: str
    node: str
    device: str


@dataclass(frozen=True)
class Line:
    """How a peer is reached: `write` hands a frame over at once, `send` waits for its room."""

    write: Callable[[Frame], None]
    send: Callable[[Frame], Awaitable[None]]
