"""What may be registered as a command: Discord's limits, both sides of each."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.rules import commands
from bot.sandbox.rules.errors import ApiError
from tests.kit.components import Json, command, option
from tests.kit.refusals import Paths, refusal

BAD_LENGTH, MAX_LENGTH = "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_MAX_LENGTH"
REQUIRED, CHOICES, RANGE = "BASE_TYPE_REQUIRED", "BASE_TYPE_CHOICES", "NUMBER_TYPE_RANGE"
NAME, KIND = "APPLICATION_COMMAND_INVALID_NAME", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"


def problems(**change: Any) -> Paths:
    return refusal(lambda: commands.check_one(command(**change)))


def of_option(**change: Any) -> Paths:
    found = problems(options=[option(**change)])
    return {
        path.removeprefix("options.0").removeprefix("."): codes for path, codes in found.items()
    }


def named(count: int, prefix: str = "o") -> list[Json]:
    return [option(name=f"{prefix}{number}") for number in range(count)]


@pytest.mark.parametrize(
    "name", ["a", "n" * 32, "re-roll", "re_roll", "d'accord", "ß", "рисуй", "描画"]
)
def test_names_may_be_of_any_script_in_lower_case(name: str) -> None:
    assert problems(name=name) == {}
    assert of_option(name=name) == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Imagine", NAME),
        ("two words", NAME),
        ("imagine\n", NAME),
        ("/imagine", NAME),
        ("pay$", NAME),
        ("n" * 33, BAD_LENGTH),
        ("", BAD_LENGTH),
        (None, REQUIRED),
        (7, REQUIRED),
    ],
)
def test_names_that_are_none(name: object, code: str) -> None:
    assert problems(name=name) == {"name": [code]}
    assert of_option(name=name) == {"name": [code]}


@pytest.mark.parametrize("length", [1, 100])
def test_a_description_has_up_to_100_characters(length: int) -> None:
    assert problems(description="d" * length) == of_option(description="d" * length) == {}


@pytest.mark.parametrize(
    ("text", "code"), [("", BAD_LENGTH), ("d" * 101, BAD_LENGTH), (None, REQUIRED)]
)
def test_a_description_is_neither_empty_nor_longer(text: str | None, code: str) -> None:
    wrong = {"description": [code]}
    assert problems(description=text) == of_option(description=text) == wrong


def test_a_command_has_25_options_of_eleven_kinds() -> None:
    assert problems(options=named(25)) == {}
    assert problems(options=named(26)) == {"options": [MAX_LENGTH]}
    for kind in range(3, 12):
        assert of_option(type=kind) == {}
    for kind in (0, 12, None, "3", True):
        assert of_option(type=kind) == {"type": [CHOICES]}


def test_what_is_required_comes_first_and_no_name_twice() -> None:
    first = [option(required=True), option(name="seed", required=False)]
    assert problems(options=first) == {}
    wrong = problems(options=first[::-1])
    assert wrong == {"options.1": ["APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"]}
    wrong = problems(options=[first[1], first[0], option(name="size", required=True)])
    assert set(wrong) == {"options.1", "options.2"}
    twice = problems(options=[option(), option()])
    assert twice == {"options.1.name": ["APPLICATION_COMMAND_OPTIONS_NAME_INVALID"]}


# Choices


def choices(count: int, **change: Any) -> list[Json]:
    return [{"name": f"c{number}", "value": f"{number}"} | change for number in range(count)]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"choices": choices(25)}, {}),
        ({"choices": choices(26)}, {"choices": [MAX_LENGTH]}),
        ({"choices": choices(1, name="n" * 100, value="v" * 100)}, {}),
        ({"choices": choices(1, name="n" * 101)}, {"choices.0.name": [BAD_LENGTH]}),
        ({"choices": choices(1, name="")}, {"choices.0.name": [BAD_LENGTH]}),
        ({"choices": choices(1, value="v" * 101)}, {"choices.0.value": [MAX_LENGTH]}),
        ({"choices": choices(1, value=5)}, {"choices.0.value": [REQUIRED]}),
        ({"choices": choices(1, value=5), "type": 4}, {}),
        ({"choices": choices(1, value=-0.5), "type": 10}, {}),
        ({"choices": choices(1), "type": 4}, {"choices.0.value": ["NUMBER_TYPE_COERCE"]}),
        (
            {"choices": choices(1, value=1.5), "type": 4},
            {"choices.0.value": ["NUMBER_TYPE_COERCE"]},
        ),
        (
            {"choices": choices(1, value=True), "type": 10},
            {"choices.0.value": ["NUMBER_TYPE_COERCE"]},
        ),
    ],
)
def test_choices(change: Json, wrong: Paths) -> None:
    assert of_option(**change) == wrong


def test_choices_go_with_texts_and_numbers_and_without_autocomplete() -> None:
    wrong = {"choices": ["APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID"]}
    assert of_option(choices=choices(1), autocomplete=True) == wrong
    for kind in (5, 6, 7, 8, 9, 11):
        assert of_option(choices=choices(1, value=1), type=kind).items() >= wrong.items()
    assert of_option(autocomplete=True) == of_option(choices=[], autocomplete=True) == {}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"min_length": 0, "max_length": 6000}, {}),
        ({"min_length": 6000, "max_length": 1}, {}),
        ({"min_length": -1}, {"min_length": [RANGE]}),
        ({"min_length": 6001}, {"min_length": [RANGE]}),
        ({"max_length": 0}, {"max_length": [RANGE]}),
        ({"max_length": 6001}, {"max_length": [RANGE]}),
        ({"max_length": "9"}, {"max_length": [RANGE]}),
        ({"max_length": 0, "type": 4}, {}),
    ],
)
def test_lengths_of_a_text(change: Json, wrong: Paths) -> None:
    assert of_option(**change) == wrong


# Subcommands


def sub(*options: Json, **change: Any) -> Json:
    return {"name": "set", "description": "Set", "type": 1, "options": list(options)} | change


def group(*options: Json, **change: Any) -> Json:
    return {"name": "quota", "description": "Quota", "type": 2, "options": list(options)} | change


@pytest.mark.parametrize(
    "options",
    [
        [sub(), sub(name="show")],
        [sub(option()), group(sub(option()))],
        [group(*(sub(name=f"s{number}") for number in range(25)))],
    ],
)
def test_a_command_has_subcommands_and_groups_of_them(options: list[Json]) -> None:
    assert problems(options=options) == {}


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ([sub(), option()], "options"),
        ([option(), group()], "options"),
        ([sub(sub())], "options.0.options"),
        ([sub(group(sub()))], "options.0.options"),
        ([group(group(sub()))], "options.0.options"),
        ([group(option())], "options.0.options"),
        ([group(sub(sub()))], "options.0.options.0.options"),
    ],
)
def test_values_and_subcommands_do_not_mix_and_nest_twice_at_most(
    options: list[Json], path: str
) -> None:
    assert problems(options=options) == {path: [KIND]}


def test_problems_deep_in_a_subcommand_have_its_path() -> None:
    wrong = problems(options=[group(sub(option(name="Bad Name")))])
    assert wrong == {"options.0.options.0.options.0.name": [NAME]}
    many = problems(options=[group(*(sub(name=f"s{number}") for number in range(26)))])
    assert many == {"options.0.options": [MAX_LENGTH]}


# The whole


def of_size(total: int) -> Json:
    """A command whose names, descriptions and values have so many characters together."""
    rest, options = total - len("imagineDraw"), []
    while rest:
        here = min(rest - len("o1d"), 25 * 200)
        lengths = [200] * (here // 200) + ([here % 200] if here % 200 else [])
        texts = [("n" * min(each, 100), "v" * max(each - 100, 0)) for each in lengths]
        filled = [{"name": name, "value": value} for name, value in texts]
        options.append(option(name=f"o{len(options)}", description="d", choices=filled))
        rest -= len("o1d") + here
    return command(options=options)


def test_names_descriptions_and_values_come_to_8000_characters() -> None:
    assert problems(**of_size(8000)) == {}
    wrong = refusal(lambda: commands.check_list([of_size(8001)]))
    assert wrong == {"0": ["APPLICATION_COMMAND_TOO_LARGE"]}


@pytest.mark.parametrize("kind", [2, 3])
def test_a_context_menu_is_a_name_and_nothing_else(kind: int) -> None:
    menu = {"type": kind, "name": "Cancel Job"}
    assert refusal(lambda: commands.check_one(menu)) == {}
    assert refusal(lambda: commands.check_one(menu | {"name": "n" * 32})) == {}
    assert refusal(lambda: commands.check_one(menu | {"name": "n" * 33})) == {"name": [BAD_LENGTH]}
    for extra in ({"description": "d"}, {"options": [option()]}):
        wrong = refusal(lambda extra=extra: commands.check_one(menu | extra))
        assert wrong == {"description": ["APPLICATION_COMMAND_INVALID"]}


def test_a_command_is_of_one_of_three_kinds() -> None:
    assert problems(type=4) == problems(type=0) == {"type": [CHOICES]}


# Lists of commands


@pytest.mark.parametrize(("kind", "most"), [(1, 100), (2, 15), (3, 15)])
def test_there_is_a_number_of_commands_of_each_kind(kind: int, most: int) -> None:
    described = {"description": "d"} if kind == 1 else {}
    each = [{"type": kind, "name": f"c{number}"} | described for number in range(most + 1)]
    assert commands.check_list(each[:most]) == each[:most]
    with pytest.raises(ApiError) as caught:
        commands.check_list(each)
    assert (caught.value.status, caught.value.code) == (400, 30032)


def test_a_name_stands_once_for_each_kind() -> None:
    both = [command(), {"type": 3, "name": "imagine"}]
    assert commands.check_list(both) == both
    wrong = refusal(lambda: commands.check_list([*both, command(description="Again")]))
    assert wrong == {"2.name": ["APPLICATION_COMMANDS_DUPLICATE_NAME"]}


def test_what_is_no_list_is_refused_as_a_whole() -> None:
    assert refusal(lambda: commands.check_list({"name": "x"})) == {"": ["LIST_TYPE_CONVERT"]}


# What is kept


def test_a_command_is_kept_with_the_defaults_of_discord() -> None:
    assert commands.registered(command(), None) == {
        "type": 1,
        "name": "imagine",
        "description": "Draw",
        "default_member_permissions": None,
        "integration_types": [0],
        "contexts": None,
        "nsfw": False,
    }


@pytest.mark.parametrize(
    ("given", "guild_id", "kept"),
    [
        ({"default_member_permissions": 32}, None, {"default_member_permissions": "32"}),
        ({"default_member_permissions": "0"}, None, {"default_member_permissions": "0"}),
        ({"dm_permission": False}, None, {"contexts": [0]}),
        ({"dm_permission": True}, None, {"contexts": None}),
        ({"dm_permission": False, "contexts": [0, 1]}, None, {"contexts": [0, 1]}),
        ({"dm_permission": False}, "7", {"contexts": None, "guild_id": "7"}),
        ({"integration_types": [0, 1]}, None, {"integration_types": [0, 1]}),
        ({"name_localizations": {"de": "male"}}, None, {"name_localizations": {"de": "male"}}),
        ({"nsfw": True}, None, {"nsfw": True}),
    ],
)
def test_what_is_given_is_kept_as_discord_writes_it(
    given: Json, guild_id: str | None, kept: Json
) -> None:
    shape = commands.registered(command(**given), guild_id)
    assert shape.items() >= kept.items()
    assert "dm_permission" not in shape
