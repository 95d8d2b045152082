"""The log in a file: the same lines, no secrets, and never more than is allowed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.ops.logfile import KEPT, log_from, log_to_file
from bot.ops.logs import Redacting

LOG = logging.getLogger("bot.test")


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """As `log_to_stderr` leaves it, and put back."""
    one = logging.getLogger()
    before, level = one.handlers[:], one.level
    one.handlers[:] = [logging.NullHandler()]
    one.handlers[0].setFormatter(Redacting(["hush"]))
    one.setLevel("INFO")
    yield one
    for handler in one.handlers:
        handler.close()
    one.handlers[:], _ = before, one.setLevel(level)
    for name in ("discord.http", "discord.gateway"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_lines_are_the_same_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "easel.log"
    log_to_file(str(path), 1)
    LOG.info("it is hush, it is")
    assert path.read_text().endswith("INFO    bot.test: it is [token], it is\n")


def test_no_path_is_no_file(root: logging.Logger) -> None:
    before = root.handlers[:]
    log_to_file("", 1)
    assert root.handlers == before


def test_it_never_grows_beyond_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "easel.log"
    log_to_file(str(path), 0.01)
    for number in range(2000):
        LOG.info("line %d %s", number, "." * 60)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [
        "easel.log",
        *(f"easel.log.{n + 1}" for n in range(KEPT)),
    ]
    assert all(file.stat().st_size <= 10_000 for file in files)
    assert "line 1999 " in path.read_text()


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"LOG_FILE .* cannot be written"):
        log_to_file(str(tmp_path / "file" / "easel.log"), 1)


def test_how_much_is_logged_changes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "easel.log"
    log_to_file(str(path), 1)
    log_from("ERROR")
    LOG.info("not this")
    log_from("DEBUG")
    logging.getLogger("discord.http").debug("nor is this left out")
    log_from("INFO")
    logging.getLogger("discord.http").warning("but this")
    assert "not this" not in path.read_text()
    assert "nor is this left out" in path.read_text()
    assert "but this" not in path.read_text()
