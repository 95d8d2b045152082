"""What the gateway sends, of any shape: nothing raises, and who can be answered is answered."""

from __future__ import annotations

from typing import Any

from tests.fuzz.corpus import corpus, own, usual
from tests.fuzz.indoors import Indoors
from tests.fuzz.taking import Taking, copied, mutate

SEEDS = tuple(bytes([kind, which, 1, 7, 3, 5]) for kind in range(8) for which in range(3))
_INTERACTIONS = 5
_SPARED = frozenset({"id", "token", "application_id", "message"})
"""The last is what the bot itself posted."""
_NEEDLESS = frozenset(
    {
        "data", "locale", "guild_locale", "entitlements", "entitlement_sku_ids", "context",
        "app_permissions", "attachment_size_limit", "authorizing_integration_owners", "version",
    }
)  # fmt: skip
"""Without these, or with others, somebody can be answered."""


async def one(house: Indoors, data: bytes) -> None:
    """Some places of a dispatch are changed. Raises Finding."""
    taking = Taking(data)
    kind = taking.below(8)
    if kind < _INTERACTIONS:
        await _interaction(house, taking, kind)
        return
    event, payload = taking.one(_others(house))
    payload = copied(payload)
    for _ in range(1 + taking.below(3)):
        mutate(taking, payload)
    await house.hear(event, payload, spared=True)
    if event.startswith("GUILD"):
        guild = house.sandbox.renderer.guild(house.sandbox.world.guild)
        await house.hear("GUILD_CREATE", copied(guild), spared=True)


async def _interaction(house: Indoors, taking: Taking, kind: int) -> None:
    """Whatever else it says, its id and its token are right: it can be answered."""
    known = await corpus(house)
    message = None
    if kind in (0, 1):
        leaf = taking.one(known.leaves)
        data, number = leaf.data(*usual(house, leaf)), 2 if kind == 0 else 4
        if number == 4 and data["options"]:
            data["options"][-1]["focused"] = True
    elif kind == 2:
        menu, number = taking.one(known.menus), 2
        target = house.people[1] if menu["type"] == 2 else house.results[0].id
        data = {"id": menu["id"], "name": menu["name"], "type": menu["type"], "target_id": target}
        data["resolved"] = _resolved(house, menu["type"], target)
    elif kind == 3:
        part, number = taking.one(known.parts), 3
        data = {"component_type": part["type"], "custom_id": own(house, part["custom_id"], taking)}
        data |= {"values": []} if part["type"] != 2 else {}
        message = house.shown(data)
    else:
        form, number = taking.one(known.forms), 5
        custom_id = own(house, form["custom_id"], taking)
        data = {"custom_id": custom_id, "components": form["components"]}
    made = house.open(number, taking.one(house.people), house.rooms[0], data, message=message)
    payload = copied(house.payload(made))
    rest = {key: value for key, value in payload.items() if key not in _SPARED}
    touched = {mutate(taking, rest) for _ in range(1 + taking.below(3))}
    payload = {key: payload[key] for key in _SPARED if key in payload} | rest
    await house.hear("INTERACTION_CREATE", payload, spared=True)
    # Nobody waits for suggestions; and a press on what its message does not have is nobody's.
    must = number != 4 and touched <= (_NEEDLESS - {"data"} if number == 3 else _NEEDLESS)
    house.judge(made, must=must, spared=True)


def _resolved(house: Indoors, kind: int, target: str) -> dict[str, Any]:
    world = house.sandbox.world
    if kind == 2:
        return {"users": {target: world.users[target].json()}}
    return {"messages": {target: house.sandbox.renderer.message(house.results[0])}}


def _others(house: Indoors) -> list[tuple[str, Any]]:
    """Real dispatches that are no interactions."""
    world, renderer = house.sandbox.world, house.sandbox.renderer
    guild, channel = world.guild, house.rooms[0]
    result, person = house.results[0], world.users[house.people[1]].json()
    member = guild.members[house.people[1]].json()
    where = {"channel_id": channel.id, "guild_id": guild.id}
    reaction = {
        **where, "message_id": result.id, "user_id": person["id"], "type": 0, "burst": False,
        "emoji": {"id": None, "name": "❤️"}, "message_author_id": world.bot.id, "member": member,
    }  # fmt: skip
    bought = {
        "id": "1", "sku_id": "1", "application_id": world.bot.id, "user_id": person["id"],
        "type": 8, "deleted": False, "consumed": False, "starts_at": None, "ends_at": None,
    }  # fmt: skip
    audit = {
        "id": "5", "guild_id": guild.id, "user_id": person["id"], "target_id": world.bot.id,
        "action_type": 72, "options": {"channel_id": channel.id, "count": "1"},
    }  # fmt: skip
    message = renderer.event(result)
    shape = renderer.guild(guild)
    return [
        ("GUILD_CREATE", shape), ("GUILD_UPDATE", guild.json()),
        ("GUILD_DELETE", {"id": guild.id, "unavailable": True}),
        ("CHANNEL_CREATE", channel.json()), ("CHANNEL_UPDATE", channel.json()),
        ("CHANNEL_DELETE", channel.json()), ("THREAD_CREATE", channel.json() | {"type": 11}),
        ("GUILD_ROLE_UPDATE", {"guild_id": guild.id, "role": shape["roles"][0]}),
        ("GUILD_MEMBER_UPDATE", member | {"guild_id": guild.id}),
        ("GUILD_MEMBER_REMOVE", {"guild_id": guild.id, "user": person}),
        ("MESSAGE_CREATE", message), ("MESSAGE_UPDATE", message),
        ("MESSAGE_DELETE", {**where, "id": result.id}),
        ("MESSAGE_REACTION_ADD", reaction), ("MESSAGE_REACTION_REMOVE", reaction),
        ("ENTITLEMENT_CREATE", bought), ("ENTITLEMENT_UPDATE", bought),
        ("ENTITLEMENT_DELETE", bought), ("GUILD_AUDIT_LOG_ENTRY_CREATE", audit),
        ("USER_UPDATE", person), ("RESUMED", {"__shard_id__": 0}),
    ]  # fmt: skip
