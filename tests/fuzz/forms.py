"""Forms that come back: fields of any content, fields that are not there, and forms of others."""

from __future__ import annotations

from typing import Any

from bot.sandbox.world.interaction import MODAL_SUBMIT
from tests.fuzz.corpus import corpus, own, uploaded
from tests.fuzz.indoors import Indoors
from tests.fuzz.taking import Taking, copied, mutate

SEEDS = tuple(bytes([which, how, 5, 1, 2, which, 3]) for which in range(40) for how in range(3))
_FOREIGN = ("", "x", "easel:form", "easel:form:", "easel:form::", "easel:form:remix:", "x" * 100)


async def one(house: Indoors, data: bytes) -> None:
    """One that is sent. Raises Finding."""
    taking = Taking(data)
    forms = (await corpus(house)).forms
    form = copied(taking.one(forms))
    custom_id = _custom_id(house, taking, own(house, form["custom_id"], taking), forms)
    resolved: dict[str, Any] = {}
    sent = {"custom_id": custom_id, "components": _filled(taking, form["components"], resolved)}
    if resolved:
        sent["resolved"] = {"attachments": resolved}
    if taking.below(4) == 3:
        mutate(taking, sent["components"])
    message = house.results[0] if taking.below(2) else None
    person = taking.one(house.people)
    made = house.open(MODAL_SUBMIT, person, house.rooms[0], sent, message=message)
    await house.hear("INTERACTION_CREATE", copied(house.payload(made)))
    house.judge(made)


def _custom_id(house: Indoors, taking: Taking, real: str, forms: list[Any]) -> str:
    how = taking.below(8)
    if how < 4:
        return real
    if how == 4:
        return taking.one(_FOREIGN)
    if how == 5:
        return real[: taking.below(len(real) + 1)]
    code = taking.one(sorted(house.bot.forms))
    if how == 6:
        return f"easel:form:{code}:{taking.text()}"
    other = own(house, taking.one(forms)["custom_id"], taking)
    return f"easel:form:{code}:{other.split(':', 3)[-1]}"


def _filled(taking: Taking, parts: list[Any], resolved: dict[str, Any]) -> list[Any]:
    """Its parts as Discord sends them back."""
    return [_part(taking, each, resolved) for each in parts]


def _part(taking: Taking, part: Any, resolved: dict[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": part["type"], "id": part.get("id", 1)}
    if "component" in part:
        return shape | {"component": _part(taking, part["component"], resolved)}
    if "components" in part:
        return shape | {"components": _filled(taking, part["components"], resolved)}
    shape["custom_id"] = part.get("custom_id", "")
    if part["type"] == 4:
        return shape | {"value": taking.text() if taking.below(8) else taking.value()}
    if part["type"] == 19:
        number = str(1500000000000000000 + taking.byte())
        resolved[number] = uploaded(number, "x" * taking.below(3))
        return shape | {"values": [number] if taking.below(4) else [taking.text()]}
    fitting = [each["value"] for each in part.get("options") or ()] or ["1"]
    values = [taking.one(fitting) if taking.below(4) else taking.text()]
    return shape | {"values": values * taking.below(3)}
