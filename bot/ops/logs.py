"""What the log shows, and what it never shows."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

# Discord's tokens of interactions and webhooks are runs of at least 68 of these, which nothing
# else is that a person reads: a content hash has 64. discord.py logs them in URLs, in events and
# in names of rate limits, and whoever has one can speak as the bot for 15 minutes.
_TOKEN = r"[A-Za-z0-9_-]{65,}"


class Redacting(logging.Formatter):
    """Writes no token: not those given, which are the bot's own, nor any of Discord's."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__(
            "%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
        )
        known = [re.escape(secret) for secret in secrets if secret]
        self._secret = re.compile("|".join((*known, _TOKEN)))

    def format(self, record: logging.LogRecord) -> str:
        """The whole text, traceback included, with `[token]` in place of each."""
        return self._secret.sub("[token]", super().format(record))


def log_to_stderr(level: str, secrets: Iterable[str] = ()) -> None:
    """Everything from `level` on, with the time, and without `secrets` and Discord's tokens."""
    handler = logging.StreamHandler()
    handler.setFormatter(Redacting(secrets))
    logging.basicConfig(level=level, handlers=[handler])
    if level != "DEBUG":
        # discord.py tells of every rate limit it keeps by itself at this level.
        logging.getLogger("discord.http").setLevel(logging.ERROR)
        logging.getLogger("discord.gateway").setLevel(logging.WARNING)
