"""The looks that a server's admins made up."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from bot.domain.errors import UserError
from bot.domain.language import _
from bot.domain.prompt.parameter import quoted
from bot.domain.style import Style
from bot.storage.audit import write_audit
from bot.storage.database import Database

MOST = 50
"""Of one server."""


class StyleRepository:
    """Styles by server and name; every change is written together with its audit entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_guild(self, guild: int) -> dict[str, Style]:
        """A server's own, by name and in the order of names."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM styles WHERE guild_id = ? ORDER BY name", (guild,)
            ).fetchall()
        )
        return {row["name"]: _style(row) for row in rows}

    async def put(
        self, guild: int, style: Style, actor: int, now: float, instead_of: str | None = None
    ) -> None:
        """Keep a new one, or one instead of another. Raises UserError where its name is taken, or
        where the server has too many."""

        def run(connection: sqlite3.Connection) -> None:
            names = _names(connection, guild)
            _require_room(names - {instead_of}, style.name)
            _delete(connection, guild, instead_of or style.name)
            connection.execute(
                "INSERT INTO styles (guild_id, name, before, after, negative, loras)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (guild, style.name, style.before, style.after, style.negative, _loras(style)),
            )
            deed = "style add" if instead_of is None else "style edit"
            write_audit(connection, guild, actor, deed, _detail(style), now)

        await self._database.transaction(run)

    async def remove(self, guild: int, name: str, actor: int, now: float) -> bool:
        """Forget one; False when there was none."""

        def run(connection: sqlite3.Connection) -> bool:
            found = _delete(connection, guild, name)
            if found:
                write_audit(connection, guild, actor, "style remove", {"name": name}, now)
            return found

        return await self._database.transaction(run)


def _require_room(others: set[str], name: str) -> None:
    if name in others:
        typed = quoted(name)
        raise UserError(
            _("There is a style {typed} here already; `/style edit` changes it.", typed=typed)
        )
    if len(others) >= MOST:
        raise UserError(
            _("This server has {most} styles, which is all it may have; remove one.", most=MOST)
        )


def _names(connection: sqlite3.Connection, guild: int) -> set[str]:
    rows = connection.execute("SELECT name FROM styles WHERE guild_id = ?", (guild,)).fetchall()
    return {row["name"] for row in rows}


def _delete(connection: sqlite3.Connection, guild: int, name: str) -> bool:
    gone = connection.execute(
        "DELETE FROM styles WHERE guild_id = ? AND name = ?", (guild, name)
    ).rowcount
    return bool(gone)


def _loras(style: Style) -> str:
    return json.dumps(style.loras)


def _style(row: sqlite3.Row) -> Style:
    loras = tuple((str(name), float(weight)) for name, weight in json.loads(row["loras"]))
    return Style(row["name"], row["before"], row["after"], row["negative"], loras)


def _detail(style: Style) -> dict[str, Any]:
    return {
        "name": style.name, "before": style.before, "after": style.after,
        "negative": style.negative, "loras": style.worn_loras,
    }  # fmt: skip
