"""A log in a file that does not grow for ever, and how much is logged, changed while it runs."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from bot.domain.errors import SettingsError

KEPT = 5
"""Older files beside the one that is written: FILE.1 is the newest of them."""


def log_to_file(path: str, megabytes: float) -> None:
    """What the log shows goes into a file as well, in the same form and without the same secrets;
    it has at most so many megabytes, and as many older ones as are `KEPT`. No path is no file.

    Raises SettingsError where it cannot be written.
    """
    if not path:
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=int(megabytes * 1_000_000), backupCount=KEPT, encoding="utf-8"
        )
    except OSError as error:
        raise SettingsError(
            f"LOG_FILE {path} cannot be written ({error.strerror}); name another."
        ) from None
    root = logging.getLogger()
    handler.setFormatter(root.handlers[0].formatter)
    root.addHandler(handler)


def log_from(level: str) -> None:
    """Everything from this level on, from now on."""
    logging.getLogger().setLevel(level)
    quiet = level != "DEBUG"
    # As `log_to_stderr` has it: discord.py tells of every rate limit that it keeps by itself.
    logging.getLogger("discord.http").setLevel(logging.ERROR if quiet else logging.NOTSET)
    logging.getLogger("discord.gateway").setLevel(logging.WARNING if quiet else logging.NOTSET)
