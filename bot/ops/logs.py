"""What the log shows."""

from __future__ import annotations

import logging


def log_to_stderr(level: str) -> None:
    """Everything from `level` on, with the time."""
    logging.basicConfig(
        level=level,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    if level != "DEBUG":
        # discord.py tells of every rate limit it keeps by itself at this level.
        logging.getLogger("discord.http").setLevel(logging.ERROR)
        logging.getLogger("discord.gateway").setLevel(logging.WARNING)
