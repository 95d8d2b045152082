"""What a person may put into a command, checked as the Discord client checks it.

Knows command definitions and option values; sends nothing.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.rules.errors import Refused
from bot.sandbox.world import permissions
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import World

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)

Payload = dict[str, Any]


class Resolved:
    """Collects the `resolved` part of an interaction's data, for the person who chooses.

    Each method takes in one thing by its id; KeyError when there is none.
    """

    def __init__(self, world: World, channel: Channel, user_id: str) -> None:
        self._world = world
        self._channel = channel
        self._user_id = user_id
        self.data: Payload = {}

    def user(self, user_id: str) -> None:
        user = self._world.users[user_id]
        self.data.setdefault("users", {})[user_id] = user.json()
        guild = self._world.guild_of(self._channel)
        if guild is not None and user_id in guild.members:
            member = {k: v for k, v in guild.members[user_id].json().items() if k != "user"}
            member["permissions"] = str(self._world.rights.may(user_id, self._channel))
            self.data.setdefault("members", {})[user_id] = member

    def role(self, role_id: str) -> None:
        guild = self._world.guild_of(self._channel)
        if guild is None:
            raise KeyError(role_id)
        self.data.setdefault("roles", {})[role_id] = guild.roles[role_id].json()

    def channel(self, channel_id: str) -> None:
        channel = self._world.channels[channel_id]
        granted = {"permissions": str(self._world.rights.may(self._user_id, channel))}
        self.data.setdefault("channels", {})[channel_id] = channel.json() | granted

    def attachment(self, shape: Payload) -> None:
        self.data.setdefault("attachments", {})[shape["id"]] = shape

    def message(self, shape: Payload) -> None:
        self.data.setdefault("messages", {})[shape["id"]] = shape


def visible(world: World, user_id: str, channel: Channel) -> list[Payload]:
    """The commands a person may use in a channel, as Discord's client offers them."""
    guild = world.guild_of(channel)
    may = world.rights.may(user_id, channel)
    if not may & permissions.USE_APPLICATION_COMMANDS:
        return []
    context = 0 if guild is not None else 1
    offered = [each for each in world.commands[None].values() if _in_context(each, context)]
    if guild is not None:
        own = world.commands.get(guild.id, {}).values()
        names = {(each["type"], each["name"]) for each in own}
        offered = [each for each in offered if (each["type"], each["name"]) not in names]
        offered += own
        offered = [each for each in offered if _permitted(each, may)]
    return offered


def _in_context(command: Payload, context: int) -> bool:
    contexts = command.get("contexts")
    return contexts is None or context in contexts


def _permitted(command: Payload, may: int) -> bool:
    needed = command.get("default_member_permissions")
    if needed is None or may & permissions.ADMINISTRATOR:
        return True
    return int(needed) != 0 and may & int(needed) == int(needed)


class Form:
    """Fills in one command for one person; Refused says what the client would complain about."""

    def __init__(
        self, world: World, renderer: Renderer, files: Any, channel: Channel, user_id: str
    ) -> None:
        self.resolved = Resolved(world, channel, user_id)
        self._world = world
        self._renderer = renderer
        self._files = files
        self._channel = channel

    def fill(
        self, definition: Payload, given: list[Payload], *, partial: bool = False
    ) -> list[Payload]:
        """The options as they go into the interaction; `partial` while still typing."""
        known = {each["name"]: each for each in definition.get("options") or []}
        filled = []
        for option in given:
            rule = known.get(option["name"])
            if rule is None:
                raise Refused(_no_option(definition, option["name"]))
            if rule["type"] in (SUBCOMMAND, GROUP):
                inner = self.fill(rule, option.get("options") or [], partial=partial)
                filled.append({"name": rule["name"], "type": rule["type"], "options": inner})
            else:
                filled.append(self._value(rule, option, partial))
        if not partial:
            self._complete(definition, known, filled)
        return filled

    def _complete(self, definition: Payload, known: Payload, filled: list[Payload]) -> None:
        names = {each["name"] for each in filled}
        for rule in known.values():
            if rule["type"] in (SUBCOMMAND, GROUP):
                if not names:
                    raise Refused(f"/{definition['name']} needs one of: {', '.join(known)}")
            elif rule.get("required") and rule["name"] not in names:
                raise Refused(f"{rule['name']}: this option is required. Specify a value")

    def _value(self, rule: Payload, option: Payload, partial: bool) -> Payload:
        name, kind, value = rule["name"], rule["type"], option.get("value")
        filled: Payload = {"name": name, "type": kind, "value": value}
        if option.get("focused"):
            return filled | {"focused": True, "value": "" if value is None else str(value)}
        if kind == STRING:
            filled["value"] = self._string(rule, value, partial)
        elif kind in (INTEGER, NUMBER):
            filled["value"] = _number(rule, value)
        elif kind == BOOLEAN:
            if not isinstance(value, bool):
                raise Refused(f"{name}: choose True or False")
        else:
            filled["value"] = self._thing(rule, value)
        if rule.get("choices") and not partial:
            allowed = [choice["value"] for choice in rule["choices"]]
            if filled["value"] not in allowed:
                shown = ", ".join(choice["name"] for choice in rule["choices"])
                raise Refused(f"{name}: choose one of {shown}")
        return filled

    def _string(self, rule: Payload, value: object, partial: bool) -> str:
        if not isinstance(value, str):
            raise Refused(f"{rule['name']}: enter a text")
        text = value.strip()
        low, high = rule.get("min_length") or 0, rule.get("max_length") or 6000
        if partial:
            return text
        if len(text) < max(low, 1):
            raise Refused(f"{rule['name']}: must be at least {max(low, 1)} characters long")
        if len(text) > high:
            raise Refused(f"{rule['name']}: must be at most {high} characters long")
        return text

    def _thing(self, rule: Payload, value: object) -> str:
        """A user, channel, role or attachment, by id."""
        key = str(value["id"] if isinstance(value, dict) else getattr(value, "id", value))
        kind, name = rule["type"], rule["name"]
        guild = self._world.guild_of(self._channel)
        if kind in (USER, MENTIONABLE) and key in self._world.users:
            self.resolved.user(key)
        elif kind in (ROLE, MENTIONABLE) and guild is not None and key in guild.roles:
            self.resolved.role(key)
        elif kind == CHANNEL and key in self._world.channels:
            types = rule.get("channel_types")
            if types and self._world.channels[key].type not in types:
                raise Refused(f"{name}: a channel of that kind cannot be chosen")
            self.resolved.channel(key)
        elif kind == ATTACHMENT and key in self._files.entries:
            self.resolved.attachment(self._renderer.attachment(self._files.entries[key]))
        else:
            what = {USER: "user", CHANNEL: "channel", ROLE: "role", ATTACHMENT: "file"}
            raise Refused(f"{name}: choose a {what.get(kind, 'user or role')} that exists")
        return key


def _number(rule: Payload, value: object) -> int | float:
    name = rule["name"]
    whole = rule["type"] == INTEGER
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (whole and value != int(value))
    ):
        raise Refused(f"{name}: enter a {'whole ' if whole else ''}number")
    low, high = rule.get("min_value"), rule.get("max_value")
    if low is not None and value < low:
        raise Refused(f"{name}: must be at least {low}")
    if high is not None and value > high:
        raise Refused(f"{name}: must be at most {high}")
    return int(value) if whole else value


def _no_option(definition: Payload, name: str) -> str:
    has = ", ".join(each["name"] for each in definition.get("options") or [])
    return f"/{definition['name']} has no option {name!r}; it has {has or 'none'}"


def build(
    definition: Payload, words: list[str], values: dict[str, Any], focused: str | None = None
) -> list[Payload]:
    """Options from a command's words after its name and keyword values.

    Raises Refused for words that name no subcommand and for options that do not exist.
    """
    if words:
        for rule in definition.get("options") or []:
            if rule["name"] == words[0] and rule["type"] in (SUBCOMMAND, GROUP):
                inner = build(rule, words[1:], values, focused)
                return [{"name": rule["name"], "type": rule["type"], "options": inner}]
        raise Refused(f"/{definition['name']} has no subcommand {words[0]!r}")
    known = {each["name"]: each for each in definition.get("options") or []}
    given = values if focused is None or focused in values else {**values, focused: ""}
    built = []
    for name, value in given.items():
        if name not in known:
            raise Refused(_no_option(definition, name))
        option = {"name": name, "type": known[name]["type"], "value": value}
        built.append(option | ({"focused": True} if name == focused else {}))
    return built
