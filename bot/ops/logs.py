"""What the log shows, in which form, and what it never shows.

A line may have fields beside its text: `log.info("…", extra=said(job=…))`. For people they stand
behind it as key=value; as JSON (LOG_FORMAT) each line is one object with all of them.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

# Discord's tokens of interactions and webhooks are runs of at least 68 of these, which nothing
# else is that a person reads: a content hash has 64. discord.py logs them in URLs, in events and
# in names of rate limits, and whoever has one can speak as the bot for 15 minutes.
_TOKEN = r"[A-Za-z0-9_-]{65,}"

_FIELDS = "said"
# Every line that speaks of one job, or of the reference that somebody was told, says it so.
_NAMED = (
    ("job", re.compile(r"\bjob ([0-9a-f]{32})\b")),
    ("reference", re.compile(r"\breference ([0-9A-F]{6})\b")),
)
_PLAIN = re.compile(r"[^\s\"'=\\]+")


def said(**fields: Any) -> dict[str, Any]:
    """The `extra` of a line with these fields; those that are None or empty are left out."""
    return {_FIELDS: {name: each for name, each in fields.items() if each not in (None, "")}}


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
        return self.clean(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line without a traceback, its fields behind it."""
        pairs = (f"{name}={_shown(each)}" for name, each in _fields(record).items())
        return " ".join((super().formatMessage(record), *pairs))

    def clean(self, text: str) -> str:
        """Without secrets."""
        return self._secret.sub("[token]", text)


class JsonLines(Redacting):
    """One object a line: time (UTC), level, logger, message, the line's fields, the job and the
    reference that it names, and a traceback as `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """The same, without tokens in any of it."""
        time = dt.datetime.fromtimestamp(record.created, dt.UTC)
        message = self.clean(record.getMessage())
        line: dict[str, Any] = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        more = {name: found[1] for name, pattern in _NAMED if (found := pattern.search(message))}
        more |= {name: self._clean(each) for name, each in _fields(record).items()}
        line = line | more | line  # no field takes the place of what every line has
        if record.exc_info:
            line["exception"] = self.clean(self.formatException(record.exc_info))
        return json.dumps(line)

    def _clean(self, value: Any) -> Any:
        return value if isinstance(value, bool | int | float) else self.clean(str(value))


FORMATS: Mapping[str, type[Redacting]] = {"text": Redacting, "json": JsonLines}


def log_to_stderr(level: str, secrets: Iterable[str] = (), form: str = "text") -> None:
    """Everything from `level` on, with the time, and without `secrets` and Discord's tokens."""
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATS[form](secrets))
    logging.basicConfig(level=level, handlers=[handler])
    logging.captureWarnings(form == "json")  # each line is to be one
    if level != "DEBUG":
        # discord.py tells of every rate limit it keeps by itself at this level.
        logging.getLogger("discord.http").setLevel(logging.ERROR)
        logging.getLogger("discord.gateway").setLevel(logging.WARNING)


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    return getattr(record, _FIELDS, {})


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
