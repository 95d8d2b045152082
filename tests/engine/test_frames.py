"""bot.engine.frames: any data survives the pipe, and rubbish is refused."""

from __future__ import annotations

import asyncio
import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import frames
from bot.engine.frames import Frame, FrameError
from bot.engine.seam import (
    Attempt,
    Begun,
    Done,
    Event,
    Image,
    LoadingModel,
    Preview,
    Progress,
    Result,
    Upload,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
FRAMES = st.builds(
    Frame,
    kind=st.text(min_size=1, max_size=10),
    data=st.dictionaries(st.text(max_size=10), JSON, max_size=4),
    payloads=st.lists(st.binary(max_size=300), max_size=4).map(tuple),
)


class Dripping(io.RawIOBase):
    """A stream that hands out a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, size: int) -> None:
        self._rest = data
        self._size = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        part = self._rest[: min(self._size, len(buffer))]
        self._rest = self._rest[len(part) :]
        buffer[: len(part)] = part
        return len(part)


async def received(data: bytes) -> list[Frame]:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while frame := await frames.receive(reader):
        found.append(frame)
    return found


@settings(max_examples=30, deadline=None)
@given(st.lists(FRAMES, max_size=4), st.integers(1, 50))
def test_frames_survive_any_cut(said: list[Frame], size: int) -> None:
    data = b"".join(map(frames.pack, said))
    stream = Dripping(data, size)
    assert [frames.read(stream) for _ in said] == said
    assert frames.read(stream) is None
    assert asyncio.run(received(data)) == said


@settings(max_examples=30, deadline=None)
@given(FRAMES, st.data())
def test_a_cut_frame_is_an_error(frame: Frame, data: st.DataObject) -> None:
    whole = frames.pack(frame)
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    with pytest.raises(FrameError):
        frames.read(io.BytesIO(cut))
    with pytest.raises(FrameError):
        asyncio.run(received(cut))


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_rubbish_is_an_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(FrameError):
        frames.read(io.BytesIO(data))


@pytest.mark.parametrize(
    "header",
    [b"[]", b"{}", b'{"kind":1,"data":{},"sizes":[]}', b'{"kind":"a","data":{},"sizes":[5]}',
     b'{"kind":"a","data":{},"sizes":["a"]}', b"\xff"],
)  # fmt: skip
def test_headers_that_do_not_fit(header: bytes) -> None:
    with pytest.raises(FrameError):
        frames.read(io.BytesIO(struct.pack(">II", len(header), 0) + header))


def test_absurd_lengths_are_refused_unread() -> None:
    with pytest.raises(FrameError, match="announces"):
        frames.read(io.BytesIO(struct.pack(">II", 2**31, 0)))
    with pytest.raises(FrameError, match="too large"):
        frames.pack(Frame("a", {"b": "c" * (frames.HEADER_LIMIT + 1)}))


def test_attempts_come_back_and_share_their_inputs() -> None:
    said = [
        Attempt("a", 1, "m", (0, 2), {"seed": 1, "source": "x"}, {"x": b"picture"}),
        Attempt(
            "b",
            3,
            "m",
            (1,),
            {"seed": 2},
            {"x": b"picture", "y": b""},
            upload_limit=9,
            person="Anna",
            before=2.5,
        ),
    ]
    frame = frames.pack_attempts(said)
    assert frame.payloads == (b"picture", b"")
    again = frames.read(io.BytesIO(frames.pack(frame)))
    assert again
    assert frames.unpack_attempts(again) == said


@pytest.mark.parametrize(
    "event",
    [
        LoadingModel("loading a model"),
        Begun(1.0),
        Progress(step=3, of=12, t=1.5),
        Preview(b"", t=2.0),
        Image(2, b"\x00\xffpicture", t=2.0),
        Image(2, b"picture", 0.25, t=2.0),
        Upload(b"grid", "webp", lossless=True, t=2.5),
        Result({"words": ["a", "fox"]}),
        Done(1.5, "cpu", t=3.0),
    ],
)
def test_events_come_back(event: Event) -> None:
    frame = frames.read(io.BytesIO(frames.pack(frames.pack_event("job", 4, event))))
    assert frame
    assert (frame.data["job"], frame.data["no"]) == ("job", 4)
    assert frames.unpack_event(frame) == event
