"""The formatter of the log: nothing that opens a door leaves it."""

from __future__ import annotations

import io
import json
import logging
import re
import secrets
import subprocess
import sys

import pytest

from bot.ops.logs import JsonLines, Redacting, said

BOT = "MTA1.abc-d.hush"
QUOTED = 'a"b\\c.hush'  # JSON writes it otherwise
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


@pytest.fixture
def lines() -> tuple[logging.Logger, io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines([BOT, QUOTED]))
    logger = logging.Logger("bot.some.part")
    logger.addHandler(handler)
    return logger, written


def test_fields_stand_behind_the_text(log) -> None:
    logger, written = log
    logger.info("job %s started", "a" * 32, extra=said(attempt=2, worker="here/cpu/1", waited=0.25))
    logger.info("odd", extra=said(why="worker “x” died\nof it", empty="", none=None, zero=0))
    first, second = written.getvalue().splitlines()
    assert first.endswith(f"job {'a' * 32} started attempt=2 worker=here/cpu/1 waited=0.250")
    assert second.endswith(r'odd why="worker “x” died\nof it" zero=0')


def test_fields_stand_before_a_traceback_and_hold_no_token(log) -> None:
    logger, written = log
    try:
        raise OSError("gone")
    except OSError:
        logger.exception("posting", extra=said(url=f"/webhooks/7/{TOKEN}"))
    line, *traceback = written.getvalue().splitlines()
    assert line.endswith("posting url=/webhooks/7/[token]")
    assert traceback[0].startswith("Traceback")


def test_as_json_each_line_is_one_object(lines) -> None:
    logger, written = lines
    logger.info("job %s accepted", "b" * 32, extra=said(action="imagine", user=7, waited=0.5))
    logger.warning("two\nlines “and” more")
    first, second = map(json.loads, written.getvalue().splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "level": "INFO",
        "logger": "bot.some.part",
        "message": f"job {'b' * 32} accepted",
        "job": "b" * 32,
        "action": "imagine",
        "user": 7,
        "waited": 0.5,
    }
    assert second["message"] == "two\nlines “and” more"
    assert written.getvalue().isascii()  # whatever the terminal speaks


def test_as_json_the_job_and_the_reference_that_a_line_names_are_fields(lines) -> None:
    logger, written = lines
    logger.error("reference %s: result of job %s", "A1B2C3", "c" * 32)
    logger.info("job of nobody, reference to nothing")
    logger.info("said", extra=said(message=5, level="none"))
    first, second, third = map(json.loads, written.getvalue().splitlines())
    assert (third["message"], third["level"]) == ("said", "INFO")
    assert (first["reference"], first["job"]) == ("A1B2C3", "c" * 32)
    assert {"job", "reference"}.isdisjoint(second)


def test_as_json_no_token_is_written_anywhere(lines) -> None:
    logger, written = lines
    try:
        raise OSError(f"/webhooks/7/{TOKEN} by {BOT} or {QUOTED}")
    except OSError:
        logger.exception("POST %s", f"/webhooks/7/{TOKEN}", extra=said(why=QUOTED, number=7))
    line = json.loads(written.getvalue())
    assert line["message"] == "POST /webhooks/7/[token]"
    assert line["why"] == "[token]"
    assert line["number"] == 7
    assert "Traceback" in line["exception"]
    assert line["exception"].endswith("OSError: /webhooks/7/[token] by [token] or [token]")
    for secret in (TOKEN, BOT, QUOTED, json.dumps(QUOTED)[1:-1]):
        assert secret not in written.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_form_is_what_is_asked_for(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own: the root logger is everybody's."""
    code = (
        "import logging, warnings\n"
        "from bot.ops.logs import log_to_stderr\n"
        f"log_to_stderr('INFO', ['hush'], {form!r})\n"
        "logging.getLogger('bot').info('said %s', 'hush')\n"
        "warnings.warn('old ways', DeprecationWarning)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True
    )
    lines = ended.stderr.splitlines()
    if form == "json":
        first, second = map(json.loads, lines)
        assert (first["level"], first["message"]) == ("INFO", "said [token]")
        assert "old ways" in second["message"]
    else:
        assert lines[0].endswith("INFO    bot: said [token]")
