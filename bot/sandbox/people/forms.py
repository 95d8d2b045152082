"""What a person may put into a modal or a select, checked as the Discord client checks it.

Knows field shapes; sends nothing.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.people.options import Resolved
from bot.sandbox.rules import components
from bot.sandbox.rules.errors import Refused

Payload = dict[str, Any]


class ModalForm:
    """Fills in one modal; Refused says what the client would complain about."""

    def __init__(self, resolved: Resolved, attachments: dict[str, Payload]) -> None:
        self.resolved = resolved
        self._attachments = attachments

    def fill(self, modal: Payload, values: Payload) -> list[Payload]:
        """The components of the submit, from values by custom_id."""
        fields = {
            each["custom_id"]
            for each in components.walk(modal["components"])
            if each.get("custom_id")
        }
        unknown = sorted(set(values) - fields)
        if unknown:
            raise Refused(
                f"the form has no field {unknown[0]!r}; it has {', '.join(sorted(fields))}"
            )
        return [self._part(part, values) for part in modal["components"]]

    def _part(self, part: Payload, values: Payload) -> Payload:
        shape: Payload = {"type": part["type"], "id": part["id"]}
        if part["type"] == components.ROW:
            inner = part["components"][0]
            return shape | {"components": [self._field(inner, inner.get("label", ""), values)]}
        if part["type"] == components.LABEL:
            field = self._field(part["component"], part["label"], values)
            return shape | {"component": field}
        return shape

    def _field(self, field: Payload, label: str, values: Payload) -> Payload:
        kind, custom_id = field["type"], field["custom_id"]
        shape: Payload = {"type": kind, "id": field["id"], "custom_id": custom_id}
        value = values.get(custom_id)
        if kind == components.TEXT_INPUT:
            return shape | {"value": _text(field, label, value)}
        if kind == components.CHECKBOX:
            chosen = field.get("default", False) if value is None else value
            return shape | {"value": bool(chosen)}
        if kind == components.RADIO:
            return shape | {"value": _radio(field, label, value)}
        return shape | {"values": self.choose(field, label, value)}

    def choose(self, field: Payload, label: str, value: object) -> list[str]:
        """The values of a select, checkbox group or file field."""
        chosen = _listed(value)
        if value is None:
            chosen = [each["value"] for each in field.get("options") or [] if each.get("default")]
        low, high = (1 if field.get(k) is None else field[k] for k in ("min_values", "max_values"))
        if not chosen and field.get("required") is False:
            return []
        if not low <= len(chosen) <= high:
            count = str(low) if low == high else f"{low} to {high}"
            raise Refused(f"{label}: choose {count}")
        if len(set(chosen)) < len(chosen):
            raise Refused(f"{label}: choose each only once")
        options = [each["value"] for each in field.get("options") or []]
        for each in chosen:
            if options and each not in options:
                raise Refused(f"{label}: {each!r} is not one of {', '.join(options)}")
            self._resolve(field, label, each)
        return chosen

    def _resolve(self, field: Payload, label: str, key: str) -> None:
        kind = field["type"]
        try:
            if kind == components.USER_SELECT:
                self.resolved.user(key)
            elif kind == components.ROLE_SELECT:
                self.resolved.role(key)
            elif kind == components.MENTIONABLE_SELECT:
                self._person_or_role(key)
            elif kind == components.CHANNEL_SELECT:
                self._channel(field, label, key)
            elif kind == components.FILE_UPLOAD:
                self.resolved.attachment(self._attachments[key])
        except KeyError:
            raise Refused(f"{label}: there is no {key}") from None

    def _person_or_role(self, key: str) -> None:
        try:
            self.resolved.user(key)
        except KeyError:
            self.resolved.role(key)

    def _channel(self, field: Payload, label: str, key: str) -> None:
        self.resolved.channel(key)
        types = field.get("channel_types")
        if types and self.resolved.data["channels"][key]["type"] not in types:
            raise Refused(f"{label}: a channel of that kind cannot be chosen")


def _listed(value: object) -> list[str]:
    if value is None or value == "":
        return []
    items = value if isinstance(value, (list, tuple)) else [value]
    return [
        str(each["id"] if isinstance(each, dict) else getattr(each, "id", each)) for each in items
    ]


def _text(field: Payload, label: str, value: object) -> str:
    text = str(field.get("value") or "") if value is None else str(value)
    low, high = field.get("min_length") or 0, field.get("max_length") or 4000
    if not text and field.get("required", True):
        raise Refused(f"{label}: this field is required")
    if text and len(text) < low:
        raise Refused(f"{label}: must be at least {low} characters long")
    if len(text) > high:
        raise Refused(f"{label}: must be at most {high} characters long")
    return text


def _radio(field: Payload, label: str, value: object) -> str | None:
    options = [each["value"] for each in field["options"]]
    if value is None:
        chosen = next((each["value"] for each in field["options"] if each.get("default")), None)
    else:
        chosen = str(value)
    if chosen is None and field.get("required", True):
        raise Refused(f"{label}: choose one")
    if chosen is not None and chosen not in options:
        raise Refused(f"{label}: {chosen!r} is not one of {', '.join(options)}")
    return chosen
