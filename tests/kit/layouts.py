"""Messages of the second generation of components, as the bot makes them."""

from __future__ import annotations

from discord import ui

from tests.kit.messages import Message, walk

_TEXT = 10


def parts(view: ui.LayoutView) -> list[Message]:
    """Every component, parents before children. Discord takes them: it takes 40, of 4,000
    characters together, and each custom id once, of 100 characters."""
    found = list(walk(view.to_components()))  # type: ignore[arg-type]
    ids = [each["custom_id"] for each in found if "custom_id" in each]
    assert len(found) <= 40
    assert len(text(found)) <= 4000
    assert len(set(ids)) == len(ids)
    assert all(len(each) <= 100 for each in ids)
    return found


def text(found: list[Message]) -> str:
    """All that is to be read in them."""
    return "\n".join(each["content"] for each in found if each["type"] == _TEXT)


def pressable(found: list[Message]) -> dict[str, Message]:
    """Buttons and menus by what their ids say after `easel:panel:`."""
    there = [each for each in found if "custom_id" in each]
    return {each["custom_id"].removeprefix("easel:panel:"): each for each in there}


def defaults(menu: Message) -> list[str]:
    """What is chosen in a menu."""
    if "options" in menu:
        return [each["value"] for each in menu["options"] if each.get("default")]
    return [str(each["id"]) for each in menu.get("default_values") or []]
