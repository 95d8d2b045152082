"""How many rows go through a network at once: all of them, until memory runs out once.

A forward changes nothing, so what failed is simply asked for again in smaller pieces. Imported in
a worker only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable

import torch

from bot.domain.errors import RenderFailed
from bot.worker import capacity, failures

log = logging.getLogger(__name__)


class Pieces:
    """Limits that were learned, by what the pieces are of: a network and a size. `spill` says
    whether something else has just left the memory, so that the same may be tried again."""

    def __init__(self) -> None:
        self.spill: Callable[[], bool] = lambda: False
        self._limits: dict[Hashable, int] = {}

    def joined(
        self, of: Hashable, count: int, call: Callable[[int, int], torch.Tensor]
    ) -> torch.Tensor:
        """`call(begin, end)` for all of `count` rows, in as few pieces as memory allows.

        Raises RenderFailed("out_of_memory") where that does not suffice for one row.
        """
        done: list[torch.Tensor] = []
        begin = 0
        while begin < count:
            end = min(count, begin + self._limits.get(of, count))
            piece = self._tried(of, begin, end, call)
            if piece is None:
                capacity.release()  # here, because the traceback of the error held the tensors
                continue
            done.append(piece)
            begin = end
        return done[0] if len(done) == 1 else torch.cat(done)

    def _tried(
        self, of: Hashable, begin: int, end: int, call: Callable[[int, int], torch.Tensor]
    ) -> torch.Tensor | None:
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
