"""Turning drawn pictures into bytes on a thread of its own, while the next job is drawn.

Each picture becomes a lossless tile; where the bot said how large a message may be, all of them
together become the file that is posted, so that the bot's own process never encodes a grid.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.engine.seam import Attempt, Done, Image, Upload
from bot.worker.attempts import Attempts

log = logging.getLogger(__name__)

BACKLOG = 4
"""Jobs that may wait for the encoder before drawing waits for it."""


@dataclass(frozen=True)
class Drawn:
    """The pictures of `attempt.indices`, in order, as PIL images; drawing took `seconds` by
    `engine`."""

    attempt: Attempt
    images: Sequence[Any]
    seconds: float
    engine: str


class Encoder:
    """`put` waits while it is too far behind; `run` is the thread."""

    def __init__(self, attempts: Attempts, device: str) -> None:
        self._attempts = attempts
        self._device = device
        self._drawn: queue.Queue[Drawn] = queue.Queue(BACKLOG)

    def put(self, drawn: Drawn) -> None:
        """Have these pictures encoded and said, and the attempt end."""
        self._drawn.put(drawn)

    def run(self) -> None:
        """Encode one attempt after another, for ever."""
        while True:
            drawn = self._drawn.get()
            key = drawn.attempt.job, drawn.attempt.no
            try:
                self._encode(drawn)
            except Exception as error:
                log.exception("a picture of job %s cannot be encoded", drawn.attempt.job)
                failure = RenderFailed("error", f"{type(error).__name__}: {error}")
                self._attempts.end(key, "failed", failure)
            else:
                done = Done(drawn.seconds, self._device, drawn.engine, time.monotonic())
                self._attempts.say(key, done)
                self._attempts.end(key, "done")

    def _encode(self, drawn: Drawn) -> None:
        key = drawn.attempt.job, drawn.attempt.no
        for index, image in zip(drawn.attempt.indices, drawn.images, strict=True):
            if self._attempts.cancelled(key):
                return
            data = imaging.encode_tile(image)
            self._attempts.say(key, Image(index, data, time.monotonic()))
        if upload := _upload(drawn):
            self._attempts.say(key, upload)


def _upload(drawn: Drawn) -> Upload | None:
    """The file to be posted; None where it was not asked for, or where pictures are missing
    because an earlier attempt drew them."""
    attempt = drawn.attempt
    if not attempt.upload_limit or len(drawn.images) < attempt.request.get("count", 1):
        return None
    recipe = attempt.request["recipe"] | {"job": attempt.job, "engine": drawn.engine}
    grid = imaging.compose(drawn.images)
    try:
        encoded = imaging.encode(grid, attempt.upload_limit, recipe)
    except imaging.PictureError as error:
        log.warning("job %s: %s", attempt.job, error)
        return None
    return Upload(encoded.data, encoded.extension, encoded.lossless, time.monotonic())
