"""What may be put into a command: every type of option, its limits, choices and completion."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import Refused, Sandbox
from bot.sandbox.people.options import Form, build
from tests.kit.components import Json, command, option

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)


def fill(
    closed: Sandbox, rule: Json, value: Any, *, partial: bool = False, **more: Any
) -> tuple[Any, Json]:
    """The value as it is sent, and what is resolved beside it."""
    world = closed.world
    mia, where = world.find_user("Mia").id, world.find_channel("imagine")
    form = Form(world, closed.renderer, closed.files, where, mia)
    given = {"name": rule["name"], "value": value} | more
    [filled] = form.fill(command(options=[rule]), [given], partial=partial)
    assert (filled["name"], filled["type"]) == (rule["name"], rule["type"])
    return filled["value"], form.resolved.data


@pytest.mark.parametrize(
    ("rule", "value", "sent"),
    [
        ({"type": STRING}, "  a fox ", "a fox"),
        ({"type": STRING, "min_length": 2, "max_length": 3}, "fox", "fox"),
        ({"type": STRING}, "x" * 6000, "x" * 6000),
        ({"type": INTEGER}, 3, 3),
        ({"type": INTEGER}, 3.0, 3),
        ({"type": INTEGER, "min_value": 1, "max_value": 5}, 1, 1),
        ({"type": INTEGER, "min_value": 1, "max_value": 5}, 5, 5),
        ({"type": NUMBER}, 0.5, 0.5),
        ({"type": BOOLEAN}, False, False),
        ({"type": STRING, "choices": [{"name": "Wide", "value": "16:9"}]}, "16:9", "16:9"),
        ({"type": INTEGER, "choices": [{"name": "Two", "value": 2}]}, 2, 2),
    ],
)
def test_values_as_they_are_sent(closed: Sandbox, rule: Json, value: Any, sent: Any) -> None:
    found, resolved = fill(closed, option(**rule), value)
    assert (found, type(found), resolved) == (sent, type(sent), {})


@pytest.mark.parametrize(
    ("rule", "value", "words"),
    [
        ({"type": STRING}, 7, "enter a text"),
        ({"type": STRING}, "   ", "at least 1 characters"),
        ({"type": STRING, "min_length": 3}, "ox", "at least 3 characters"),
        ({"type": STRING, "max_length": 2}, "fox", "at most 2 characters"),
        ({"type": STRING}, "x" * 6001, "at most 6000 characters"),
        ({"type": INTEGER}, 1.5, "enter a whole number"),
        ({"type": INTEGER}, "1", "enter a whole number"),
        ({"type": INTEGER}, True, "enter a whole number"),
        ({"type": NUMBER}, "0.5", "enter a number"),
        ({"type": NUMBER, "min_value": 0}, -0.1, "at least 0"),
        ({"type": INTEGER, "max_value": 5}, 6, "at most 5"),
        ({"type": BOOLEAN}, 1, "choose True or False"),
        ({"type": USER}, "1", "choose a user that exists"),
        ({"type": CHANNEL}, "1", "choose a channel that exists"),
        ({"type": ROLE}, "1", "choose a role that exists"),
        ({"type": MENTIONABLE}, "1", "choose a user or role that exists"),
        ({"type": ATTACHMENT}, "1", "choose a file that exists"),
        ({"type": STRING, "choices": [{"name": "Wide", "value": "16:9"}]}, "Wide", "one of Wide"),
    ],
)
def test_what_the_client_would_not_send(
    closed: Sandbox, rule: Json, value: Any, words: str
) -> None:
    with pytest.raises(Refused, match=f"prompt: .*{words}"):
        fill(closed, option(**rule), value)


@pytest.mark.parametrize("kind", [USER, MENTIONABLE])
def test_a_person_comes_with_what_they_are_here(closed: Sandbox, kind: int) -> None:
    noah = closed.world.find_user("Noah").id
    value, resolved = fill(closed, option(type=kind), {"id": noah})
    assert value == noah
    assert set(resolved["users"]) == set(resolved["members"]) == {noah}
    assert "user" not in resolved["members"][noah]
    assert int(resolved["members"][noah]["permissions"]) > 0


@pytest.mark.parametrize("kind", [ROLE, MENTIONABLE])
def test_a_role_comes_whole(closed: Sandbox, kind: int) -> None:
    role = closed.world.add_role("Artists")
    value, resolved = fill(closed, option(type=kind), role)
    assert (value, resolved["roles"][role.id]["name"]) == (role.id, "Artists")


def test_a_channel_must_be_of_the_kinds_asked_for(closed: Sandbox) -> None:
    channel = closed.world.find_channel("imagine")
    rule = option(type=CHANNEL, channel_types=[channel.type])
    value, resolved = fill(closed, rule, channel)
    assert value == channel.id
    assert int(resolved["channels"][channel.id]["permissions"]) > 0
    with pytest.raises(Refused, match="of that kind"):
        fill(closed, rule | {"channel_types": [2]}, channel)


def test_while_typing_nothing_is_checked_but_what_is_known(closed: Sandbox) -> None:
    rule = option(min_length=5, choices=[{"name": "Wide", "value": "16:9"}])
    assert fill(closed, rule, " fo", partial=True) == ("fo", {})
    number = option(type=INTEGER, min_value=10)
    assert fill(closed, number, "1x", partial=True, focused=True) == ("1x", {})
    assert fill(closed, number, None, partial=True, focused=True) == ("", {})


GROUPS = command(
    name="quota",
    options=[
        {"name": "set", "type": 1, "options": [option(name="amount", type=INTEGER, required=True)]},
        {"name": "role", "type": 2, "options": [{"name": "clear", "type": 1, "options": []}]},
    ],
)


def complaint(closed: Sandbox, definition: Json, given: list[Json]) -> str:
    where, mia = closed.world.find_channel("imagine"), closed.world.find_user("Mia").id
    form = Form(closed.world, closed.renderer, closed.files, where, mia)
    with pytest.raises(Refused) as caught:
        form.fill(definition, given)
    return str(caught.value)


def test_what_is_missing_or_unknown_is_named(closed: Sandbox) -> None:
    assert "/quota needs one of: set, role" in complaint(closed, GROUPS, [])
    assert "amount: this option is required" in complaint(closed, GROUPS, [{"name": "set"}])
    assert "/quota has no option 'x'; it has set, role" in complaint(
        closed, GROUPS, [{"name": "x"}]
    )
    assert "it has none" in complaint(closed, command(), [{"name": "x"}])


def test_options_are_built_from_words_and_values() -> None:
    [built] = build(GROUPS, ["set"], {"amount": 5})
    assert built == {
        "name": "set", "type": 1, "options": [{"name": "amount", "type": INTEGER, "value": 5}]
    }  # fmt: skip
    [focused] = build(GROUPS, ["set"], {}, focused="amount")
    assert focused["options"] == [{"name": "amount", "type": INTEGER, "value": "", "focused": True}]
    [group] = build(GROUPS, ["role", "clear"], {})
    assert group["options"] == [{"name": "clear", "type": 1, "options": []}]


@pytest.mark.parametrize(
    ("words", "values", "complaint"),
    [
        (["nothing"], {}, "no subcommand 'nothing'"),
        (["set", "more"], {}, "no subcommand 'more'"),
        (["set"], {"count": 5}, "no option 'count'; it has amount"),
    ],
)
def test_words_that_lead_nowhere(words: list[str], values: Json, complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        build(GROUPS, words, values)
