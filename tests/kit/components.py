"""Components, forms and commands as an application sends them; `change` replaces what matters."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

V2 = 1 << 15
"""The flag IS_COMPONENTS_V2."""


def button(**change: Any) -> Json:
    return {"type": 2, "style": 1, "label": "V1", "custom_id": "v:1"} | change


def link(**change: Any) -> Json:
    return {"type": 2, "style": 5, "label": "Open", "url": "https://example.org"} | change


def buttons(count: int, prefix: str = "b") -> list[Json]:
    return [button(custom_id=f"{prefix}:{number}") for number in range(count)]


def choices(count: int) -> list[Json]:
    """Options of a menu or a group, `0` to `count - 1`."""
    return [{"label": f"Choice {number}", "value": str(number)} for number in range(count)]


def menu(**change: Any) -> Json:
    return {"type": 3, "custom_id": "m", "options": choices(2)} | change


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def rows(*each: Json) -> Json:
    """A legacy message of a word and these rows."""
    return {"content": "x", "components": list(each)}


def text(content: str = "a fox") -> Json:
    return {"type": 10, "content": content}


def section(*texts: Json, accessory: Json | None = None) -> Json:
    return {"type": 9, "components": list(texts), "accessory": accessory or link()}


def gallery(*urls: str) -> Json:
    return {"type": 12, "items": [{"media": {"url": url}} for url in urls]}


def container(*parts: Json, **change: Any) -> Json:
    return {"type": 17, "components": list(parts)} | change


def v2(*parts: Json, **more: Any) -> Json:
    """A message of components V2."""
    return {"flags": V2, "components": list(parts)} | more


def label(field: Json, **change: Any) -> Json:
    return {"type": 18, "label": "Label", "component": field} | change


def line(**change: Any) -> Json:
    """A text input."""
    return {"type": 4, "custom_id": "line", "style": 1} | change


def modal(*parts: Json, **change: Any) -> Json:
    return {"title": "Remix", "custom_id": "remix", "components": list(parts)} | change


def command(**change: Any) -> Json:
    return {"name": "imagine", "type": 1, "description": "Draw"} | change


def option(**change: Any) -> Json:
    return {"name": "prompt", "description": "What", "type": 3} | change
