"""Ids of buttons and menus: cut off, another program's, of an earlier version, too long, or with
the code, the job or the picture of another.
"""

from __future__ import annotations

from bot.chat.buttons import CODES
from bot.sandbox.world.interaction import COMPONENT
from tests.fuzz.corpus import corpus, own
from tests.fuzz.indoors import Indoors
from tests.fuzz.taking import NUMBERS, Taking, copied

SEEDS = tuple(bytes([which, how, 1, 9, 3, which]) for which in range(60) for how in range(3))
_CODES = sorted(CODES)
_FOREIGN = (
    "", "x", "persistent_view:green", "easel", "easel:", "easel::", "easel:u:123:1", "EASEL:like",
    "easel:form:words:blocked", "mj::job::upsample::1::0", "easel:vary:1:1", "easel:page:",
    "easel:page:own", "easel:set:", "easel:panel:", "easel:" + "x" * 94, "x" * 100, "x" * 4000,
)  # fmt: skip


async def one(house: Indoors, data: bytes) -> None:
    """One press. Raises Finding."""
    taking = Taking(data)
    parts = (await corpus(house)).parts
    part = taking.one(parts)
    custom_id = _custom_id(house, taking, own(house, part["custom_id"], taking), parts)
    pressed = {"component_type": part["type"], "custom_id": custom_id}
    if part["type"] != 2:
        fitting = [each["value"] for each in part.get("options") or ()] or house.people
        some = [taking.one(fitting) if taking.below(2) else taking.text()]
        pressed["values"] = some[: taking.below(3)]
    message = house.shown(pressed)
    person = taking.one(house.people)
    made = house.open(COMPONENT, person, house.rooms[0], pressed, message=message)
    await house.hear("INTERACTION_CREATE", copied(house.payload(made)))
    house.judge(made)


def _custom_id(house: Indoors, taking: Taking, real: str, parts: list[dict[str, str]]) -> str:
    how, fields = taking.below(8), real.split(":")
    if how == 0:
        return real
    if how == 1:
        return real[: taking.below(len(real) + 1)]
    if how == 2:
        return taking.one(_FOREIGN)
    if how == 3:
        other = own(house, taking.one(parts)["custom_id"], taking).split(":")
        return ":".join(fields[: taking.below(len(fields) + 1)] + other[taking.below(len(other)) :])
    if how == 4:
        job = taking.one([*house.jobs, "0" * 32, "f" * 32, "0" * 31, "0" * 33, "F" * 32])
        tile = taking.one(["0", "1", "2", "4", "5", "9", "99", "100", "-1", "", "٣"])
        return ":".join(
            ["easel", taking.one(_CODES), job, tile, taking.text()][: 4 + taking.below(2)]
        )
    if how == 5:
        at = taking.below(len(fields))
        fields[at] = taking.text() if taking.below(2) else str(taking.one(NUMBERS))
        return ":".join(fields)
    if how == 6:
        return real + ":" + taking.text()
    at = taking.below(len(real))
    return real[:at] + taking.text() + real[at + 1 :]
