"""The formatter of the log: nothing that opens a door leaves it."""

from __future__ import annotations

import io
import logging
import secrets

import pytest

from bot.ops.logs import Redacting

BOT = "MTA1.abc-d.hush"
TOKEN = secrets.token_urlsafe(96)


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Redacting([BOT, ""]))
    logger = logging.Logger("some")
    logger.addHandler(handler)
    return logger, written


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("Webhook ID 7 with POST %s has returned", f"https://x/api/webhooks/7/{TOKEN}/messages"),
        ("POST %s", f"https://x/api/interactions/7/{TOKEN}/callback"),
        ("WebSocket Event: %s", {"d": {"token": TOKEN, "id": "7"}}),
        ("bucket hash with %r major parameters", f"10+{TOKEN}"),
        ("IDENTIFY %s", f'{{"token":"{BOT}"}}'),
        ("Authorization: Bot %s", BOT),
    ],
)
def test_tokens_are_taken_out_and_the_rest_stays(log, message: str, value: object) -> None:
    logger, written = log
    logger.warning(message, value)
    said = written.getvalue()
    assert TOKEN not in said
    assert BOT not in said
    assert said.count("[token]") == 1
    assert message.partition("%")[0] in said


def test_tokens_are_taken_out_of_tracebacks(log) -> None:
    logger, written = log
    try:
        raise OSError(f"cannot connect to /webhooks/7/{TOKEN}")
    except OSError:
        logger.exception("posting")
    said = written.getvalue()
    assert "Traceback" in said
    assert "cannot connect to /webhooks/7/[token]" in said
    assert TOKEN not in said


def test_what_people_search_for_stays(log) -> None:
    logger, written = log
    said = f"job {secrets.token_hex(16)} picture {secrets.token_hex(32)} easel:upscale:{'a' * 32}:1"
    logger.info(said)
    assert said in written.getvalue()
