"""Transport compression of the gateway.

Knows zlib-stream and zstd-stream. The zstd frames hold raw blocks: valid for every reader and
needing no library; loopback has no use for smaller ones.
"""

from __future__ import annotations

import zlib
from typing import Protocol

_ZSTD_HEADER = b"\x28\xb5\x2f\xfd\x00\x58"
"""Magic, a descriptor without sizes or checksum, and a window of 2 MiB."""
_BLOCK = 128 * 1024


class Compressor(Protocol):
    """Makes the bytes of one message; keeps the stream of its connection."""

    def __call__(self, text: str) -> bytes: ...


class ZlibStream:
    """One deflate stream per connection, flushed after each message."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def __call__(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One endless zstd frame per connection, a raw block or more for each message."""

    def __init__(self) -> None:
        self._head = _ZSTD_HEADER

    def __call__(self, text: str) -> bytes:
        data = text.encode()
        parts = [self._head]
        self._head = b""
        for start in range(0, len(data), _BLOCK):
            block = data[start : start + _BLOCK]
            parts += [(len(block) << 3).to_bytes(3, "little"), block]
        return b"".join(parts)


def compressor(name: str | None) -> Compressor | None:
    """The compressor for the `compress` parameter; None for plain text.

    Raises KeyError for a name that Discord does not know either.
    """
    if not name:
        return None
    return {"zlib-stream": ZlibStream, "zstd-stream": ZstdStream}[name]()
