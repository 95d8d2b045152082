"""Who is mentioned by a text, and whom it may ping."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.rules import mentions
from bot.sandbox.rules.errors import Problems
from bot.sandbox.rules.mentions import EVERYTHING, USERS_ONLY, Mentions
from tests.kit.components import Json
from tests.kit.refusals import Paths, paths

TEXT = "<@1> <@!2> <@&7> <@&8> @everyone"


@pytest.mark.parametrize(
    ("allowed", "found"),
    [
        (EVERYTHING, Mentions(["1", "2"], ["7", "8"], True)),
        (USERS_ONLY, Mentions(["1", "2"])),
        ({}, Mentions()),
        ({"parse": []}, Mentions()),
        ({"parse": None, "users": None}, Mentions()),
        ({"parse": ["roles"]}, Mentions([], ["7", "8"])),
        ({"parse": ["everyone"]}, Mentions(everyone=True)),
        ({"users": ["2", "3"]}, Mentions(["2"])),
        ({"users": [1]}, Mentions(["1"])),
        ({"roles": ["8"]}, Mentions([], ["8"])),
        ({"parse": ["users"], "roles": ["7"]}, Mentions(["1", "2"], ["7"])),
    ],
)
def test_allowed_mentions_choose_among_what_stands_in_the_text(
    allowed: Json, found: Mentions
) -> None:
    assert mentions.resolve(TEXT, allowed) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<@1> and <@1> and <@!1>", Mentions(["1"])),
        ("<@2> <@1>", Mentions(["2", "1"])),
        ("@here!", Mentions(everyone=True)),
        ("someone@everyone.example", Mentions(everyone=True)),
        ("@everyoneelse @hereby", Mentions()),
        ("<@> <@x> <#1> <@ 1>", Mentions()),
        ("<@&7>", Mentions([], ["7"])),
        ("", Mentions()),
    ],
)
def test_what_is_a_mention(text: str, found: Mentions) -> None:
    assert mentions.resolve(text, EVERYTHING) == found


@pytest.mark.parametrize(
    ("allowed", "users"),
    [
        (EVERYTHING, ["1", "9"]),
        ({"parse": []}, []),
        ({"parse": [], "replied_user": True}, ["9"]),
        ({"parse": ["users"], "replied_user": False}, ["1"]),
        ({"users": ["9"], "replied_user": False}, []),
    ],
)
def test_the_author_of_the_answered_message_is_mentioned_if_wished(
    allowed: Json, users: list[str]
) -> None:
    assert mentions.resolve("<@1>", allowed, replied="9").users == users


def test_the_answered_author_is_not_mentioned_twice() -> None:
    assert mentions.resolve("<@9>", EVERYTHING, replied="9").users == ["9"]


ids = [str(number) for number in range(101)]


@pytest.mark.parametrize(
    ("allowed", "wrong"),
    [
        (None, {}),
        ({}, {}),
        ({"parse": ["users", "roles", "everyone"], "replied_user": True}, {}),
        ({"parse": ["users", "all"]}, {"allowed_mentions.parse.1": ["BASE_TYPE_CHOICES"]}),
        ({"users": ids[:100], "roles": ids[:100]}, {}),
        ({"users": ids}, {"allowed_mentions.users": ["BASE_TYPE_MAX_LENGTH"]}),
        ({"roles": ids}, {"allowed_mentions.roles": ["BASE_TYPE_MAX_LENGTH"]}),
        ({"parse": ["users"], "users": []}, {}),
        ({"parse": ["roles"], "users": ["1"]}, {}),
        (
            {"parse": ["users"], "users": ["1"]},
            {"allowed_mentions": ["MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"]},
        ),
        (
            {"parse": ["roles"], "roles": ["1"]},
            {"allowed_mentions": ["MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"]},
        ),
        (["users"], {"allowed_mentions": ["DICT_TYPE_CONVERT"]}),
    ],
)
def test_the_rules_of_the_object_itself(allowed: Any, wrong: Paths) -> None:
    problems = Problems()
    mentions.check(allowed, problems)
    assert paths(problems.tree) == wrong
