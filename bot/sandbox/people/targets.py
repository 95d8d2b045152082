"""The components of a message, found by what a person sees of them.

Knows labels, emoji and ids; what pressing one does is not its business.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.rules import components
from bot.sandbox.rules.errors import Refused
from bot.sandbox.world.message import StoredMessage

Payload = dict[str, Any]


def component_of(found: StoredMessage, custom_id: str) -> Payload:
    """A component of a message. Raises Refused when it has none of that id."""
    for each in components.walk(found.components):
        if each.get("custom_id") == custom_id:
            return each
    raise Refused(f"the message has no component {custom_id!r}")


def button_of(found: StoredMessage, wanted: str) -> Payload:
    """A button by custom_id, label or emoji. Raises Refused when there is none to press."""
    buttons = [each for each in components.walk(found.components) if each["type"] == 2]
    for key in ("custom_id", "label"):
        for each in buttons:
            if each.get(key) == wanted:
                return _pressable(each)
    for each in buttons:
        if (each.get("emoji") or {}).get("name") == wanted:
            return _pressable(each)
    labels = [each.get("label") or (each.get("emoji") or {}).get("name") for each in buttons]
    raise Refused(
        f"the message has no button {wanted!r}; it has {', '.join(map(str, labels)) or 'none'}"
    )


def _pressable(button: Payload) -> Payload:
    if not button.get("custom_id"):
        raise Refused("that button sends nothing to the application")
    return button
