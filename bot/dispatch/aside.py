"""Waiting jobs of servers whose drawings are paused: they keep their order, beside the line."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Protocol

from bot.dispatch.board import Board
from bot.dispatch.places import Places
from bot.domain.job import JobUpdate
from bot.domain.lanes import Lanes
from bot.domain.language import N_
from bot.domain.lines import Entry

PAUSED = N_("An admin of this server has paused drawing here; this waits until they go on.")


class Waits(Protocol):
    """A job that waits, in line or beside it."""

    @property
    def entry(self) -> Entry: ...


class Aside:
    """Takes jobs out of the `queue` and puts them back; `waiting` has all of them, in order."""

    def __init__(
        self, waiting: Mapping[str, Waits], queue: Lanes, board: Board, places: Places,
        changed: Callable[[], None],
    ) -> None:  # fmt: skip
        self._waiting = waiting
        self._queue = queue
        self._board = board
        self._places = places
        self._changed = changed
        self._paused: set[Hashable] = set()

    def of(self, server: int) -> list[Entry]:
        """Everything that waits of a server."""
        entries = (each.entry for each in self._waiting.values())
        return [entry for entry in entries if entry.path[0] == server]

    def pause(self, server: int) -> None:
        """Nothing of a server is begun any more."""
        self._paused.add(server)
        for entry in self.of(server):
            self._queue.remove(entry.job)
            self.takes(entry)
        self._places.changed()

    def resume(self, server: int) -> None:
        """What waits of a server is in line again."""
        self._paused.discard(server)
        for entry in self.of(server):
            if entry.job not in self._queue:
                self._queue.add(entry)
                self._places.tell(entry.job)
        self._changed()

    def takes(self, entry: Entry) -> bool:
        """Whether a job is to wait beside the line; its watchers are told."""
        if entry.path[0] not in self._paused:
            return False
        cell = self._board.newest(entry.job)
        if cell is not None and cell.value is not None:
            self._board.show(JobUpdate(cell.value.job, note=PAUSED))
        return True
