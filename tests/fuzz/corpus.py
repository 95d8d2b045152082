"""What a real bot says and is sent, as templates: its commands, the components of its messages, its
forms, and dispatches. Ids of jobs stand in them as `JOB`, for each bot has others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.rules import components
from bot.sandbox.world.interaction import COMMAND, COMPONENT
from tests.fuzz.indoors import Indoors
from tests.fuzz.taking import Taking, copied

JOB = "{job}"
_ID = re.compile(r"\b[0-9a-f]{32}\b")
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE = range(3, 12)
_ALWAYS = {BOOLEAN: True, INTEGER: 1, NUMBER: 1.0, STRING: "a fox"}
_FOLDERS = (1, 2)
_WAITS = ["operator", "drain"]
"""A command that is not over before everything is, and lets nobody in from then on."""


@dataclass(frozen=True)
class Leaf:
    """A command that can be used: its root, the words behind it, and its options."""

    root: Any
    words: tuple[Any, ...]
    options: tuple[Any, ...]

    def data(self, filled: list[Any], resolved: Any) -> dict[str, Any]:
        """As Discord sends it."""
        for word in reversed(self.words):
            filled = [{"name": word["name"], "type": word["type"], "options": filled}]
        made = {"id": self.root["id"], "name": self.root["name"], "type": self.root["type"]}
        return made | {"options": filled} | ({"resolved": resolved} if resolved else {})


@dataclass
class Corpus:
    """Sorted, so that the same bytes choose the same."""

    leaves: list[Leaf] = field(default_factory=list)
    menus: list[Any] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)
    forms: list[Any] = field(default_factory=list)


_KNOWN: list[Corpus] = []


async def corpus(house: Indoors) -> Corpus:
    """Of this version; the first bot of a process is asked for it."""
    if not _KNOWN:
        _KNOWN.append(await _gathered(house))
    return _KNOWN[0]


async def _gathered(house: Indoors) -> Corpus:
    found = Corpus()
    for each in sorted(house.sandbox.world.commands[None].values(), key=lambda c: c["name"]):
        if each["type"] == 1:
            found.leaves += leaves(each, (), each.get("options") or [])
        else:
            found.menus.append(each)
    parts, forms = dict[str, Any](), dict[str, Any]()
    _look(house, parts)
    for leaf in found.leaves:
        data = leaf.data(*usual(house, leaf))
        await _press(house, parts, forms, COMMAND, house.people[0], data)
    for part in [parts[key] for key in sorted(parts)]:
        values = [each["value"] for each in part.get("options") or ()][:1]
        data = {"component_type": part["type"], "custom_id": own(house, part["custom_id"])}
        data |= {"values": values} if part["type"] != 2 else {}
        await _press(house, parts, forms, COMPONENT, house.people[0], data)
    found.parts = [parts[key] for key in sorted(parts)]
    found.forms = [forms[key] for key in sorted(forms)]
    return found


def leaves(root: Any, words: tuple[Any, ...], options: list[Any]) -> list[Leaf]:
    """All that a definition has."""
    if not options or options[0]["type"] not in _FOLDERS:
        names = [root["name"], *(each["name"] for each in words)]
        return [] if names == _WAITS else [Leaf(root, words, tuple(options))]
    inner = (leaves(root, (*words, each), each.get("options") or []) for each in options)
    return [leaf for some in inner for leaf in some]


def usual(house: Indoors, leaf: Leaf) -> tuple[list[Any], Any]:
    """What somebody sends who fills in what they must, and what it resolves to."""
    filled, resolved = [], dict[str, Any]()
    for each in leaf.options:
        if each.get("required"):
            value = reasonable(house, each, resolved)
            filled.append({"name": each["name"], "type": each["type"], "value": value})
    return filled, resolved


def reasonable(house: Indoors, option: Any, resolved: Any, taking: Taking | None = None) -> Any:
    """A value that fits, and what it resolves to."""
    taking, kind = taking or Taking(b""), option["type"]
    world = house.sandbox.world
    if option.get("choices"):
        return taking.one(option["choices"])["value"]
    if kind in (USER, MENTIONABLE):
        user = taking.one(house.people)
        resolved.setdefault("users", {})[user] = world.users[user].json()
        return user
    if kind == CHANNEL:
        channel = taking.one(house.rooms)
        resolved.setdefault("channels", {})[channel.id] = channel.json() | {"permissions": "8"}
        return channel.id
    if kind == ROLE:
        role = taking.one(list(world.guild.roles.values()))
        resolved.setdefault("roles", {})[role.id] = role.json()
        return role.id
    if kind == FILE:
        shape = uploaded(str(1500000000000000000 + taking.byte()), "x" * taking.below(3))
        resolved.setdefault("attachments", {})[shape["id"]] = shape
        return shape["id"]
    return _ALWAYS[kind]


def uploaded(number: str, tail: str = "") -> dict[str, Any]:
    """An attachment of an interaction, where nobody serves it."""
    url = f"https://127.0.0.1:1/ephemeral-attachments/1/{number}/fox{tail}.png"
    shape = {"id": number, "filename": "fox.png", "size": 100, "url": url, "proxy_url": url}
    return shape | {"content_type": "image/png", "width": 32, "height": 32, "ephemeral": True}


async def _press(
    house: Indoors, parts: dict[str, Any], forms: dict[str, Any], kind: int, person: str, data: Any
) -> None:
    """Do it as Discord would, and note what it brings."""
    message = house.shown(data) if kind == COMPONENT else None
    made = house.open(kind, person, house.rooms[0], data, message=message)
    await house.hear("INTERACTION_CREATE", house.payload(made))
    if made.modal:
        forms[_blank(made.modal["custom_id"])] = copied(made.modal) | {
            "custom_id": _blank(made.modal["custom_id"])
        }
    _look(house, parts)
    house.forget(made)


def _look(house: Indoors, parts: dict[str, Any]) -> None:
    for messages in house.sandbox.world.messages.values():
        for message in messages.values():
            for each in components.walk(message.components):
                if each.get("custom_id"):
                    blank = _blank(each["custom_id"])
                    parts[blank] = copied(each) | {"custom_id": blank}


def _blank(custom_id: str) -> str:
    return _ID.sub(JOB, custom_id)


def own(house: Indoors, custom_id: str, taking: Taking | None = None) -> str:
    """With the id of a job of this bot."""
    return custom_id.replace(JOB, (taking or Taking(b"")).one(house.jobs))
