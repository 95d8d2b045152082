"""Counts what is logged as trouble: errors by the class of what was raised and by who logged it.

Hears all of the process's log, so that no part of the bot has to count its own.
"""

from __future__ import annotations

import logging

from bot.domain.measures import Tally

NO_ERROR = "none"


class Faults(logging.Handler):
    """`async with` is not needed: between `open` and `close` it hears what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines = Tally()
        self.errors = Tally()

    def open(self) -> None:
        """From now on."""
        logging.getLogger().addHandler(self)

    def close(self) -> None:
        """No more."""
        logging.getLogger().removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Called under the handler's lock, from any thread."""
        self.lines.add(record.levelname)
        if record.levelno >= logging.ERROR:
            raised = record.exc_info[0] if record.exc_info else None
            self.errors.add(raised.__name__ if raised else NO_ERROR, record.name)
