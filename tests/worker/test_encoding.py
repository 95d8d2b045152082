"""Pictures on their way to bytes: those of a grid at once, said in order, and no job spoils
another."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from bot import imaging
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import Attempt, Done
from bot.engine.seam import Image as Said
from bot.worker.attempts import Attempts
from bot.worker.encoding import Drawn, Encoder
from tests.kit.workers import attempt

SOON_S = 30
COLOURS = ("red", "lime", "blue", "white")


class Desk:
    """An encoder, and what it says of attempts until they end."""

    def __init__(self, threads: int) -> None:
        self._frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self.attempts = Attempts(self._put)
        self.encoder = Encoder(self.attempts, "cpu", lambda image: None, threads)
        threading.Thread(target=self.encoder.run, daemon=True).start()

    def _put(self, *frames: Frame) -> None:
        for frame in frames:
            self._frames.put(frame)

    def put(self, of: Attempt) -> None:
        self.attempts.add((of.job, of.no))
        self.attempts.begin((of.job, of.no))
        self.attempts.drawn((of.job, of.no))
        images = [Image.new("RGB", (8, 8), COLOURS[index]) for index in of.indices]
        self.encoder.put(Drawn(of, images, 1.0, "a pencil"))

    def said(self) -> Iterator[Any]:
        """Events of one attempt, and the data of its end."""
        while (frame := self._frames.get(timeout=SOON_S)).kind != "end":
            yield frames.unpack_event(frame)
        yield frame.data


@pytest.fixture
def encode(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Image.Image], bytes]], None]:
    return lambda made: monkeypatch.setattr(imaging, "encode_tile", made)


def test_pictures_of_a_grid_are_encoded_at_once_and_said_in_order(encode: Any) -> None:
    together, real = threading.Barrier(4, timeout=SOON_S), imaging.encode_tile

    def met(image: Image.Image) -> bytes:
        together.wait()
        return real(image)

    encode(met)
    desk = Desk(threads=4)
    desk.put(attempt())
    *pictures, done, end = desk.said()
    assert [picture.index for picture in pictures] == [0, 1, 2, 3]
    first = [imaging.decode(picture.data).getpixel((0, 0)) for picture in pictures]
    assert first == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    assert isinstance(done, Done)
    assert (done.engine, end["outcome"]) == ("a pencil", "done")


def test_a_picture_that_cannot_be_encoded_fails_its_own_job(encode: Any) -> None:
    real = imaging.encode_tile

    def choosy(image: Image.Image) -> bytes:
        if image.getpixel((0, 0)) == (0, 0, 255):
            raise OSError("blue has run out")
        return real(image)

    encode(choosy)
    desk = Desk(threads=2)
    desk.put(attempt("blue"))
    desk.put(attempt("red", indices=(0,)))
    *_, end = desk.said()
    assert (end["job"], end["outcome"]) == ("blue", "failed")
    assert "blue has run out" in end["text"]
    picture, _, end = desk.said()
    assert isinstance(picture, Said)
    assert (end["job"], end["outcome"]) == ("red", "done")


def test_nothing_is_encoded_of_what_nobody_wants(
    encode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, encoded = threading.Event(), threading.Event(), list[Any]()

    def slow(image: Image.Image) -> bytes:
        encoded.append(image.getpixel((0, 0)))
        begun.set()
        assert go.wait(SOON_S)
        return b"tile"

    encode(slow)
    monkeypatch.setattr(imaging, "encode", lambda *_: encoded.append("an upload"))
    desk = Desk(threads=1)
    desk.put(attempt("first", indices=(0,)))
    desk.put(replace(attempt("unwanted"), upload_limit=10**6))
    assert begun.wait(SOON_S)
    desk.attempts.cancel(("unwanted", 1))
    assert [each["outcome"] for each in desk.said()] == ["cancelled"]
    go.set()
    *_, end = desk.said()
    assert end["job"] == "first"
    desk.put(attempt("wanted", indices=(3,)))
    *_, end = desk.said()
    assert end["job"] == "wanted"
    assert encoded == [(255, 0, 0), (255, 255, 255)]
