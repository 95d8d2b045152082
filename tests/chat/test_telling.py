"""Names of what people use: words of this version, whatever was sent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.chat import telling
from bot.chat.telling import UNKNOWN
from bot.domain.errors import QueueFull
from bot.domain.news import Answered, Asked, News

JOB = "a" * 32
PRESS, FORM = discord.InteractionType.component, discord.InteractionType.modal_submit
COMMAND = discord.InteractionType.application_command


class Client:
    """Hears, and knows one form."""

    def __init__(self) -> None:
        self.told: list[News] = []
        self.forms = {"remix": object()}

    def tell(self, news: News) -> None:
        self.told.append(news)


def interaction(kind: discord.InteractionType, custom_id: str = "", command: str = "") -> Any:
    return SimpleNamespace(
        id=7, type=kind, data={"custom_id": custom_id}, extras={}, client=Client(),
        command=SimpleNamespace(qualified_name=command) if command else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "custom_id", "command", "named"),
    [
        (COMMAND, "", "quota pool add", ("command", "quota pool add")),
        (COMMAND, "", "", ("command", UNKNOWN)),
        (PRESS, f"easel:vary:{JOB}:2", "", ("press", "vary")),
        (PRESS, f"easel:like:{JOB}:1", "", ("press", "like")),
        (PRESS, "easel:panel:plans:open:7", "", ("press", "panel")),
        (PRESS, "easel:page:history.7", "", ("press", "page")),
        (PRESS, "easel:set:user:7:fast", "", ("press", "set")),
        (PRESS, f"easel:of_tomorrow:{JOB}:2", "", ("press", UNKNOWN)),
        (PRESS, "somebody else's", "", ("press", UNKNOWN)),
        (FORM, f"easel:form:remix:{JOB}:1", "", ("form", "remix")),
        (FORM, "easel:form:of_tomorrow:1", "", ("form", UNKNOWN)),
        (FORM, "easel:form", "", ("form", UNKNOWN)),
    ],
)
def test_each_has_a_name(
    kind: discord.InteractionType, custom_id: str, command: str, named: tuple[str, str]
) -> None:
    one = interaction(kind, custom_id, command)
    telling.asked(one)
    telling.answered(one)
    assert one.client.told == [Asked(7, *named), Answered(7, *named, "")]


def test_what_is_told_first_holds() -> None:
    one = interaction(COMMAND, command="imagine")
    telling.answered(one, QueueFull("The queue is full."))
    telling.answered(one)
    telling.answered(one, KeyError())
    assert one.client.told == [Answered(7, "command", "imagine", "QueueFull")]


def test_suggestions_are_not_told() -> None:
    one = interaction(discord.InteractionType.autocomplete, command="imagine")
    telling.asked(one)
    telling.answered(one)
    assert one.client.told == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (interaction(COMMAND, command="imagine"), "command imagine"),
        (interaction(PRESS, f"easel:vary:{JOB}:2"), f"press vary of job {JOB}"),
        (interaction(FORM, f"easel:form:remix:{JOB}:2"), f"form remix of job {JOB}"),
        (interaction(discord.InteractionType.autocomplete), f"suggestions {UNKNOWN}"),
    ],
)
def test_the_log_says_where_something_happened(one: Any, words: str) -> None:
    assert telling.place(one) == words
