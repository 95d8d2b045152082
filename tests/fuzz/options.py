"""What is filled into commands: options of every type with values of any, missing, huge or odd."""

from __future__ import annotations

from typing import Any

from bot.sandbox.world.interaction import AUTOCOMPLETE, COMMAND
from tests.fuzz.corpus import FILE, STRING, Leaf, corpus, reasonable, uploaded
from tests.fuzz.indoors import Indoors
from tests.fuzz.taking import NUMBERS, Taking, copied

SEEDS = tuple(bytes([0, which, which % 3, 0, 1, which % 7, 2]) for which in range(90))


async def one(house: Indoors, data: bytes) -> None:
    """A command, or suggestions for one. Raises Finding."""
    taking = Taking(data)
    leaf = taking.one((await corpus(house)).leaves)
    kind = AUTOCOMPLETE if taking.below(8) == 7 else COMMAND
    resolved: dict[str, Any] = {}
    filled = [each for option in leaf.options if (each := _filled(house, taking, option, resolved))]
    if kind == AUTOCOMPLETE and filled:
        taking.one(filled)["focused"] = True
    if taking.below(32) == 31:
        filled.append({"name": taking.text(), "type": 3, "value": taking.value()})
    person, room = taking.one(house.people), taking.one(house.rooms)
    made = house.open(kind, person, room, leaf.data(filled, resolved), name=_name(leaf))
    await house.hear("INTERACTION_CREATE", copied(house.payload(made)))
    house.judge(made, must=kind == COMMAND)


def _name(leaf: Leaf) -> str:
    return " ".join([leaf.root["name"], *(each["name"] for each in leaf.words)])


def _filled(house: Indoors, taking: Taking, option: Any, resolved: Any) -> Any:
    """One option, if it is given at all."""
    kind = option["type"]
    how = taking.below(8)
    if how == 0 and not option.get("required"):
        return None
    if how == 1:
        value = taking.value()
    elif how == 2:
        return None if taking.below(4) == 0 else {"name": option["name"], "type": taking.below(13)}
    elif how < 6 and kind == STRING:
        value = taking.text()[: option.get("max_length", 6000)] or "x"
    elif how < 6 and kind == FILE:
        shape = uploaded(str(taking.one(NUMBERS))) | {taking.one(_FIELDS): taking.value()}
        resolved.setdefault("attachments", {})[str(shape["id"])] = shape
        value = shape["id"]
    elif how < 6:
        value = taking.one(NUMBERS)
    else:
        value = reasonable(house, option, resolved, taking)
    return {"name": option["name"], "type": kind, "value": value}


_FIELDS = ("size", "content_type", "width", "height", "title", "description", "duration_secs")
