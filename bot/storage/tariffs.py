"""What things cost on servers. Both belong inside a transaction."""

from __future__ import annotations

import json
import sqlite3

from bot.domain.tariff import Tariff
from bot.storage.audit import write_audit


def of(connection: sqlite3.Connection, guild: int) -> Tariff:
    """As admins there decided, else as usual."""
    row = connection.execute("SELECT said FROM tariffs WHERE guild_id = ?", (guild,)).fetchone()
    return Tariff.read(json.loads(row[0])) if row else Tariff()


def write(
    connection: sqlite3.Connection, guild: int, tariff: Tariff, actor: int, now: float
) -> None:
    """It holds from now on."""
    connection.execute(
        "INSERT INTO tariffs (guild_id, said) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET said = excluded.said",
        (guild, json.dumps(tariff.plain())),
    )
    write_audit(connection, guild, actor, "tariff", tariff.plain(), now)
