"""How much is drawn at once: everything, until memory runs out once.

A forward changes nothing, so what failed is simply asked for again in smaller pieces. Imported in
a worker only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import TypeVar

import torch

from bot.domain.errors import RenderFailed
from bot.worker import capacity, failures

_T = TypeVar("_T")
log = logging.getLogger(__name__)


class Pieces:
    """Limits that were learned, by what the pieces are of: a call and a size. `spill` says
    whether something else has just left the memory, so that the same may be tried again."""

    def __init__(self) -> None:
        self.spill: Callable[[], bool] = lambda: False
        self._limits: dict[Hashable, int] = {}

    def joined(
        self, of: Hashable, count: int, call: Callable[[int, int], torch.Tensor]
    ) -> torch.Tensor:
        """`each` of rows, in one again."""
        done = self.each(of, count, call)
        return done[0] if len(done) == 1 else torch.cat(done)

    def each(self, of: Hashable, count: int, call: Callable[[int, int], _T]) -> list[_T]:
        """`call(begin, end)` for all of `count`, in as few pieces as memory allows.

        Raises RenderFailed("out_of_memory") where that does not suffice for one.
        """
        done: list[_T] = []
        begin = 0
        while begin < count:
            end = min(count, begin + self._limits.get(of, count))
            piece = self._tried(of, begin, end, call)
            if piece is None:
                capacity.release()  # here, because the traceback of the error held the tensors
                continue
            done.append(piece)
            begin = end
        return done

    def _tried(
        self, of: Hashable, begin: int, end: int, call: Callable[[int, int], _T]
    ) -> _T | None:
        try:
            with failures.told():
                return call(begin, end)
        except RenderFailed as failure:
            if failure.code != "out_of_memory" or not self._relieve(of, end - begin, failure):
                raise
            return None

    def _relieve(self, of: Hashable, count: int, failure: RenderFailed) -> bool:
        """Whether it may be tried again: with more room, or in smaller pieces."""
        if self.spill():
            return True
        if count > 1:
            self._limits[of] = count // 2
            log.warning("%s: %d at once from now on", failure, self._limits[of])
        return count > 1
