"""Which servers a session has named, so that a core that comes back knows them at once.

Until its own session has told of them it would take each for one that the bot is not on.
"""

from __future__ import annotations

import json
from typing import Any


class Named:
    """What READY said, kept up by what came after it."""

    def __init__(self) -> None:
        self._ready: dict[str, Any] = {}
        self._guilds: dict[str, None] = {}

    def begin(self, ready: bytes) -> None:
        """The text of READY."""
        self._ready = json.loads(ready)
        self._guilds = dict.fromkeys(each["id"] for each in self._ready["d"]["guilds"])

    def hear(self, name: str, text: str) -> None:
        """An event, which may tell of a server that is new or left."""
        if name in ("GUILD_CREATE", "GUILD_DELETE"):
            said = json.loads(text)["d"]
            if name == "GUILD_CREATE":
                self._guilds[said["id"]] = None
            elif not said.get("unavailable"):
                self._guilds.pop(said["id"], None)

    def ready(self) -> bytes:
        """A READY that names the servers of now; empty if there was none."""
        if not self._ready:
            return b""
        guilds = [{"id": id, "unavailable": True} for id in self._guilds]
        said = {**self._ready, "d": {**self._ready["d"], "guilds": guilds}}
        return json.dumps(said, separators=(",", ":")).encode()
