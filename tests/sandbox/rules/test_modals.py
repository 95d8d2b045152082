"""Forms: every kind of field with its limits, both sides of each."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.rules import modals
from tests.kit.components import Json, button, choices, label, line, menu, modal, row, text
from tests.kit.refusals import Paths, refusal

BAD_LENGTH, MAX_LENGTH = "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_MAX_LENGTH"
REQUIRED, CHOICES, RANGE = "BASE_TYPE_REQUIRED", "BASE_TYPE_CHOICES", "NUMBER_TYPE_RANGE"

UPLOAD = {"type": 19, "custom_id": "u"}
RADIO = {"type": 21, "custom_id": "r", "options": choices(2)}
TICKS = {"type": 22, "custom_id": "t", "options": choices(1)}
CHECKBOX = {"type": 23, "custom_id": "c"}


def problems(*parts: Any, **change: Any) -> Paths:
    return refusal(lambda: modals.accept(modal(*parts, **change)))


def of_field(field: Json) -> Paths:
    """Problems of a field in its label."""
    before = "data.components.0.component"
    found = problems(label(field))
    return {path.removeprefix(before).removeprefix("."): codes for path, codes in found.items()}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"title": "t" * 45, "custom_id": "i" * 100}, {}),
        ({"title": "t" * 46}, {"data.title": [BAD_LENGTH]}),
        ({"title": ""}, {"data.title": [BAD_LENGTH]}),
        ({"title": None}, {"data.title": [REQUIRED]}),
        ({"custom_id": "i" * 101}, {"data.custom_id": [BAD_LENGTH]}),
        ({"custom_id": ""}, {"data.custom_id": [BAD_LENGTH]}),
        ({"components": []}, {"data.components": [BAD_LENGTH]}),
        ({"components": None}, {"data.components": [REQUIRED]}),
    ],
)
def test_a_form_has_a_title_an_id_and_parts(change: Json, wrong: Paths) -> None:
    assert problems(label(line()), **change) == wrong


def test_a_form_has_one_to_five_parts_with_ids_of_their_own() -> None:
    six = [label(line(custom_id=str(number))) for number in range(6)]
    assert problems(*six[:5]) == {}
    assert problems(*six) == {"data.components": [BAD_LENGTH]}
    twice = problems(label(line()), label(UPLOAD | {"custom_id": "line"}))
    assert twice == {"data.components": ["COMPONENT_CUSTOM_ID_DUPLICATED"]}
    assert problems(text("Read this."), label(line())) == {}


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        (text("t" * 4000), {}),
        (text("t" * 4001), {"content": [BAD_LENGTH]}),
        (text(""), {"content": [BAD_LENGTH]}),
        (label(line(), label="l" * 45, description="d" * 100), {}),
        (label(line(), label="l" * 46), {"label": [BAD_LENGTH]}),
        (label(line(), label=""), {"label": [BAD_LENGTH]}),
        (label(line(), description="d" * 101), {"description": [MAX_LENGTH]}),
        (row(line(label="l" * 45)), {}),
        (row(line(label="l" * 46)), {"components.0.label": [BAD_LENGTH]}),
        (row(line()), {"components.0.label": [REQUIRED]}),
        (row(), {"components": [BAD_LENGTH]}),
        (row(menu(label="L")), {"components.0.type": [CHOICES]}),
        (line(), {"type": [CHOICES]}),
        (button(), {"type": [CHOICES]}),
        (label(button()), {"component.type": [CHOICES]}),
        (label(text()), {"component.type": [CHOICES]}),
        ({"type": 18, "label": "L"}, {"component": [REQUIRED]}),
        ({"type": 18, "label": "L", "component": "x"}, {"component": ["DICT_TYPE_CONVERT"]}),
        ("label", {"": ["DICT_TYPE_CONVERT"]}),
    ],
)
def test_what_a_part_may_be(part: Any, wrong: Paths) -> None:
    expected = {
        f"data.components.0.{path}".removesuffix("."): codes for path, codes in wrong.items()
    }
    assert problems(part) == expected


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"style": 2, "placeholder": "p" * 100, "value": "v" * 4000}, {}),
        ({"min_length": 0, "max_length": 4000, "required": False}, {}),
        ({"min_length": 4000, "max_length": 1}, {}),
        ({"style": 0}, {"style": [CHOICES]}),
        ({"style": 3}, {"style": [CHOICES]}),
        ({"style": None}, {"style": [CHOICES]}),
        ({"placeholder": "p" * 101}, {"placeholder": [MAX_LENGTH]}),
        ({"value": "v" * 4001}, {"value": [MAX_LENGTH]}),
        ({"min_length": -1}, {"min_length": [RANGE]}),
        ({"min_length": 4001}, {"min_length": [RANGE]}),
        ({"max_length": 0}, {"max_length": [RANGE]}),
        ({"max_length": 4001}, {"max_length": [RANGE]}),
        ({"custom_id": "i" * 101}, {"custom_id": [BAD_LENGTH]}),
        ({"custom_id": None}, {"custom_id": [REQUIRED]}),
    ],
)
def test_a_text_field(change: Json, wrong: Paths) -> None:
    assert of_field(line(**change)) == wrong


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        (RADIO | {"options": choices(10)}, {}),
        (RADIO | {"options": choices(11)}, {"options": [BAD_LENGTH]}),
        (RADIO | {"options": choices(1)}, {"options": [BAD_LENGTH]}),
        (RADIO | {"options": None}, {"options": [REQUIRED]}),
        (TICKS | {"options": choices(10), "max_values": 10}, {}),
        (TICKS | {"options": choices(11)}, {"options": [BAD_LENGTH]}),
        (TICKS | {"options": []}, {"options": [BAD_LENGTH]}),
        (TICKS | {"max_values": 2}, {"max_values": ["COMPONENT_MAX_VALUES_EXCEEDED"]}),
        (TICKS | {"max_values": 11}, {"max_values": [RANGE]}),
        (UPLOAD | {"max_values": 10}, {}),
        (UPLOAD | {"max_values": 11}, {"max_values": [RANGE]}),
        (UPLOAD | {"max_values": 0}, {"max_values": [RANGE]}),
        (menu(options=choices(25), max_values=25), {}),
        (menu(options=choices(26)), {"options": [BAD_LENGTH]}),
        (menu(placeholder="p" * 151), {"placeholder": [MAX_LENGTH]}),
        ({"type": 5, "custom_id": "who"}, {}),
        ({"type": 8, "custom_id": "where", "options": choices(1)}, {"options": [CHOICES]}),
        (CHECKBOX, {}),
        (CHECKBOX | {"custom_id": ""}, {"custom_id": [BAD_LENGTH]}),
    ],
)
def test_fields_to_choose_in(field: Json, wrong: Paths) -> None:
    assert of_field(field) == wrong


@pytest.mark.parametrize("field", [RADIO, TICKS, menu()])
def test_what_can_be_chosen_has_a_label_and_a_value_once(field: Json) -> None:
    def with_first(**change: Any) -> Json:
        first, *others = field["options"]
        return field | {"options": [first | change, *others]}

    assert of_field(with_first(label="l" * 100, value="v" * 100, description="d" * 100)) == {}
    assert of_field(with_first(label="l" * 101)) == {"options.0.label": [BAD_LENGTH]}
    assert of_field(with_first(value="v" * 101)) == {"options.0.value": [BAD_LENGTH]}
    assert of_field(with_first(description="d" * 101)) == {"options.0.description": [MAX_LENGTH]}
    again = field | {"options": [*field["options"], *field["options"]]}
    assert "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED" in str(of_field(again))


@pytest.mark.parametrize("field", [UPLOAD, TICKS, menu(), {"type": 7, "custom_id": "who"}])
def test_what_must_be_filled_in_takes_at_least_one(field: Json) -> None:
    """discord.py leaves `required` out where it is true."""
    wrong = {"min_values": ["NUMBER_TYPE_MIN"]}
    assert of_field(field | {"min_values": 0}) == wrong
    assert of_field(field | {"min_values": 0, "required": True}) == wrong
    assert of_field(field | {"min_values": 0, "required": False}) == {}
    assert of_field(field | {"min_values": 1}) == {}


def test_an_accepted_form_is_numbered_and_a_refused_one_is_left_alone() -> None:
    good = modal(label(line()), text("t"), label(UPLOAD | {"id": 9}))
    modals.accept(good)
    first, second, third = good["components"]
    assert (first["id"], first["component"]["id"], second["id"]) == (1, 2, 3)
    assert (third["id"], third["component"]["id"]) == (4, 9)
    bad = modal(label(line(), label=""))
    assert refusal(lambda: modals.accept(bad))
    assert "id" not in bad["components"][0]
