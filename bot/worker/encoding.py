"""Turning drawn pictures into bytes on threads of their own, while the next job is drawn.

Each picture becomes a lossless tile and is checked on the way, whatever drew it: no other way leads
out of a worker. Where the bot said how large a message may be, all of them together become the file
that is posted, so that the bot's own process never encodes a grid.
"""

from __future__ import annotations

import logging
import os
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.engine.seam import Attempt, Done, Image, Upload
from bot.worker.attempts import Attempts

log = logging.getLogger(__name__)

BACKLOG = 4
"""Jobs that may wait for the encoder before drawing waits for it."""
_MOST = 4
"""Threads that encode: the pictures of a grid, one each."""


@dataclass(frozen=True)
class Drawn:
    """The pictures of `attempt.indices`, in order, as PIL images; drawing took `seconds` by
    `engine`."""

    attempt: Attempt
    images: Sequence[Any]
    seconds: float
    engine: str


class Encoder:
    """`put` waits while it is too far behind; `run` is the thread that says what the others, which
    are `threads`, have encoded. `score` says how likely a picture is unsafe, None where it does not
    know."""

    def __init__(
        self, attempts: Attempts, device: str, score: Callable[[Any], float | None],
        threads: int = 0,
    ) -> None:  # fmt: skip
        self._attempts = attempts
        self._device = device
        self._score = score
        self._pool = ThreadPoolExecutor(threads or _threads_beside(device), "encoding")
        self._drawn: queue.Queue[tuple[Drawn, Sequence[Future[Any]]]] = queue.Queue(BACKLOG)

    def put(self, drawn: Drawn) -> None:
        """Have these pictures encoded and said, and the attempt end."""
        upload = self._pool.submit(self._upload, drawn)  # which takes longest
        pictures = zip(drawn.attempt.indices, drawn.images, strict=True)
        tiles = [self._pool.submit(self._tile, drawn.attempt, *each) for each in pictures]
        self._drawn.put((drawn, [*tiles, upload]))

    def run(self) -> None:
        """Say one attempt's pictures after another's, for ever."""
        while True:
            drawn, parts = self._drawn.get()
            key = drawn.attempt.job, drawn.attempt.no
            try:
                made = [event for part in parts if (event := part.result())]
            except Exception as error:
                log.exception("a picture of job %s cannot be encoded", drawn.attempt.job)
                failure = RenderFailed("error", f"{type(error).__name__}: {error}")
                self._attempts.end(key, "failed", failure)
            else:
                done = Done(drawn.seconds, self._device, drawn.engine, time.monotonic())
                self._attempts.done(key, [*made, done])

    def _tile(self, attempt: Attempt, index: int, image: Any) -> Image | None:
        """None where nobody wants it any more."""
        if self._is_unwanted(attempt):
            return None
        score = self._score(image)
        return Image(index, imaging.encode_tile(image), score, time.monotonic())

    def _upload(self, drawn: Drawn) -> Upload | None:
        return None if self._is_unwanted(drawn.attempt) else _upload(drawn)

    def _is_unwanted(self, attempt: Attempt) -> bool:
        return self._attempts.cancelled((attempt.job, attempt.no))


def _threads_beside(device: str) -> int:
    """One beside a CPU that draws; else some that leave most cores to everything else."""
    able = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if able else os.cpu_count() or 1
    return 1 if device == "cpu" else max(1, min(_MOST, cores // 4))


def _upload(drawn: Drawn) -> Upload | None:
    """The file to be posted; None where it was not asked for, or where pictures are missing
    because an earlier attempt drew them."""
    attempt = drawn.attempt
    if not attempt.upload_limit or len(drawn.images) < attempt.request.get("count", 1):
        return None
    recipe = attempt.request["recipe"] | {"job": attempt.job, "engine": drawn.engine}
    grid = imaging.compose(drawn.images)
    try:
        file = attempt.request.get("file", "webp")
        encoded = imaging.encode(grid, attempt.upload_limit, recipe, file)
    except imaging.PictureError as error:
        log.warning("job %s: %s", attempt.job, error)
        return None
    return Upload(encoded.data, encoded.extension, encoded.lossless, time.monotonic())
