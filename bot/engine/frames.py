"""How a worker and the bot talk over pipes: frames of a JSON header and raw payloads.

A frame is two big-endian 32-bit lengths (header, all payloads), the header as UTF-8 JSON, then
the payloads end to end; the header's "sizes" cuts them apart. Data only, so a frame can neither
run code nor name a class. Knows the shape of attempts and events, not what is done with them.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, get_args

from bot.engine.seam import Attempt, Event

HEADER_LIMIT = 1 << 24
PAYLOAD_LIMIT = 1 << 30
_LENGTHS = struct.Struct(">II")
_EVENTS: Mapping[str, Callable[..., Event]] = {kind.__name__: kind for kind in get_args(Event)}


class FrameError(Exception):
    """The bytes are not a frame: the other side is broken or is not ours."""


@dataclass(frozen=True)
class Frame:
    """`kind` says what it means; `data` is JSON-like; `payloads` are bytes."""

    kind: str
    data: Mapping[str, Any]
    payloads: tuple[bytes, ...] = ()


class Readable(Protocol):
    """A blocking byte stream, such as an unbuffered file."""

    def read(self, size: int, /) -> bytes | None: ...


def pack(frame: Frame) -> bytes:
    """Raises FrameError where the frame is larger than the other side would accept."""
    header = json.dumps(
        {"kind": frame.kind, "data": frame.data, "sizes": [len(one) for one in frame.payloads]},
        separators=(",", ":"),
    ).encode()
    total = sum(map(len, frame.payloads))
    if len(header) > HEADER_LIMIT or total > PAYLOAD_LIMIT:
        raise FrameError(f"a frame of {len(header)} + {total} bytes is too large")
    return b"".join((_LENGTHS.pack(len(header), total), header, *frame.payloads))


def read(stream: Readable) -> Frame | None:
    """The next frame; None at the end of the stream. Raises FrameError."""
    lengths = _exactly(stream, _LENGTHS.size)
    if lengths is None:
        return None
    header, total = _check(lengths)
    body = _exactly(stream, header + total)
    if body is None:
        raise FrameError("the stream ended inside a frame")
    return _unpack(body, header)


async def receive(stream: asyncio.StreamReader) -> Frame | None:
    """Like `read`, from asyncio."""
    try:
        lengths = await stream.readexactly(_LENGTHS.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise FrameError("the stream ended inside a frame") from None
        return None
    header, total = _check(lengths)
    try:
        body = await stream.readexactly(header + total)
    except asyncio.IncompleteReadError:
        raise FrameError("the stream ended inside a frame") from None
    return _unpack(body, header)


def _check(lengths: bytes) -> tuple[int, int]:
    header, total = _LENGTHS.unpack(lengths)
    if header > HEADER_LIMIT or total > PAYLOAD_LIMIT:
        raise FrameError(f"a frame announces {header} + {total} bytes")
    return header, total


def _unpack(body: bytes, header: int) -> Frame:
    try:
        said = json.loads(body[:header])
        kind, data, sizes = said["kind"], said["data"], said["sizes"]
        payloads = []
        start = header
        for size in sizes:
            payloads.append(body[start : start + size])
            start += size
    except (ValueError, KeyError, TypeError) as error:
        raise FrameError(f"the header of a frame cannot be read: {error}") from None
    if start != len(body) or not isinstance(kind, str) or not isinstance(data, dict):
        raise FrameError("the header of a frame does not fit its payloads")
    return Frame(kind, data, tuple(payloads))


def _exactly(stream: Readable, size: int) -> bytes | None:
    parts: list[bytes] = []
    missing = size
    while missing:
        part = stream.read(missing)
        if not part:
            if missing == size:
                return None
            raise FrameError("the stream ended inside a frame")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def pack_attempts(attempts: Sequence[Attempt]) -> Frame:
    """A "run" frame: the inputs of all attempts travel once each, named by their hash."""
    inputs: dict[str, bytes] = {}
    for attempt in attempts:
        inputs |= attempt.inputs
    data = {
        "inputs": list(inputs),
        "attempts": [
            {
                "job": attempt.job,
                "no": attempt.no,
                "model": attempt.model,
                "indices": list(attempt.indices),
                "request": dict(attempt.request),
                "inputs": list(attempt.inputs),
                "upload_limit": attempt.upload_limit,
                "person": attempt.person,
                "before": attempt.before,
            }
            for attempt in attempts
        ],
    }
    return Frame("run", data, tuple(inputs.values()))


def unpack_attempts(frame: Frame) -> list[Attempt]:
    """The inverse of `pack_attempts`."""
    inputs = dict(zip(frame.data["inputs"], frame.payloads, strict=True))
    return [
        Attempt(
            job=one["job"],
            no=one["no"],
            model=one["model"],
            indices=tuple(one["indices"]),
            request=one["request"],
            inputs={name: inputs[name] for name in one["inputs"]},
            upload_limit=one["upload_limit"],
            person=one["person"],
            before=one["before"],
        )
        for one in frame.data["attempts"]
    ]


def pack_event(job: str, no: int, event: Event) -> Frame:
    """An "event" frame of attempt `no` of `job`; bytes in `event.data` become the payload."""
    fields = dict(vars(event))
    payloads = (fields.pop("data"),) if isinstance(fields.get("data"), bytes) else ()
    said = {"job": job, "no": no, "event": type(event).__name__, "fields": fields}
    return Frame("event", said, payloads)


def unpack_event(frame: Frame) -> Event:
    """The event in a frame made by `pack_event`. Raises KeyError or TypeError for others."""
    kind = _EVENTS[frame.data["event"]]
    binary = {"data": frame.payloads[0]} if frame.payloads else {}
    return kind(**frame.data["fields"], **binary)
