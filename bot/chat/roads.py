"""Which class of Discord's requests one belongs to: those of a class share a limit, for one channel
or one interaction each. The names are few and stay; addresses hold ids and tokens, and do not leave
this module."""

from __future__ import annotations

import re

OTHER = "other"

_PREFIX = re.compile(r"^/api(?:/v\d+)?")
_ROADS = tuple(
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("POST", r"/interactions/(\d+)/[^/]+/callback", "interaction answer"),
        ("POST", r"/webhooks/\d+/[^/]+", "interaction followup"),
        ("*", r"/webhooks/\d+/[^/]+/messages/.+", "interaction message"),
        ("POST", r"/channels/\d+/messages", "message post"),
        ("GET", r"/channels/\d+/messages(?:/\d+)?", "message read"),
        ("PATCH", r"/channels/\d+/messages/\d+", "message edit"),
        ("DELETE", r"/channels/\d+/messages/\d+", "message delete"),
        ("*", r"/channels/\d+/messages/\d+/reactions/.+", "reaction"),
        ("*", r"/channels/\d+/(?:threads.*|thread-members.*)", "thread"),
        ("*", r"/channels/\d+(?:/.*)?", "channel"),
        ("*", r"/users/@me/channels", "direct message"),
        ("*", r"/users/.+", "user"),
        ("*", r"/applications/\d+/(?:guilds/\d+/)?commands.*", "commands"),
        ("*", r"/applications/\d+/(?:entitlements|skus).*", "shop"),
        ("*", r"/(?:applications|oauth2)/.+", "application"),
        ("*", r"/guilds/.+", "server"),
        ("*", r"/gateway(?:/bot)?/?", "gateway"),
        ("*", r"/(?:ephemeral-)?attachments/.+", "attachment"),
    )
)
ROADS = frozenset({OTHER, *(name for _, _, name in _ROADS)})


def road(method: str, path: str) -> tuple[str, int]:
    """The name of the class, and the interaction that is answered, 0 where none is."""
    path = _PREFIX.sub("", path)
    for wanted, pattern, name in _ROADS:
        if wanted in ("*", method) and (found := pattern.fullmatch(path)):
            return name, int(found[1]) if found.groups() else 0
    return OTHER, 0
