"""What stands in a panel: ids, menus, and texts that Discord takes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat.admin import items
from bot.chat.admin.items import Option, PanelItem, Spot
from bot.chat.admin.page import Press
from bot.chat.buttons import JobButton
from bot.chat.panel import SettingButton, SettingMenu
from bot.domain.errors import UserError
from tests.kit.app import ADMIN_ASKS
from tests.kit.values import GUILD

PATTERN = PanelItem.__discord_ui_compiled_template__
OTHERS = [kind.__discord_ui_compiled_template__ for kind in (JobButton, SettingButton, SettingMenu)]


def shown(item: Any) -> dict[str, Any]:
    return item.to_component_dict()


@pytest.mark.parametrize("name", ["", "Gold", "a:b", "🎟️ " * 10, "x" * 32, "|.*$^"])
def test_an_id_says_where_it_stands(name: str) -> None:
    custom_id = str(Spot("plans", "terms", name))
    assert len(custom_id) <= 100
    found = PATTERN.fullmatch(custom_id)
    assert found is not None
    assert (found["page"], found["deed"], found["argument"] or "") == ("plans", "terms", name)
    assert not [each for each in OTHERS if each.fullmatch(custom_id)]


@pytest.mark.parametrize("custom_id", ["easel:panel", "easel:set:user:x", "easel:form:panel:a"])
def test_ids_of_others_are_not_its_own(custom_id: str) -> None:
    assert PATTERN.fullmatch(custom_id) is None


def test_a_menu_of_one_wants_one_and_of_several_may_be_empty() -> None:
    options = [Option(str(number), "l" * 200, "a" * 200, number == 3) for number in range(30)]
    one = shown(items.menu(Spot("plans", "pick"), "Which", options))
    assert (one["min_values"], one["max_values"], len(one["options"])) == (1, 1, 25)
    assert {len(each["label"]) for each in one["options"]} == {100}
    assert {len(each["description"]) for each in one["options"]} == {100}
    assert [each["value"] for each in one["options"] if each.get("default")] == ["3"]
    several = shown(items.menu(Spot("plans", "models"), "Which", options[:2], most=25))
    assert (several["min_values"], several["max_values"]) == (0, 2)


@pytest.mark.parametrize(
    ("menu", "kind", "of"),
    [(items.channel_menu, 8, "channel"), (items.role_menu, 6, "role"),
     (items.people_menu, 5, "user")],
)  # fmt: skip
def test_menus_of_what_discord_knows(menu: Any, kind: int, of: str) -> None:
    made = shown(menu(Spot("places", "some"), "All", range(100, 130)))
    assert (made["type"], made["min_values"], made["max_values"]) == (kind, 0, 25)
    assert [int(each["id"]) for each in made["default_values"]] == [*range(100, 125)]
    assert {each["type"] for each in made["default_values"]} == {of}


@pytest.mark.parametrize(("count", "more"), [(0, ""), (1, ""), (25, ""), (26, " and 1 more")])
def test_as_many_are_named_as_a_menu_holds(count: int, more: str) -> None:
    said = items.mentions("#", range(count))
    assert said.count("<#") == min(count, 25)
    assert said.endswith(f">{more}" if count else "")


def test_a_long_line_keeps_its_bars() -> None:
    assert items.clipped("short ||words||", 20) == "short ||words||"
    line = f"said ||{'word, ' * 40}||"
    assert len(items.clipped(line, 100)) <= 100
    assert items.clipped(line, 100).endswith("|| …")
    assert items.clipped("word " * 40, 50).endswith("word …")


def test_lines_that_are_empty_take_no_room() -> None:
    assert shown(items.text("a", "", "b"))["content"] == "a\nb"
    assert shown(items.text(*["x" * 99] * 100))["content"].endswith("x\n…")
    assert len(shown(items.text(*["x" * 99] * 100))["content"]) <= 4000


def test_ids_are_numbers() -> None:
    assert items.ids(["1", "x", "-2", "30"]) == [1, 30]


def press(**fields: str) -> Press:
    return Press(ADMIN_ASKS, GUILD, fields={name: (said,) for name, said in fields.items()})


def test_numbers_of_a_form() -> None:
    for said in (
        " 1,000 ",
        "1.000",
        "1 000",
        "1\u202f000",
        "1’000",
        "1000",
        "１０００",
        "１，０００",
    ):
        assert press(n=said).number("n", "Grids", 0, 1000) == 1000
    assert press(n=" ").number("n", "Grids", 0, 9) is None
    assert press().number("n", "Grids", 0, 9) is None
    for said in ("10", "-1", "1.5", "1,5", "0,00", "²", "ten", "1e2", "٣"):
        with pytest.raises(UserError, match="Grids: give a whole number from 0 to 9, or nothing"):
            press(n=said).number("n", "Grids", 0, 9)
