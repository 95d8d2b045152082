"""How much is drawn at once: everything, until memory runs out once.

What is called changes nothing where it fails, so it is simply asked for again: with more room, in
smaller pieces, and then from a higher rung. Imported in a worker only.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import TypeVar

import torch

from bot.domain.errors import RenderFailed
from bot.worker import capacity, failures
from bot.worker.ladder import Learned, Size

log = logging.getLogger(__name__)

Of = tuple[str, Size]
"""A stage of `bot.worker.rungs`, and what is drawn."""

_T = TypeVar("_T")


class Pieces:
    """Of one model. `spill` says whether something else has just left the memory, `climb` whether
    the model takes less of it from now on: then the same may be tried again."""

    def __init__(self, learned: Learned | None = None) -> None:
        self.spill: Callable[[], bool] = lambda: False
        self.climb: Callable[[Of], bool] = lambda of: False
        self._learned = learned or Learned()

    def joined(
        self, of: Of, count: int, call: Callable[[int, int], torch.Tensor]
    ) -> torch.Tensor:  # fmt: skip
        """`each` of rows, in one again."""
        done = self.each(of, count, call)
        return done[0] if len(done) == 1 else torch.cat(done)

    def whole(self, of: Of, call: Callable[[], _T]) -> _T:
        """`call()`, which cannot be cut; else as `each`."""
        return self.each(of, 1, lambda *_: call())[0]

    def each(self, of: Of, count: int, call: Callable[[int, int], _T]) -> list[_T]:
        """`call(begin, end)` for all of `count`, in as few pieces as memory allows.

        Raises RenderFailed("out_of_memory") where that does not suffice for one.
        """
        done: list[_T] = []
        begin = 0
        while begin < count:
            end, piece = self._piece(of, begin, count, call)
            done.append(piece)
            begin = end
        return done

    def _piece(
        self, of: Of, begin: int, count: int, call: Callable[[int, int], _T]
    ) -> tuple[int, _T]:
        """The next one, and where it ends."""
        while True:
            end = min(count, begin + self._learned.limits.get(of, count))
            try:
                with failures.told():
                    return end, call(begin, end)
            except RenderFailed as failure:
                if failure.code != "out_of_memory":
                    raise
                why = str(failure)
            capacity.release()  # here, because the traceback of the error held the tensors
            self._relieve(of, end - begin, why)

    def _relieve(self, of: Of, rows: int, why: str) -> None:
        """It may be tried again. Raises RenderFailed where there is nothing more to be done."""
        if self.spill():
            return
        if rows > 1:
            self._learned.limits[of] = rows // 2
            log.warning("%s: %d at once from now on", why, rows // 2)
        elif self.climb(of):
            self._learned.limits.pop(of, None)  # there may be room for more
        else:
            fits = self._learned.fits(math.prod(of[1]))
            raise RenderFailed("out_of_memory", why, fits=fits)
