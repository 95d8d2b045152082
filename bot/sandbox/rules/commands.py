"""The rules for registering application commands.

Knows one command and one list of commands; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.rules import localisation
from bot.sandbox.rules.errors import ApiError, Problems

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
_MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
_KINDS = {CHAT_INPUT: "chat input", USER: "user", MESSAGE: "message"}

_KEPT = (
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "contexts",
    "integration_types",
    "nsfw",
)

Command = dict[str, Any]


def check_list(commands: object) -> list[Command]:
    """Check the body of a bulk overwrite. Raises ApiError 50035 or 30032."""
    problems = Problems()
    if not isinstance(commands, list):
        problems.add("_", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        raise ApiError(50035, errors=problems.tree["_"])
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        _command(f"{index}", command, problems)
        key = (command.get("type", CHAT_INPUT), str(command.get("name")))
        if key in seen:
            text = "Application command names must be unique"
            problems.add(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        seen.add(key)
    problems.finish()
    for kind in _KINDS:
        alike = {n: each for n, each in enumerate(commands) if each.get("type", 1) == kind}
        _unique("", alike, "APPLICATION_COMMANDS_DUPLICATE_NAME", problems)
    problems.finish()
    check_counts(commands)
    return commands


def registered(body: Command, guild_id: str | None) -> Command:
    """A command as it is kept, with defaults filled in; id and version are still to come."""
    needed = body.get("default_member_permissions")
    shape: Command = {
        "type": body.get("type", CHAT_INPUT),
        "name": body["name"],
        "description": "",
        "default_member_permissions": None if needed is None else str(needed),
        "integration_types": [0],
        "contexts": None,
        "nsfw": False,
    }
    shape |= {key: body[key] for key in _KEPT if body.get(key) is not None}
    if guild_id is not None:
        shape["guild_id"] = guild_id
    elif body.get("dm_permission") is False and shape["contexts"] is None:
        shape["contexts"] = [0]
    return shape


def check_counts(commands: list[Command]) -> None:
    """Raise ApiError 30032 when there are too many commands of a kind."""
    for kind, most in _MOST.items():
        if sum(each.get("type", CHAT_INPUT) == kind for each in commands) > most:
            raise ApiError(30032)


def check_one(command: Command) -> None:
    """Check the body of a single create or edit. Raises ApiError 50035."""
    inner = Problems()
    _command("_", command, inner)
    if inner.tree:
        raise ApiError(50035, errors=inner.tree["_"])


def _command(path: str, command: Command, problems: Problems) -> None:
    kind = command.get("type", CHAT_INPUT)
    if not problems.choice(f"{path}.type", kind, (CHAT_INPUT, USER, MESSAGE)):
        return
    name = command.get("name")
    if kind != CHAT_INPUT:
        problems.length(f"{path}.name", name, 1, 32)
        localisation.check(path, command, problems, plain=False)
        if command.get("description") or command.get("options"):
            text = f"{_KINDS[kind].capitalize()} commands have no description and no options"
            problems.add(f"{path}.description", "APPLICATION_COMMAND_INVALID", text)
        return
    _named(path, command, problems)
    _options(f"{path}.options", command.get("options") or [], None, problems)
    if _size(command) > 8000:
        text = "Command exceeds maximum size (8000)"
        problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", text)


def _named(path: str, it: Command, problems: Problems) -> None:
    name = it.get("name")
    if problems.length(f"{path}.name", name, 1, 32) and not localisation.is_name(name):
        text = "String value did not match validation regex."
        problems.add(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", text)
    problems.length(f"{path}.description", it.get("description"), 1, 100)
    localisation.check(path, it, problems, plain=True)


def _options(path: str, options: list[Command], inside: int | None, problems: Problems) -> None:
    """What stands in a subcommand or group, by `inside`, or in the command itself."""
    problems.length(path, options, 0, 25)
    if not _fits(options, inside):
        text = "Sub-command and sub-command group option types are mutually exclusive to others"
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
    _order(path, options, problems)
    for index, option in enumerate(options):
        at = f"{path}.{index}"
        _named(at, option, problems)
        if not problems.choice(f"{at}.type", option.get("type"), tuple(range(1, 12))):
            continue
        if option["type"] not in (SUBCOMMAND, GROUP):
            _value_option(at, option, problems)
            continue
        _options(f"{at}.options", option.get("options") or [], option["type"], problems)


def _fits(options: list[Command], inside: int | None) -> bool:
    """A group has subcommands, a subcommand has values, a command the one or the other."""
    nested = [each.get("type") in (SUBCOMMAND, GROUP) for each in options]
    if inside is None:
        return all(nested) or not any(nested)
    if inside == GROUP:
        return all(each.get("type") == SUBCOMMAND for each in options)
    return not any(nested)


def _order(path: str, options: list[Command], problems: Problems) -> None:
    """Every name once, and what is required first."""
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        at = f"{path}.{index}"
        if option.get("name") in names:
            text = "Option name must be unique"
            problems.add(f"{at}.name", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", text)
        names.add(str(option.get("name")))
        if option.get("type") in (SUBCOMMAND, GROUP):
            continue
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            problems.add(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen = optional_seen or not option.get("required")
    code = "APPLICATION_COMMAND_OPTIONS_NAME_INVALID"
    _unique(f"{path}.", dict(enumerate(options)), code, problems)


def _unique(path: str, alike: Mapping[int, Command], code: str, problems: Problems) -> None:
    """In each language every name once."""
    named = {index: localisation.names(each) for index, each in alike.items()}
    for locale in sorted({locale for names in named.values() for locale in names}):
        seen: set[str] = set()
        for index, names in named.items():
            name = names.get(locale) or names[localisation.DEFAULT]
            if name in seen and locale != localisation.DEFAULT:
                text = f"Names must be unique in {locale}"
                problems.add(f"{path}{index}.name_localizations.{locale}", code, text)
            seen.add(name)


def _value_option(at: str, option: Command, problems: Problems) -> None:
    kind = option["type"]
    choices = option.get("choices") or []
    problems.length(f"{at}.choices", choices, 0, 25)
    if choices and (option.get("autocomplete") or kind not in (STRING, INTEGER, NUMBER)):
        text = "Choices exclude autocomplete and need a string, integer or number option"
        problems.add(f"{at}.choices", "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", text)
    for index, choice in enumerate(choices):
        place = f"{at}.choices.{index}"
        problems.length(f"{place}.name", choice.get("name"), 1, 100)
        names = choice.get("name_localizations")
        localisation.check_texts(f"{place}.name_localizations", names, problems)
        if kind == STRING:
            problems.length(f"{at}.choices.{index}.value", choice.get("value"), 0, 100)
        elif not _is_number(choice.get("value"), whole=kind == INTEGER):
            text = f"Value {choice.get('value')!r} is no number of this kind."
            problems.add(f"{at}.choices.{index}.value", "NUMBER_TYPE_COERCE", text)
    if kind == STRING:
        if option.get("min_length") is not None:
            problems.number(f"{at}.min_length", option["min_length"], 0, 6000)
        if option.get("max_length") is not None:
            problems.number(f"{at}.max_length", option["max_length"], 1, 6000)


def _is_number(value: object, *, whole: bool) -> bool:
    kinds = int if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool)


def _size(it: Command) -> int:
    """Of texts in several languages the longest counts."""
    total = localisation.longest(it, "name") + localisation.longest(it, "description")
    for choice in it.get("choices") or []:
        total += localisation.longest(choice, "name") + len(str(choice.get("value", "")))
    return total + sum(_size(option) for option in it.get("options") or [])
