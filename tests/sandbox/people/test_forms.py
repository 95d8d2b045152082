"""What may be put into forms and menus: every kind of field, both sides of its limits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import Refused, Sandbox
from bot.sandbox.people.forms import ModalForm
from bot.sandbox.people.options import Resolved
from bot.sandbox.rules import modals
from tests.kit.components import Json, choices, label, line, menu, modal, row, text

UPLOAD = {"type": 19, "custom_id": "m"}
RADIO = {"type": 21, "custom_id": "m", "options": choices(2)}
TICKS = {"type": 22, "custom_id": "m", "options": choices(3)}
CHECKBOX = {"type": 23, "custom_id": "m"}
USERS, ROLES, MENTIONABLES, CHANNELS = ({"type": kind, "custom_id": "m"} for kind in (5, 6, 7, 8))


def form_of(closed: Sandbox, where: object = "imagine") -> ModalForm:
    mia = closed.world.find_user("Mia").id
    channel = closed.world.dm_of(mia) if where == "dm" else closed.world.find_channel(where)
    return ModalForm(Resolved(closed.world, channel, mia), {"77": {"id": "77"}})


def fill(closed: Sandbox, field: Json, *value: Any) -> Any:
    """What is sent of a field in its label; no value leaves it as it is."""
    shown = modal(label(dict(field)))
    modals.accept(shown)
    values = {field["custom_id"]: value[0]} if value else {}
    [part] = form_of(closed).fill(shown, values)
    sent = part["component"]
    assert sent["custom_id"] == field["custom_id"]
    return sent.get("values", sent.get("value"))


@pytest.mark.parametrize(
    ("field", "value", "sent"),
    [
        (line(custom_id="m"), ["a fox"], "a fox"),
        (line(custom_id="m", value="as it was"), [], "as it was"),
        (line(custom_id="m", required=False, min_length=5), [], ""),
        (line(custom_id="m", min_length=3, max_length=3), ["fox"], "fox"),
        (CHECKBOX, [], False),
        (CHECKBOX | {"default": True}, [], True),
        (CHECKBOX | {"default": True}, [False], False),
        (RADIO, ["1"], "1"),
        (RADIO | {"required": False}, [], None),
        (RADIO | {"options": [choices(1)[0] | {"default": True}, choices(2)[1]]}, [], "0"),
        (TICKS | {"max_values": 3}, [["0", "2"]], ["0", "2"]),
        (TICKS | {"required": False}, [], []),
        (menu(), ["1"], ["1"]),
        (menu(options=[choices(1)[0] | {"default": True}]), [], ["0"]),
        (UPLOAD, [{"id": "77"}], ["77"]),
        (UPLOAD | {"required": False}, [], []),
    ],
)
def test_fields_as_they_are_sent(closed: Sandbox, field: Json, value: list[Any], sent: Any) -> None:
    assert fill(closed, field, *value) == sent


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (line(custom_id="m"), [], "this field is required"),
        (line(custom_id="m", min_length=4), ["fox"], "at least 4 characters"),
        (line(custom_id="m", max_length=2), ["fox"], "at most 2 characters"),
        (line(custom_id="m"), ["x" * 4001], "at most 4000 characters"),
        (RADIO, [], "choose one"),
        (RADIO, ["2"], "'2' is not one of 0, 1"),
        (TICKS, [], "choose 1"),
        (TICKS | {"min_values": 2, "max_values": 3}, [["0"]], "choose 2 to 3"),
        (TICKS | {"max_values": 3}, [["0", "0"]], "each only once"),
        (menu(), [["0", "1"]], "choose 1"),
        (menu(max_values=2), [["1", "1"]], "each only once"),
        (menu(), ["2"], "'2' is not one of"),
        (UPLOAD, ["78"], "there is no 78"),
        (UPLOAD | {"max_values": 2}, [["77", "77"]], "each only once"),
        (USERS, ["1"], "there is no 1"),
        (ROLES, ["1"], "there is no 1"),
        (MENTIONABLES, ["1"], "there is no 1"),
        (CHANNELS, ["1"], "there is no 1"),
    ],
)
def test_what_the_client_would_not_send(
    closed: Sandbox, field: Json, value: list[Any], words: str
) -> None:
    with pytest.raises(Refused, match=f"Label: .*{words}"):
        fill(closed, field, *value)


def test_old_forms_and_texts_between_fields_keep_their_shape(closed: Sandbox) -> None:
    shown = modal(row(line(label="Prompt")), text("Read this."))
    shown["components"][0] |= {"id": 1}
    shown["components"][0]["components"][0] |= {"id": 2}
    shown["components"][1] |= {"id": 3}
    filled = form_of(closed).fill(shown, {"line": "a fox"})
    assert filled == [
        {"type": 1, "id": 1,
         "components": [{"type": 4, "id": 2, "custom_id": "line", "value": "a fox"}]},
        {"type": 10, "id": 3},
    ]  # fmt: skip


def test_a_field_that_is_not_there_is_named(closed: Sandbox) -> None:
    shown = modal(label(line(id=2), id=1))
    with pytest.raises(Refused, match="no field 'x'; it has line"):
        form_of(closed).fill(shown, {"x": "1", "line": "a"})


# Menus of people, roles and channels


def test_a_menu_of_people_and_roles_takes_both(closed: Sandbox) -> None:
    role, noah = closed.world.add_role("Artists"), closed.world.find_user("Noah")
    form = form_of(closed)
    assert form.choose(MENTIONABLES | {"max_values": 2}, "Who", [role, noah]) == [role.id, noah.id]
    assert set(form.resolved.data["roles"]) == {role.id}
    assert set(form.resolved.data["users"]) == {noah.id}


@pytest.mark.parametrize("field", [ROLES, MENTIONABLES])
def test_there_are_no_roles_in_direct_messages(closed: Sandbox, field: Json) -> None:
    role = closed.world.add_role("Artists")
    with pytest.raises(Refused, match="there is no"):
        form_of(closed, "dm").choose(field, "Who", role)


def test_a_channel_is_told_with_what_the_person_may_do_there(closed: Sandbox) -> None:
    world, channel = closed.world, closed.world.find_channel("imagine")
    mia = world.find_user("Mia").id
    form = form_of(closed)
    form.choose(CHANNELS, "Where", channel)
    told = form.resolved.data["channels"][channel.id]["permissions"]
    assert told == str(world.rights.may(mia, channel)) != "0"


def test_a_menu_of_channels_keeps_to_its_kinds(closed: Sandbox) -> None:
    channel = closed.world.find_channel("imagine")
    form = form_of(closed)
    allowed = CHANNELS | {"channel_types": [channel.type, 2]}
    assert form.choose(allowed, "Where", channel) == [channel.id]
    with pytest.raises(Refused, match="Where: a channel of that kind"):
        form.choose(CHANNELS | {"channel_types": [2]}, "Where", channel)
