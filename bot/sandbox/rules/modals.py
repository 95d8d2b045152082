"""The rules for modals, the forms an application opens.

Knows shapes, counts and lengths; does not know what a person may type (people/forms does).
"""

from __future__ import annotations

from bot.sandbox.rules.components import (
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    RADIO,
    ROW,
    SELECTS,
    TEXT,
    TEXT_INPUT,
    Component,
    check_counts,
    check_options,
    check_select,
    number,
    walk,
)
from bot.sandbox.rules.errors import Problems

_IN_LABEL = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO, CHECKBOX_GROUP, CHECKBOX)
_MOST_TEXT = 4000


def accept(modal: Component) -> None:
    """Check the data of a modal callback and number its parts. Raises ApiError 50035."""
    problems = Problems()
    check_modal(modal, problems)
    problems.finish()
    number(modal["components"])


def check_modal(modal: Component, problems: Problems) -> None:
    """Rules for the data of a modal callback."""
    problems.length("data.title", modal.get("title"), 1, 45)
    problems.length("data.custom_id", modal.get("custom_id"), 1, 100)
    children = modal.get("components")
    if not problems.length("data.components", children, 1, 5):
        return
    assert isinstance(children, list)
    for index, child in enumerate(children):
        _modal_part(f"data.components.{index}", child, problems)
    seen: set[str] = set()
    for component in walk(children):
        custom_id = component.get("custom_id")
        if custom_id is None:
            continue
        if custom_id in seen:
            text = "Component custom id cannot be duplicated"
            problems.add("data.components", "COMPONENT_CUSTOM_ID_DUPLICATED", text)
        seen.add(custom_id)


def _modal_part(path: str, part: object, problems: Problems) -> None:
    if not problems.kind(path, part, (ROW, TEXT, LABEL)):
        return
    assert isinstance(part, dict)
    kind = part["type"]
    if kind == TEXT:
        problems.length(f"{path}.content", part.get("content"), 1, _MOST_TEXT)
    elif kind == ROW:
        if problems.length(f"{path}.components", part.get("components"), 1, 1):
            child = part["components"][0]
            problems.length(f"{path}.components.0.label", child.get("label"), 1, 45)
            _modal_field(f"{path}.components.0", child, (TEXT_INPUT,), problems)
    else:
        problems.length(f"{path}.label", part.get("label"), 1, 45)
        if part.get("description"):
            problems.length(f"{path}.description", part["description"], 0, 100)
        _modal_field(f"{path}.component", part.get("component"), _IN_LABEL, problems)


def _modal_field(path: str, it: object, allowed: tuple[int, ...], problems: Problems) -> None:
    if not problems.kind(path, it, allowed):
        return
    assert isinstance(it, dict)
    kind = it["type"]
    _required(path, it, problems)
    if kind in SELECTS:
        check_select(path, it, problems)
        return
    problems.length(f"{path}.custom_id", it.get("custom_id"), 1, 100)
    if kind == TEXT_INPUT:
        _text_input(path, it, problems)
    elif kind in (RADIO, CHECKBOX_GROUP):
        fewest = 2 if kind == RADIO else 1
        if problems.length(f"{path}.options", it.get("options"), fewest, 10):
            check_options(f"{path}.options", it["options"], problems)
    if kind in (FILE_UPLOAD, CHECKBOX_GROUP):
        check_counts(path, it, 10, problems)


def _required(path: str, it: Component, problems: Problems) -> None:
    """What must be filled in cannot be satisfied with nothing."""
    if it.get("min_values") == 0 and it.get("required") is not False:
        text = "int value should be greater than or equal to 1."
        problems.add(f"{path}.min_values", "NUMBER_TYPE_MIN", text)


def _text_input(path: str, it: Component, problems: Problems) -> None:
    problems.choice(f"{path}.style", it.get("style"), (1, 2))
    for key, most in (("placeholder", 100), ("value", 4000)):
        if it.get(key):
            problems.length(f"{path}.{key}", it[key], 0, most)
    low, high = it.get("min_length"), it.get("max_length")
    if low is not None:
        problems.number(f"{path}.min_length", low, 0, 4000)
    if high is not None:
        problems.number(f"{path}.max_length", high, 1, 4000)
