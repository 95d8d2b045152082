"""What a page is told of the world when it opens.

Knows the page's protocol; changes nothing.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.people import languages
from bot.sandbox.people.person import People, Person
from bot.sandbox.world import permissions
from bot.sandbox.world.guild import MIB
from bot.sandbox.world.world import World

Payload = dict[str, Any]


def ready(people: People, person: Person, online: bool) -> Payload:
    """The first frame: who is there, where, and what the bot offers."""
    world = people.world
    channels = [
        {"id": each.id, "name": each.name, "type": each.type, "topic": each.topic}
        for each in world.channels_of(world.guild)
        if world.rights.may(person.id, each) & permissions.VIEW_CHANNEL
    ]
    return {
        "t": "ready",
        "user": _user(person.id, world),
        "users": [_user(each, world) for each in world.users if each != world.bot.id],
        "guild": {
            "id": world.guild.id,
            "name": world.guild.name,
            "roles": [role.json() for role in world.guild.roles.values()],
            "channels": channels,
        },
        "dm": {"id": person.dm},
        "bot": _user(world.bot.id, world),
        "online": online,
        "commands": languages.commands(world, person),
        "limits": {"upload": world.users[person.id].upload_limit or 10 * MIB},
        "shop": person.customer.seen(),
        **languages.settings(world, person),
    }


def _user(user_id: str, world: World) -> Payload:
    user = world.users[user_id]
    member = world.guild.members.get(user_id)
    names = [world.guild.roles[each].name for each in member.roles] if member else []
    label = next((role.lower() for role in ("Admin", "Patron") if role in names), "")
    if not label and member is not None and not user.bot:
        label = "member"
    return {
        "id": user.id,
        "username": user.username,
        "global_name": user.global_name,
        "bot": user.bot,
        "color": user.color,
        "label": label,
    }
