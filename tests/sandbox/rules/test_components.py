"""Components of messages: every limit of Discord's at its edge and one beyond."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.rules import components
from bot.sandbox.rules.errors import Problems
from tests.kit.components import (
    Json,
    button,
    buttons,
    choices,
    container,
    gallery,
    link,
    menu,
    row,
    section,
    text,
)
from tests.kit.refusals import Paths, paths

BAD_LENGTH, MAX_LENGTH = "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_MAX_LENGTH"
REQUIRED, CHOICES, RANGE = "BASE_TYPE_REQUIRED", "BASE_TYPE_CHOICES", "NUMBER_TYPE_RANGE"
SCHEME = "URL_TYPE_INVALID_SCHEME"
INVALID_BUTTON, ID_AND_URL = "BUTTON_COMPONENT_INVALID", "COMPONENT_CUSTOM_ID_AND_URL"


def problems(parts: Any, *, v2: bool = False) -> Paths:
    found = Problems()
    components.check_message(parts, v2, found)
    return paths(found.tree)


def of_button(**change: Any) -> Paths:
    return problems([row(button(**change))])


def of_menu(**change: Any) -> Paths:
    return problems([row(menu(**change))])


def in_first(codes: dict[str, str]) -> Paths:
    """Problems of the first component of the first row."""
    return {
        f"components.0.components.0.{path}".removesuffix("."): [code]
        for path, code in codes.items()
    }


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [row(*buttons(5, str(number))) for number in range(5)],
        [row(menu())],
        [row(link()), row(button(label=None, emoji={"id": None, "name": "🔄"}))],
        [row({"type": 2, "style": 6, "sku_id": "12"})],
        *([row({"type": kind, "custom_id": "who"})] for kind in (5, 6, 7, 8)),
    ],
)
def test_rows_that_discord_takes(parts: list[Json]) -> None:
    assert problems(parts) == {}


def test_a_message_has_five_rows_of_five_buttons_or_one_menu() -> None:
    six = [row(button(custom_id=str(number))) for number in range(6)]
    assert problems(six) == {"components": [MAX_LENGTH]}
    assert problems([row(*buttons(6))]) == {"components.0.components": [BAD_LENGTH]}
    assert problems([row()]) == {"components.0.components": [BAD_LENGTH]}
    wide = {"components.0.components": ["COMPONENT_LAYOUT_WIDTH_EXCEEDED"]}
    assert problems([row(menu(), menu(custom_id="n"))]) == wide
    assert problems([row(button(), menu())]) == wide


def test_without_the_flag_rows_are_all_there_is() -> None:
    for part in (button(), text(), container(text()), gallery("https://x.y/a.png"), {"type": 99}):
        assert problems([part]) == {"components.0.type": [CHOICES]}
    assert problems([row(row(button()))]) == in_first({"type": CHOICES})
    assert problems({"type": 1}) == {"components": ["LIST_TYPE_CONVERT"]}
    assert problems(["row"]) == {"components.0": ["DICT_TYPE_CONVERT"]}
    assert problems([{"type": True, "components": [button()]}]) == {"components.0.type": [CHOICES]}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"label": "l" * 80}, {}),
        ({"label": "l" * 81}, {"label": MAX_LENGTH}),
        ({"custom_id": "i"}, {}),
        ({"custom_id": "i" * 100}, {}),
        ({"custom_id": "i" * 101}, {"custom_id": BAD_LENGTH}),
        ({"custom_id": ""}, {"custom_id": BAD_LENGTH}),
        ({"custom_id": None}, {"custom_id": REQUIRED}),
        ({"custom_id": 7}, {"custom_id": REQUIRED}),
        ({"style": 4}, {}),
        ({"style": 0}, {"style": CHOICES}),
        ({"style": 7}, {"style": CHOICES}),
        ({"style": None}, {"style": CHOICES}),
        ({"label": None}, {"": INVALID_BUTTON}),
        ({"url": "https://x.y"}, {"url": ID_AND_URL}),
    ],
)
def test_a_button(change: Json, wrong: dict[str, str]) -> None:
    assert of_button(**change) == in_first(wrong)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"url": "https://x.y/" + "p" * 500}, {}),
        ({"url": "https://x.y/" + "p" * 501}, {"url": BAD_LENGTH}),
        ({"url": "discord://-/channels"}, {}),
        ({"url": "http://x.y"}, {}),
        ({"url": "ftp://x.y"}, {"url": SCHEME}),
        ({"url": "attachment://a.png"}, {"url": SCHEME}),
        ({"url": None}, {"url": REQUIRED}),
        ({"custom_id": "both"}, {"": ID_AND_URL}),
        ({"label": ""}, {"": INVALID_BUTTON}),
    ],
)
def test_a_link_has_a_url_and_no_id(change: Json, wrong: dict[str, str]) -> None:
    assert problems([row(link(**change))]) == in_first(wrong)


@pytest.mark.parametrize("extra", [
    {"custom_id": "i"}, {"url": "https://x.y"}, {"sku_id": None}, {"sku_id": "fox"},
    {"label": "Buy"}, {"emoji": {"name": "🛒"}},
])  # fmt: skip
def test_a_premium_button_has_nothing_but_its_sku(extra: Json) -> None:
    premium = {"type": 2, "style": 6, "sku_id": "12"} | extra
    assert problems([row(premium)]) == in_first({"": INVALID_BUTTON})


def test_no_other_button_has_a_sku() -> None:
    button = {"type": 2, "style": 1, "label": "Buy", "custom_id": "buy"}
    assert problems([row(button)]) == {}
    assert problems([row(button | {"sku_id": "12"})]) == in_first({"": INVALID_BUTTON})


def test_the_wrong_scheme_is_named_with_those_that_are_right() -> None:
    found = Problems()
    components.check_url("url", "file:///etc/passwd", ("http", "https"), found)
    (told,) = found.tree["url"]["_errors"]
    assert told["message"] == "Scheme 'file' is not supported. Must be one of ('http', 'https')."


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"options": choices(1)}, {}),
        ({"options": choices(25)}, {}),
        ({"options": choices(26)}, {"options": BAD_LENGTH}),
        ({"options": []}, {"options": BAD_LENGTH}),
        ({"options": None}, {"options": REQUIRED}),
        ({"placeholder": "p" * 150}, {}),
        ({"placeholder": "p" * 151}, {"placeholder": MAX_LENGTH}),
        ({"custom_id": "i" * 101}, {"custom_id": BAD_LENGTH}),
        ({"min_values": 0, "max_values": 2}, {}),
        ({"min_values": 2, "max_values": 2}, {}),
        ({"min_values": -1}, {"min_values": RANGE}),
        ({"min_values": 1.5}, {"min_values": RANGE}),
        ({"min_values": True}, {"min_values": RANGE}),
        ({"max_values": 0}, {"max_values": RANGE}),
        ({"max_values": 26}, {"max_values": RANGE}),
        ({"max_values": 3}, {"max_values": "COMPONENT_MAX_VALUES_EXCEEDED"}),
        ({"min_values": 2}, {"min_values": "COMPONENT_MIN_VALUES_EXCEEDED"}),
    ],
)
def test_a_menu(change: Json, wrong: dict[str, str]) -> None:
    assert of_menu(**change) == in_first(wrong)


@pytest.mark.parametrize(
    ("key", "most", "code"),
    [("label", 100, BAD_LENGTH), ("value", 100, BAD_LENGTH), ("description", 100, MAX_LENGTH)],
)
def test_a_choice_of_a_menu(key: str, most: int, code: str) -> None:
    fine, long = ({"label": "A", "value": "a", key: "x" * n} for n in (most, most + 1))
    assert of_menu(options=[fine]) == {}
    assert of_menu(options=[fine | {key: long[key]}]) == in_first({f"options.0.{key}": code})


def test_a_choice_needs_a_label_and_a_value_of_its_own() -> None:
    assert of_menu(options=[{"value": "a"}]) == in_first({"options.0.label": REQUIRED})
    assert of_menu(options=[{"label": "A"}]) == in_first({"options.0.value": REQUIRED})
    twice = [{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]
    taken = {"options.1.value": "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"}
    assert of_menu(options=twice) == in_first(taken)


def chosen(*kinds: str) -> list[Json]:
    return [{"id": str(number), "type": kind} for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kind", "change", "wrong"),
    [
        (5, {"default_values": chosen("user")}, {}),
        (6, {"default_values": chosen("role")}, {}),
        (7, {"default_values": chosen("user", "role"), "max_values": 2}, {}),
        (8, {"default_values": chosen("channel")}, {}),
        (8, {"default_values": [], "min_values": 0}, {}),
        (8, {"default_values": chosen(*["channel"] * 25), "max_values": 25}, {}),
        (8, {"default_values": chosen("channel", "channel")}, {"default_values": BAD_LENGTH}),
        (
            8,
            {"default_values": chosen("channel"), "min_values": 2, "max_values": 3},
            {"default_values": BAD_LENGTH},
        ),
        (5, {"default_values": chosen("role")}, {"default_values.0.type": CHOICES}),
        (6, {"default_values": chosen("user")}, {"default_values.0.type": CHOICES}),
        (8, {"default_values": [{"id": "1"}]}, {"default_values.0.type": CHOICES}),
    ],
)
def test_what_is_chosen_in_a_menu_beforehand(
    kind: int, change: Json, wrong: dict[str, str]
) -> None:
    menu = {"type": kind, "custom_id": "who"} | change
    assert problems([row(menu)]) == in_first(wrong)


def test_a_menu_of_words_has_options_alone() -> None:
    wrong = {"default_values.0.type": CHOICES}
    assert of_menu(default_values=chosen("channel")) == in_first(wrong)


def test_a_menu_of_people_has_no_choices_of_its_own() -> None:
    for kind in (5, 6, 7, 8):
        wrong = problems([row({"type": kind, "custom_id": "who", "options": choices(1)})])
        assert wrong == in_first({"options": CHOICES})
    assert problems([row({"type": 5, "custom_id": "who", "max_values": 25})]) == {}
    over = problems([row({"type": 5, "custom_id": "who", "max_values": 26})])
    assert over == in_first({"max_values": RANGE})


def test_an_id_stands_once_in_a_message_wherever_it_stands() -> None:
    once = "COMPONENT_CUSTOM_ID_DUPLICATED"
    same = [row(button(), button(custom_id="w")), row(menu(custom_id="w"))]
    assert problems(same) == {"components.1.components.0.custom_id": [once]}
    deep = [container(section(text(), accessory=button(custom_id="w"))), row(button(custom_id="w"))]
    assert problems(deep, v2=True) == {"components.1.components.0.custom_id": [once]}
    accessory = [row(button(custom_id="w")), section(text(), accessory=button(custom_id="w"))]
    assert problems(accessory, v2=True) == {"components.1.accessory.custom_id": [once]}
    assert problems([row(link(), link())]) == {}


# Components V2


@pytest.mark.parametrize(
    "part",
    [
        row(button()),
        text("t" * 4000),
        section(text()),
        section(text("a"), text("b"), text("c")),
        section(text(), accessory={"type": 11, "media": {"url": "attachment://a.png"}}),
        gallery(*(f"https://x.y/{number}.png" for number in range(10))),
        {"type": 13, "file": {"url": "attachment://recipe.json"}},
        {"type": 14},
        {"type": 14, "spacing": 2, "divider": False},
        container(text(), accent_color=0xFFFFFF),
        container(row(button()), section(text()), {"type": 14}, gallery("attachment://a.png")),
    ],
)
def test_what_a_message_of_components_may_have(part: Json) -> None:
    assert problems([part], v2=True) == {}


@pytest.mark.parametrize(
    ("part", "path", "code"),
    [
        (button(), "type", CHOICES),
        (text(""), "content", BAD_LENGTH),
        ({"type": 10}, "content", REQUIRED),
        (section(), "components", BAD_LENGTH),
        (section(*[text("t")] * 4), "components", BAD_LENGTH),
        (section(row(button())), "components.0.type", CHOICES),
        ({"type": 9, "components": [text()], "accessory": text()}, "accessory.type", CHOICES),
        (section(text(), accessory=button(label="l" * 81)), "accessory.label", MAX_LENGTH),
        (gallery(), "items", BAD_LENGTH),
        (gallery(*["https://x.y/a.png"] * 11), "items", BAD_LENGTH),
        (gallery("https://x.y/a.png", "file:///a"), "items.1.media.url", SCHEME),
        (gallery("https://x.y/" + "p" * 2037), "items.0.media.url", BAD_LENGTH),
        ({"type": 12, "items": [{}]}, "items.0.media.url", REQUIRED),
        ({"type": 13}, "file.url", REQUIRED),
        ({"type": 13, "file": {"url": "https://x.y/a"}}, "file.url", SCHEME),
        ({"type": 14, "spacing": 3}, "spacing", CHOICES),
        (container(), "components", BAD_LENGTH),
        (container(text(), accent_color=0x1000000), "accent_color", RANGE),
        (container(text(), accent_color=-1), "accent_color", RANGE),
        (container(container(text())), "components.0.type", CHOICES),
        (container(row(button(style=9))), "components.0.components.0.style", CHOICES),
    ],
)
def test_what_it_may_not(part: Json, path: str, code: str) -> None:
    assert problems([part], v2=True) == {f"components.0.{path}": [code]}


def test_a_picture_is_described_in_1024_characters() -> None:
    def described(length: int) -> list[Json]:
        item = {"media": {"url": "https://x.y/a.png"}, "description": "d" * length}
        return [{"type": 12, "items": [item]}]

    assert problems(described(1024), v2=True) == {}
    assert problems(described(1025), v2=True) == {"components.0.items.0.description": [MAX_LENGTH]}


def test_forty_components_are_counted_with_all_that_is_nested() -> None:
    """A section of one text counts three, a container one more than what is in it."""
    most = [
        container(*[section(text("t"), accessory=link())] * 12),
        text("t"),
        text("t"),
        text("t"),
    ]
    assert problems(most, v2=True) == {}
    wrong = problems([*most, text("t")], v2=True)
    assert wrong == {"components": ["COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"]}


def test_all_texts_together_have_4000_characters() -> None:
    nested = [text("t" * 2000), container(section(text("t" * 1999), accessory=link()), text("t"))]
    assert problems(nested, v2=True) == {}
    wrong = problems([*nested, text("t")], v2=True)
    assert wrong == {"components": ["COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"]}


def test_a_message_of_components_has_one() -> None:
    assert problems([], v2=True) == {"components": [REQUIRED]}


# What others read of them


def test_parts_without_an_id_are_numbered_around_those_that_have_one() -> None:
    parts = [container(text("a"), text("b") | {"id": 2}), text("c") | {"id": 1}, text("d")]
    components.number(parts)
    ids = [each["id"] for each in components.walk(parts)]
    assert ids == [3, 4, 2, 1, 5]


def test_a_section_is_walked_before_its_texts_and_its_button() -> None:
    parts = [section(text("a"), accessory=button()), {"type": 18, "component": {"type": 4}}, "?"]
    assert [each["type"] for each in components.walk(parts)] == [9, 10, 2, 18, 4]


def test_the_text_for_mentions_is_that_of_text_parts_only() -> None:
    parts = [container(text("<@1>"), row(button(label="<@2>"))), text("<@3>")]
    assert components.text_of(parts) == "<@1>\n<@3>"


def test_media_are_found_where_files_may_be_shown() -> None:
    thumbnail = {"type": 11, "media": {"url": "a"}}
    file = {"type": 13, "file": {"url": "b"}}
    shown = [thumbnail, file, gallery("c", "d"), text(), {"type": 12, "items": ["?", {}]}]
    urls = [[media["url"] for media in components.media_of(each)] for each in shown]
    assert urls == [["a"], ["b"], ["c", "d"], [], []]
