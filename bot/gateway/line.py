"""Between a gateway process and the core: a greeting by lines of JSON, then frames.

Over TCP each side proves that it has the token, which itself never travels; a pair of sockets, or
one in a folder that only this user may open, proves as much by being open.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from bot.engine import frames
from bot.engine.frames import Frame

VERSION = 1
LIMIT = 1 << 20
GREETING_S = 5.0
"""So long each line of the greeting may take."""


class Unwelcome(Exception):
    """The other side is not one of ours, or wants nothing of us; the text says why."""


class Line:
    """A stream of frames to and from the other side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self) -> Frame | None:
        """The next frame; None at the end. Raises FrameError."""
        try:
            return await frames.receive(self._reader)
        except OSError:
            return None

    def say(self, kind: str, data: Mapping[str, Any], *payloads: bytes) -> None:
        """Hand a frame over without waiting; nothing happens when the other side is gone."""
        if not self._writer.is_closing():
            self._writer.write(frames.pack(Frame(kind, data, payloads)))

    async def say_line(self, said: Mapping[str, Any]) -> None:
        """Of the greeting. Raises OSError."""
        self._writer.write(json.dumps(said).encode() + b"\n")
        await self._writer.drain()

    async def hear_line(self, patience_s: float = GREETING_S) -> Mapping[str, Any]:
        """Of the greeting. Raises Unwelcome where none comes, or no such line."""
        try:
            async with asyncio.timeout(patience_s):
                said = json.loads(await self._reader.readline())
        except TimeoutError:
            raise Unwelcome("the other side says nothing") from None
        except (OSError, ValueError):
            raise Unwelcome("the other side hung up, or is no Easel") from None
        if not isinstance(said, dict):
            raise Unwelcome("the other side is no Easel")
        if "refused" in said:
            raise Unwelcome(str(said["refused"]))
        return said

    async def flush(self) -> None:
        """Wait while much is on its way."""
        with contextlib.suppress(OSError):
            await self._writer.drain()

    def close(self) -> None:
        """Hang up, after what is on its way."""
        self._writer.close()

    def abort(self) -> None:
        """Hang up at once."""
        self._writer.transport.abort()


def _proof(secret: str, role: str, nonces: str) -> str:
    return hmac.new(secret.encode(), f"{role} {nonces}".encode(), "sha256").hexdigest()


def _check(secret: str, role: str, nonces: str, said: Mapping[str, Any]) -> None:
    given = str(said.get("proof", ""))
    if not hmac.compare_digest(given.encode(), _proof(secret, role, nonces).encode()):
        raise Unwelcome("GATEWAY_TOKEN is another one here and there")


async def greet(
    line: Line, secret: str, about: Mapping[str, Any]
) -> Mapping[str, Any]:  # fmt: skip
    """A process greets the core, and tells it `about` itself; returns what the core says.

    Raises Unwelcome and OSError.
    """
    mine = secrets.token_hex(16)
    await line.say_line({"easel": VERSION, "nonce": mine})
    core = await line.hear_line()
    if core.get("easel") != VERSION:
        raise Unwelcome("the core is another version of Easel")
    nonces = f"{mine} {core.get('nonce')}"
    _check(secret, "core", nonces, core)
    await line.say_line({"proof": _proof(secret, "process", nonces), **about})
    return core


async def welcome(
    line: Line, secret: str, about: Mapping[str, Any], patience_s: float = GREETING_S
) -> Mapping[str, Any]:
    """The core takes a process in, or refuses it and raises Unwelcome; returns what it says of
    itself. Raises OSError."""
    try:
        hello = await line.hear_line(patience_s)
        if hello.get("easel") != VERSION:
            raise Unwelcome("the process is another version of Easel")
        mine = secrets.token_hex(16)
        nonces = f"{hello.get('nonce')} {mine}"
        core = {"easel": VERSION, "nonce": mine, "proof": _proof(secret, "core", nonces)}
        await line.say_line({**core, **about})
        said = await line.hear_line()
        _check(secret, "process", nonces, said)
    except Unwelcome as why:
        with contextlib.suppress(OSError):
            await line.say_line({"refused": str(why)})
        raise
    return said
