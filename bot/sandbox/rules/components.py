"""The rules for message components; `modals` has those for forms.

Knows shapes, counts and lengths; does not know which files a message has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.rules.errors import Problems

ROW, BUTTON, SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = PEOPLE_SELECTS = (5, 6, 7, 8)
SELECTS = (SELECT, *PEOPLE_SELECTS)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO, CHECKBOX_GROUP, CHECKBOX = 18, 19, 21, 22, 23
LINK, PREMIUM = 5, 6

_COUNTS = ("min_values", "max_values")
_DEFAULTS = {
    USER_SELECT: ("user",),
    ROLE_SELECT: ("role",),
    MENTIONABLE_SELECT: ("user", "role"),
    CHANNEL_SELECT: ("channel",),
}
_IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
_TOP_V2 = (*_IN_CONTAINER, CONTAINER)
_MAX_V2 = 40
_MAX_V2_TEXT = 4000

Component = dict[str, Any]


def walk(components: list[Component]) -> Iterator[Component]:
    """Every component, parents before children."""
    for component in components:
        if not isinstance(component, dict):
            continue
        yield component
        yield from walk(component.get("components") or [])
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                yield from walk([component[key]])


def number(components: list[Component]) -> None:
    """Give each component that has none an `id`, counted from 1."""
    taken = {each["id"] for each in walk(components) if each.get("id")}
    fresh = 0
    for component in walk(components):
        if not component.get("id"):
            fresh += 1
            while fresh in taken:
                fresh += 1
            taken.add(fresh)
            component["id"] = fresh


def text_of(components: list[Component]) -> str:
    """All TextDisplay text, where mentions may stand."""
    return "\n".join(
        str(each.get("content", "")) for each in walk(components) if each.get("type") == TEXT
    )


def media_of(component: Component) -> Iterator[dict[str, Any]]:
    """The media objects ({"url": …}) directly in a component."""
    for key in ("media", "file"):
        if isinstance(component.get(key), dict):
            yield component[key]
    for item in component.get("items") or []:
        if isinstance(item, dict) and isinstance(item.get("media"), dict):
            yield item["media"]


def check_message(components: object, v2: bool, problems: Problems) -> None:
    """Rules for the components of a message, legacy or V2."""
    if not isinstance(components, list):
        problems.add("components", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    if not v2 and len(components) > 5:
        problems.length("components", components, 0, 5)
    allowed = _TOP_V2 if v2 else (ROW,)
    for index, component in enumerate(components):
        _component(f"components.{index}", component, allowed, problems)
    _unique_custom_ids(components, problems)
    if v2:
        _v2_totals(components, problems)


def _v2_totals(components: list[Component], problems: Problems) -> None:
    if not components:
        problems.add("components", "BASE_TYPE_REQUIRED", "This field is required")
    count = sum(1 for _ in walk(components))
    if count > _MAX_V2:
        text = f"The total number of components cannot exceed {_MAX_V2}, but there are {count}."
        problems.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", text)
    texts = (each for each in walk(components) if each.get("type") == TEXT)
    total = sum(len(str(each.get("content", ""))) for each in texts)
    if total > _MAX_V2_TEXT:
        text = f"The text of all components must be {_MAX_V2_TEXT} or fewer in length."
        problems.add("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)


def _unique_custom_ids(components: list[Component], problems: Problems) -> None:
    seen: set[str] = set()
    for path, component in _paths(components, "components"):
        custom_id = component.get("custom_id")
        if custom_id is None:
            continue
        if custom_id in seen:
            text = "Component custom id cannot be duplicated"
            problems.add(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", text)
        seen.add(custom_id)


def _paths(components: list[Component], prefix: str) -> Iterator[tuple[str, Component]]:
    for index, component in enumerate(components):
        if not isinstance(component, dict):
            continue
        path = f"{prefix}.{index}"
        yield path, component
        yield from _paths(component.get("components") or [], f"{path}.components")
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                yield f"{path}.{key}", component[key]


def _component(path: str, it: object, allowed: tuple[int, ...], problems: Problems) -> None:
    if not problems.kind(path, it, allowed):
        return
    assert isinstance(it, dict)
    kind = it["type"]
    if kind == ROW:
        _row(path, it, problems)
    elif kind == BUTTON:
        _button(path, it, problems)
    elif kind in SELECTS:
        check_select(path, it, problems)
    elif kind == CONTAINER:
        _container(path, it, problems)
    elif kind == SECTION:
        _section(path, it, problems)
    else:
        _leaf(path, it, problems)


def _row(path: str, row: Component, problems: Problems) -> None:
    children = row.get("components")
    if not problems.length(f"{path}.components", children, 1, 5):
        return
    assert isinstance(children, list)
    for index, child in enumerate(children):
        _component(f"{path}.components.{index}", child, (BUTTON, *SELECTS), problems)
    kinds = [child.get("type") for child in children if isinstance(child, dict)]
    if len(kinds) > 1 and any(kind in SELECTS for kind in kinds):
        text = "The specified component exceeds the maximum width"
        problems.add(f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)


def _button(path: str, button: Component, problems: Problems) -> None:
    style = button.get("style")
    if not problems.choice(f"{path}.style", style, (1, 2, 3, 4, LINK, PREMIUM)):
        return
    if button.get("label"):
        problems.length(f"{path}.label", button["label"], 0, 80)
    if style == PREMIUM:
        said = [key for key in ("custom_id", "label", "url", "emoji") if button.get(key)]
        if said or not str(button.get("sku_id", "")).isdecimal():
            problems.add(path, "BUTTON_COMPONENT_INVALID", "A premium button has a sku_id only")
        return
    if button.get("sku_id"):
        text = "Only a premium button has a sku_id"
        problems.add(path, "BUTTON_COMPONENT_INVALID", text)
    if not button.get("label") and not button.get("emoji"):
        text = "A button must have a label or an emoji"
        problems.add(path, "BUTTON_COMPONENT_INVALID", text)
    if style == LINK:
        _link_button(path, button, problems)
        return
    problems.length(f"{path}.custom_id", button.get("custom_id"), 1, 100)
    if button.get("url"):
        text = "A url cannot be specified for a non-link button"
        problems.add(f"{path}.url", "COMPONENT_CUSTOM_ID_AND_URL", text)


def _link_button(path: str, button: Component, problems: Problems) -> None:
    if button.get("custom_id"):
        text = "A custom id and url cannot both be specified"
        problems.add(path, "COMPONENT_CUSTOM_ID_AND_URL", text)
    url = button.get("url")
    if problems.length(f"{path}.url", url, 1, 512):
        check_url(f"{path}.url", url, ("http", "https", "discord"), problems)


def check_url(path: str, url: object, schemes: tuple[str, ...], problems: Problems) -> None:
    """A url must begin with one of `schemes`."""
    if not str(url).startswith(tuple(f"{scheme}://" for scheme in schemes)):
        known = ", ".join(f"'{scheme}'" for scheme in schemes)
        text = f"Scheme {str(url).split(':', 1)[0]!r} is not supported. Must be one of ({known})."
        problems.add(path, "URL_TYPE_INVALID_SCHEME", text)


def check_select(path: str, select: Component, problems: Problems) -> None:
    """Rules for a select menu, in a message or a form."""
    problems.length(f"{path}.custom_id", select.get("custom_id"), 1, 100)
    if select.get("placeholder"):
        problems.length(f"{path}.placeholder", select["placeholder"], 0, 150)
    options = select.get("options")
    if select["type"] == SELECT:
        if problems.length(f"{path}.options", options, 1, 25):
            check_options(f"{path}.options", options or [], problems)
    elif options:
        problems.add(f"{path}.options", "BASE_TYPE_CHOICES", "This select has no options")
    check_counts(path, select, 25, problems)
    if select.get("default_values"):
        _defaults(f"{path}.default_values", select, problems)


def _defaults(path: str, select: Component, problems: Problems) -> None:
    """Rules for what is chosen in a menu of people, roles or channels before anybody chooses."""
    low, high = (1 if (given := select.get(key)) is None else given for key in _COUNTS)
    problems.length(path, select["default_values"], low, high)
    for index, each in enumerate(select["default_values"]):
        if each.get("type") not in _DEFAULTS.get(select["type"], ()):
            text = f"This menu takes no {each.get('type')}"
            problems.add(f"{path}.{index}.type", "BASE_TYPE_CHOICES", text)


def check_counts(path: str, it: Component, most: int, problems: Problems) -> None:
    """Rules for min_values and max_values, which are both 1 unless given."""
    low, high = (1 if it.get(key) is None else it[key] for key in ("min_values", "max_values"))
    good = problems.number(f"{path}.min_values", low, 0, most)
    good = problems.number(f"{path}.max_values", high, 1, most) and good
    if good and low > high:
        text = "min_values must be less than or equal to max_values"
        problems.add(f"{path}.min_values", "COMPONENT_MIN_VALUES_EXCEEDED", text)
    options = it.get("options")
    if good and options and high > len(options):
        text = f"max_values must not exceed the number of options ({len(options)})"
        problems.add(f"{path}.max_values", "COMPONENT_MAX_VALUES_EXCEEDED", text)


def check_options(path: str, options: list[Any], problems: Problems) -> None:
    """Rules for what can be chosen in a menu or a group."""
    values: set[str] = set()
    for index, option in enumerate(options):
        at = f"{path}.{index}"
        problems.length(f"{at}.label", option.get("label"), 1, 100)
        problems.length(f"{at}.value", option.get("value"), 1, 100)
        if option.get("description"):
            problems.length(f"{at}.description", option["description"], 0, 100)
        if option.get("value") in values:
            text = "The specified option value is already used"
            problems.add(f"{at}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
        values.add(option.get("value"))


def _container(path: str, container: Component, problems: Problems) -> None:
    children = container.get("components")
    if problems.length(f"{path}.components", children, 1, _MAX_V2):
        for index, child in enumerate(children or []):
            _component(f"{path}.components.{index}", child, _IN_CONTAINER, problems)
    if container.get("accent_color") is not None:
        problems.number(f"{path}.accent_color", container["accent_color"], 0, 0xFFFFFF)


def _section(path: str, section: Component, problems: Problems) -> None:
    children = section.get("components")
    if problems.length(f"{path}.components", children, 1, 3):
        for index, child in enumerate(children or []):
            _component(f"{path}.components.{index}", child, (TEXT,), problems)
    _component(f"{path}.accessory", section.get("accessory"), (BUTTON, THUMBNAIL), problems)


def _leaf(path: str, it: Component, problems: Problems) -> None:
    kind = it["type"]
    if kind == TEXT:
        problems.length(f"{path}.content", it.get("content"), 1, _MAX_V2_TEXT)
    elif kind == THUMBNAIL:
        _media(path, it, "media", problems)
    elif kind == FILE:
        _media(path, it, "file", problems)
    elif kind == SEPARATOR:
        problems.choice(f"{path}.spacing", it.get("spacing", 1), (1, 2))
    elif kind == GALLERY and problems.length(f"{path}.items", it.get("items"), 1, 10):
        for index, item in enumerate(it["items"]):
            _media(f"{path}.items.{index}", item, "media", problems)


def _media(path: str, it: Component, key: str, problems: Problems) -> None:
    media = it.get(key)
    url = media.get("url") if isinstance(media, dict) else None
    if problems.length(f"{path}.{key}.url", url, 1, 2048):
        schemes = ("attachment",) if key == "file" else ("http", "https", "attachment")
        check_url(f"{path}.{key}.url", url, schemes, problems)
    if it.get("description"):
        problems.length(f"{path}.description", it["description"], 0, 1024)
