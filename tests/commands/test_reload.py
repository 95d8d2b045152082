"""Settings read again from a real file, and what each part makes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from bot.app import rules_of
from bot.domain.errors import InvalidLink
from bot.domain.safety import Reaction
from bot.environment import Environment
from bot.links.hosts import Hosts
from bot.reloading import Reloading
from bot.service.rules import Rules
from bot.settings import Settings
from tests.kit.app import House

Read = Callable[[], Settings]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("CREDITS=5\n")
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Read:
    return lambda: Settings.read(Environment.read(folder, {}).values())


@pytest.fixture(autouse=True)
def level() -> Any:
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)
    for name in ("discord.http", "discord.gateway"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def reloaded(read: Read, folder: Path, text: str) -> tuple[Reloading, list[Settings]]:
    """One that was told of another `.env`, and what it told."""
    told: list[Settings] = []
    reloading = Reloading(read(), read)
    reloading.tell(lambda new, _: told.append(new))
    (folder / ".env").write_text(text)
    reloading.reload()
    return reloading, told


def test_what_may_change_holds_and_the_rest_waits(
    read: Read, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _, told = reloaded(read, folder, "CREDITS=7\nRUNNING_LIMIT=2\nMODEL=other\n")
    assert [new.credits for new in told] == [7]
    assert (
        "settings read again: CREDITS, RUNNING_LIMIT changed; MODEL changes at the next start"
        in caplog.text
    )


def test_a_wrong_value_changes_nothing_and_is_one_sentence(
    read: Read, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reloading, told = reloaded(read, folder, "CREDITS=many\nRUNNING_LIMIT=2\n")
    assert told == []
    assert caplog.messages == [
        "the settings stay as they are: CREDITS is 'many'; it should be a whole number from 0 to"
        " 1000000."
    ]
    (folder / ".env").write_text("CREDITS=5\nRUNNING_LIMIT=2\n")
    reloading.reload()
    assert [new.running_limit for new in told] == [2]


@pytest.mark.parametrize("text", ["BLOCKED_WORDS=???\n", "BLOCKED_WORDS=none.txt\n"])
def test_words_that_cannot_be_blocked_change_nothing(
    read: Read, folder: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, told = reloaded(read, folder, text)
    assert told == []
    assert "the settings stay as they are: BLOCKED_WORDS" in caplog.text


def test_nothing_new_is_said_so_and_a_secret_is_never_said(
    read: Read, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reloading, told = reloaded(read, folder, "CREDITS=5\nHF_TOKEN=hush\n")
    assert told == []
    reloading.reload()
    assert "HF_TOKEN changes at the next start" in caplog.text
    assert "nothing changed" in caplog.text
    assert "hush" not in caplog.text


def test_the_level_of_the_log_changes(read: Read, folder: Path) -> None:
    reloaded(read, folder, "LOG_LEVEL=ERROR\n")
    assert logging.getLogger().level == logging.ERROR


def test_every_setting_says_whether_it_may_change() -> None:
    live = {row.name for row in fields(Settings) if row.metadata["live"]}
    assert {"credits", "blocked_words", "log_level", "clicks_per_minute"} < live
    assert not live & {"discord_token", "data_dir", "model", "device", "extensions", "health_port"}


async def test_rules_hold_at_once_for_all_who_hold_them(tmp_path: Path) -> None:
    rules = rules_of(Settings())
    async with House(tmp_path, rules=rules) as house:
        assert await house.credits() == (25, 0)
        new = replace(
            Settings(), credits=3, safety="block", queue_limit=0, blocked_words=("boat",)
        )  # fmt: skip
        house.service.tuning.apply(rules_of(new))
        assert await house.credits() == (3, 0)
        assert house.rules.stance.policy.reaction is Reaction.BLOCK
        assert house.rules.queue_limit == 0
        with pytest.raises(Exception, match="boat"):
            await house.imagine("a boat")
        house.service.tuning.apply(rules)
        assert Rules().stance is not Rules().stance


async def test_links_are_taken_from_other_hosts() -> None:
    from bot.links.fetcher import Fetcher

    async with Fetcher(Hosts.of((), "")) as fetcher:
        with pytest.raises(InvalidLink, match="to no place"):
            await fetcher.fetch("https://one.example/a.png")
        fetcher.allow(Hosts.of(("one.example",), ""))
        with pytest.raises(InvalidLink, match="cannot be reached"):
            await fetcher.fetch("https://one.example/a.png")
