"""Discord's error bodies, and how problems of a form are collected."""

from __future__ import annotations

import pytest

from bot.sandbox.rules.errors import ApiError, InteractionFailed, NotResponding, Problems, Refused


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        (10062, 404, "Unknown interaction"),
        (40060, 400, "Interaction has already been acknowledged."),
        (50001, 403, "Missing Access"),
        (50007, 403, "Cannot send messages to this user"),
        (50013, 403, "Missing Permissions"),
        (50027, 401, "Invalid Webhook Token"),
        (50035, 400, "Invalid Form Body"),
    ],
)
def test_a_code_has_its_status_and_text(code: int, status: int, message: str) -> None:
    error = ApiError(code)
    assert (error.status, error.body()) == (status, {"message": message, "code": code})
    assert str(error) == f"{message} ({code})"


def test_where_discord_has_another_status_it_is_given() -> None:
    assert ApiError(50083).status == 400
    assert ApiError(50083, status=403).status == 403


def test_the_problems_of_a_form_are_nested_by_path_as_discord_nests_them() -> None:
    problems = Problems()
    problems.add("embeds.0.title", "A", "first")
    problems.add("embeds.0.title", "B", "second")
    problems.add("embeds", "C", "third")
    with pytest.raises(ApiError) as caught:
        problems.finish()
    assert caught.value.body() == {
        "message": "Invalid Form Body",
        "code": 50035,
        "errors": {
            "embeds": {
                "0": {
                    "title": {
                        "_errors": [
                            {"code": "A", "message": "first"},
                            {"code": "B", "message": "second"},
                        ]
                    }
                },
                "_errors": [{"code": "C", "message": "third"}],
            }
        },
    }


def test_without_a_problem_nothing_is_raised() -> None:
    problems = Problems()
    assert problems.length("a", "abc", 3, 3)
    assert problems.number("b", 7, 7, 7)
    assert problems.choice("c", 2, (1, 2))
    assert problems.kind("d", {"type": 2}, (1, 2))
    problems.finish()


def test_messages_name_the_limits() -> None:
    problems = Problems()
    assert not problems.length("most", "abcd", 0, 3)
    assert not problems.length("both", "", 1, 3)
    assert not problems.number("number", 8, 0, 7)
    assert not problems.choice("choice", 9, (1, 2))
    told = {path: node["_errors"][0]["message"] for path, node in problems.tree.items()}
    assert told == {
        "most": "Must be 3 or fewer in length.",
        "both": "Must be between 1 and 3 in length.",
        "number": "Must be an integer between 0 and 7.",
        "choice": "Value must be one of {1, 2}.",
    }


def test_what_a_person_is_told_is_an_interaction_that_failed() -> None:
    assert str(NotResponding()) == "The application did not respond"
    assert isinstance(NotResponding(), InteractionFailed)
    assert isinstance(Refused("no"), InteractionFailed)
    assert not isinstance(ApiError(50035), InteractionFailed)
