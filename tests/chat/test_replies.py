"""From errors to sentences."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.chat import replies
from bot.domain import errors


def user_errors() -> list[type[errors.UserError]]:
    return errors.UserError.__subclasses__()


@pytest.mark.parametrize("kind", user_errors())
def test_every_user_error_has_a_title_and_shows_its_own_sentence(
    kind: type[errors.UserError],
) -> None:
    said = replies.describe(kind("This is what is wrong."))
    assert said.description == "This is what is wrong."
    assert said.title == replies.TITLES[kind][0]
    assert said.colour == replies.TITLES[kind][1]


def test_a_plain_user_error_is_sorry() -> None:
    assert replies.describe(errors.UserError("Give both.")).title == "Sorry"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (app_commands.MissingPermissions(["manage_guild"]), "Manage Server"),
        (app_commands.NoPrivateMessage(), "on a server only"),
    ],
)
def test_checks_of_discord_py(error: app_commands.AppCommandError, words: str) -> None:
    said = replies.describe(error)
    assert said.title == "Not allowed"
    assert words in (said.description or "")


@pytest.mark.parametrize(
    "error", [kind("secrets of the house") for kind in (RuntimeError, KeyError, errors.EngineError)]
)
def test_anything_else_is_a_reference_that_is_in_the_log(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        said = replies.describe(error)
    assert said.title == "Something went wrong"
    assert "of the house" not in (said.description or "")
    reference = (said.description or "").split("`")[1]
    assert reference in caplog.text
    assert caplog.records[-1].exc_info is not None


@pytest.mark.parametrize("code", ["locked", "full", "read_only", "io", "damaged"])
def test_trouble_of_the_store_is_said_in_words_and_is_in_the_log(
    code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        said = replies.describe(errors.StoreUnavailable(code, "database or disk at /home/x"))
    text = said.description or ""
    assert text.startswith(replies.STORES[code])
    assert "nothing was charged" in text
    assert "/home/x" not in text
    assert text.split("`")[1] in caplog.text
    assert "/home/x" in caplog.text


def test_two_errors_have_two_references() -> None:
    told = {replies.describe(RuntimeError()).description for _ in range(20)}
    assert len(told) == 20


async def test_an_answer_fits_whatever_it_gives_back(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[discord.Embed] = []

    async def private(_: object, *, embed: discord.Embed, view: object) -> None:
        sent.append(embed)

    monkeypatch.setattr(replies, "private", private)
    monkeypatch.setattr(replies.telling, "answered", lambda *_: None)
    asked: Any = SimpleNamespace(type=discord.InteractionType.modal_submit, extras={}, data={})
    await replies.give_back_prompt(asked, errors.UserError("w" * 5000), "p" * 6000)
    told = sent[0].description or ""
    assert len(told) == 4096
    assert told.startswith("www")
    assert f"…\n```\n{'p' * 3900}\n```" in told
