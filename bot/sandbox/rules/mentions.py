"""Who a message mentions, and whom it may ping.

Knows Discord's mention syntax and allowed_mentions; sends nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.rules.errors import Problems

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")

EVERYTHING: dict[str, Any] = {"parse": ["users", "roles", "everyone"], "replied_user": True}
"""What a message without allowed_mentions may ping."""
USERS_ONLY: dict[str, Any] = {"parse": ["users"], "replied_user": True}
"""The same for answers to interactions."""


@dataclass(frozen=True)
class Mentions:
    """Whom a message mentions: users and roles by id."""

    users: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    everyone: bool = False


def resolve(text: str, allowed: dict[str, Any], replied: str | None = None) -> Mentions:
    """What `text` mentions within `allowed`; `replied` is the author of the answered message."""
    parse = allowed.get("parse") or []
    users = _permitted(_USER.findall(text), "users" in parse, allowed.get("users"))
    if replied is not None and allowed.get("replied_user") and replied not in users:
        users.append(replied)
    roles = _permitted(_ROLE.findall(text), "roles" in parse, allowed.get("roles"))
    return Mentions(users, roles, "everyone" in parse and bool(_EVERYONE.search(text)))


def _permitted(found: list[str], every: bool, listed: list[Any] | None) -> list[str]:
    names = {str(each) for each in listed or ()}
    return [each for each in dict.fromkeys(found) if every or each in names]


def check(allowed: object, problems: Problems) -> None:
    """Discord's rules for the allowed_mentions object itself."""
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        problems.add("allowed_mentions", "DICT_TYPE_CONVERT", "Only dictionaries may be used")
        return
    parse = allowed.get("parse") or []
    for index, kind in enumerate(parse):
        if kind not in ("users", "roles", "everyone"):
            text = "Value must be one of ('users', 'roles', 'everyone')."
            problems.add(f"allowed_mentions.parse.{index}", "BASE_TYPE_CHOICES", text)
    for kind in ("users", "roles"):
        listed = allowed.get(kind) or []
        if len(listed) > 100:
            problems.length(f"allowed_mentions.{kind}", listed, 0, 100)
        if listed and kind in parse:
            text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)
