"""Whether what was filled into a command fits it: Discord checks that by the command as somebody's
client knows it, which for hours may be that of before an update.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from discord import AppCommandOptionType as Kind
from discord import app_commands
from discord.app_commands.transformers import CommandParameter

_PYTHON: Mapping[Kind, tuple[type, ...]] = {
    Kind.string: (str,), Kind.integer: (int,), Kind.boolean: (bool,), Kind.number: (int, float),
}  # fmt: skip
_RESOLVED: Mapping[Kind, tuple[str, ...]] = {
    Kind.user: ("users",), Kind.role: ("roles",), Kind.channel: ("channels",),
    Kind.attachment: ("attachments",), Kind.mentionable: ("users", "roles"),
}  # fmt: skip
_FILE = {"url": str, "filename": str, "size": int}
"""What is looked at of a file."""
_WHOLE = 2**53
"""Discord's own bound of whole numbers: those beyond it are not exact in JavaScript."""


class Garbled(app_commands.AppCommandError):
    """What was sent for a command is not of the shape of one."""


def require_fit(
    command: app_commands.Command[Any, ..., Any], options: Any, resolved: Any
) -> None:  # fmt: skip
    """Raises Garbled for what the command does not take, or not so."""
    known = {each.display_name: each for each in command._params.values()}
    for option in options:
        rule = known.get(option["name"])
        if rule is None or option["type"] != rule.type.value:
            raise Garbled(f"{command.qualified_name} has no such option: {option['name']!r}")
        if not _fits(rule, option["value"], resolved):
            raise Garbled(f"{command.qualified_name}: this is no {rule.display_name}")


def _fits(rule: CommandParameter, value: Any, resolved: Any) -> bool:
    if (tables := _RESOLVED.get(rule.type)) is not None:
        if not isinstance(value, str):
            return False
        found = [(resolved.get(table) or {}).get(value) for table in tables]
        return any(map(_is_file if rule.type is Kind.attachment else bool, found))
    if not isinstance(value, _PYTHON[rule.type]):
        return False
    if rule.type is not Kind.boolean and isinstance(value, bool):
        return False
    if rule.type is Kind.integer and abs(value) > _WHOLE:
        return False
    if rule.choices and not any(each.value == value for each in rule.choices):
        return False
    return _is_within(rule, value)


def _is_file(file: Any) -> bool:
    return bool(file) and all(isinstance(file.get(name), kind) for name, kind in _FILE.items())


def _is_within(rule: CommandParameter, value: Any) -> bool:
    if rule.type is Kind.boolean:
        return True
    much = len(value) if isinstance(value, str) else value
    least = rule.min_value is None or much >= rule.min_value
    return least and (rule.max_value is None or much <= rule.max_value)
