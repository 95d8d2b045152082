"""What people and servers want where a prompt says nothing."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable
from typing import Literal

from bot.domain.preferences import Preferences
from bot.storage.audit import write_audit
from bot.storage.database import Database

log = logging.getLogger(__name__)

Scope = Literal["user", "server"]
Change = Callable[[Preferences], Preferences]


class PreferenceRepository:
    """One row for each person and each server; a server's is changed together with its audit
    entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, scope: Scope, owner: int) -> Preferences:
        """Everything is left open by who never chose."""
        return await self._database.read(lambda c: read(c, scope, owner))

    async def change(self, user: int, change: Change) -> Preferences:
        """What comes of a person's; raises what `change` does."""

        def run(connection: sqlite3.Connection) -> Preferences:
            changed = change(read(connection, "user", user))
            write(connection, "user", user, changed)
            return changed

        return await self._database.transaction(run)

    async def change_server(
        self, guild: int, change: Change, actor: int, now: float
    ) -> Preferences:  # fmt: skip
        """What comes of a server's."""

        def run(connection: sqlite3.Connection) -> Preferences:
            before = read(connection, "server", guild)
            changed = change(before)
            write(connection, "server", guild, changed)
            old, new = before.to_json(), changed.to_json()
            names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            detail = {name: new.get(name) for name in names}
            write_audit(connection, guild, actor, "settings", detail, now)
            return changed

        return await self._database.transaction(run)


def read(connection: sqlite3.Connection, scope: Scope, owner: int) -> Preferences:
    """Everything is left open by who never chose; belongs inside a transaction."""
    row = connection.execute(
        "SELECT chosen FROM preferences WHERE scope = ? AND owner_id = ?", (scope, owner)
    ).fetchone()
    try:
        return Preferences.from_json(json.loads(row["chosen"])) if row else Preferences()
    except ValueError as error:
        log.error("the preferences of %s %d are passed over: %s", scope, owner, error)
        return Preferences()


def write(connection: sqlite3.Connection, scope: Scope, owner: int, chosen: Preferences) -> None:
    """Instead of what was chosen before; belongs inside a transaction."""
    if chosen == Preferences():
        connection.execute(
            "DELETE FROM preferences WHERE scope = ? AND owner_id = ?", (scope, owner)
        )
        return
    connection.execute(
        "INSERT INTO preferences (scope, owner_id, chosen) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET chosen = excluded.chosen",
        (scope, owner, json.dumps(chosen.to_json(), ensure_ascii=False)),
    )
