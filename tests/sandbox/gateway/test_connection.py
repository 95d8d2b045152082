"""Frames of the gateway: what is too large or no payload, compression, and what is replayed."""

from __future__ import annotations

import json
import zlib
from typing import Any, cast

import pytest

from bot.sandbox.gateway.compression import ZlibStream, ZstdStream, compressor
from bot.sandbox.gateway.connection import Close, Session, decode


def frame(size: int, letter: str = "x") -> str:
    """A payload of so many bytes."""
    around = len('{"d":""}')
    text = '{"d":"' + letter * ((size - around) // len(letter.encode())) + '"}'
    return text.ljust(size - (len(text.encode()) - len(text)))


@pytest.mark.parametrize("letter", ["x", "é", "狐", "🦊"])
def test_a_payload_may_have_4096_bytes_however_many_letters_they_are(letter: str) -> None:
    fits, over = frame(4096, letter), frame(4097, letter)
    assert (len(fits.encode()), len(over.encode())) == (4096, 4097)
    assert set(decode(fits)["d"]) == {letter}
    assert decode(fits.encode()) == decode(fits)
    for data in (over, over.encode()):
        with pytest.raises(Close, match="larger than 4096 bytes") as caught:
            decode(data)
        assert caught.value.code == 4002


@pytest.mark.parametrize("data", ["", "{", "[]", "1", "null", b"\xff\xfe\x00"])
def test_what_is_no_payload(data: str | bytes) -> None:
    with pytest.raises(Close, match="decoding payload") as caught:
        decode(data)
    assert caught.value.code == 4002


def test_zlib_is_one_stream_flushed_after_each_message() -> None:
    compress, reader = ZlibStream(), zlib.decompressobj()
    for text in ('{"op":10}', '{"d":"🦊"}', "x" * 300_000):
        data = compress(text)
        assert data.endswith(b"\x00\x00\xff\xff")
        assert reader.decompress(data).decode() == text


def test_zstd_is_one_frame_of_raw_blocks() -> None:
    compress = ZstdStream()
    first, second = compress("abc"), compress("y" * (128 * 1024 + 1))
    assert first == b"\x28\xb5\x2f\xfd\x00\x58" + (3 << 3).to_bytes(3, "little") + b"abc"
    sizes, at = [], 0
    while at < len(second):
        size = int.from_bytes(second[at : at + 3], "little") >> 3
        sizes.append(size)
        at += 3 + size
    assert sizes == [128 * 1024, 1]


def test_compression_is_asked_for_by_name() -> None:
    assert compressor(None) is compressor("") is None
    assert isinstance(compressor("zlib-stream"), ZlibStream)
    assert isinstance(compressor("zstd-stream"), ZstdStream)
    with pytest.raises(KeyError):
        compressor("gzip")


class Line:
    """What a session was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def send(self, payload: Any) -> None:
        self.told.append(json.loads(json.dumps(payload)))


def test_a_session_numbers_its_events_and_keeps_them_while_nobody_listens() -> None:
    line = Line()
    session = Session("s", (0, 1), 0)
    session.dispatch("READY", {})
    session.connection = cast(Any, line)
    session.dispatch("RESUMED", {"a": 1})
    assert [each["s"] for each in session.sent] == [1, 2]
    assert line.told == [{"op": 0, "t": "RESUMED", "s": 2, "d": {"a": 1}}]


def test_a_session_remembers_the_newest_2000_events() -> None:
    session = Session("s", (0, 1), 0)
    for number in range(2005):
        session.dispatch("X", number)
    assert (len(session.sent), session.sent[0]["s"], session.sequence) == (2000, 6, 2005)
